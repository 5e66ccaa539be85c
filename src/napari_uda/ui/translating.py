"""Translation in a child process, told by a worker thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.errors import UserError
from napari_uda.core.io import read

from .child import Child, Failure, ImageInput, Progress, size_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_uda.core.spec.domain import DomainName
    from napari_uda.core.spec.run import RunFolder


@dataclass(frozen=True)
class TranslateRequest:
    """What to translate, with which run."""

    run: RunFolder
    """A run with a checkpoint, of a method that translates."""
    checkpoint: str
    """best or last."""
    inputs: tuple[tuple[ImageInput, DomainName], ...]
    """Images, each with the domain whose look it shall have."""


@dataclass(frozen=True, eq=False)
class Translated:
    """One image in the look of the other domain."""

    input: ImageInput
    """The image."""
    to: DomainName
    """Domain whose look it has."""
    data: NDArray[np.float32]
    """Pixels (z,) y, x in [-1, 1]."""


class Translator:
    """A translation under way; `events` runs in a worker thread.

    Parameters
    ----------
    request
        What to translate.
    command
        What to start instead of `python -m napari_uda`, for tests.
    """

    def __init__(
        self, request: TranslateRequest, command: list[str] | None = None
    ) -> None:
        self.request = request
        self._child = Child("translation", command)

    def cancel(self) -> None:
        """End the child process; what it wrote to the temporary folder goes."""
        self._child.cancel()

    def events(self) -> Iterator[Progress | Translated | Failure]:
        """Yield progress, then all results, or one failure; never raises."""
        yield from self._child.told(self._work)

    def _work(self, folder: Path) -> Iterator[Progress | Translated | Failure]:
        request = self.request
        inputs = [item for item, _ in request.inputs]
        files = yield from self._child.files(inputs, folder)
        if self._child.cancelled:
            return
        # One command gives one look, and its options hold for all its images.
        groups: dict[tuple[str, ...], list[int]] = {}
        for index, (item, to) in enumerate(request.inputs):
            groups.setdefault(("--to", to, *size_words(item)), []).append(index)
        found: dict[int, str] = {}
        for part, (options, members) in enumerate(groups.items()):
            names = {files[index]: inputs[index].name for index in members}
            words = ["translate", str(request.run.path), *map(str, names)]
            words += ["--checkpoint", request.checkpoint, *options]
            words += ["--out", str(folder / f"translated_{part}")]
            results = yield from self._child.run(
                words, names, request.run.id, part, len(groups)
            )
            if results is None:
                return
            for index in members:
                found[index] = results[str(files[index])]["translation"]
        for index, (item, to) in enumerate(request.inputs):
            yield Translated(item, to, np.array(read(Path(found[index])).data))


@dataclass(frozen=True, eq=False)
class Looks:
    """A run that translates."""

    run: RunFolder
    """The run."""
    method: str
    """Title of its method."""
    to: tuple[DomainName, ...]
    """Domains whose look it gives."""


def find_translators(runs: Sequence[RunFolder]) -> Iterator[list[Looks]]:
    """Yield those runs whose method translates, once; reads every experiment.

    Parameters
    ----------
    runs
        Runs with a checkpoint, newest first.
    """
    found = []
    for run in runs:
        try:
            method = run.experiment().method
        except UserError:
            continue
        if method.translates:
            found.append(Looks(run, method.title, method.translates))
    yield found


def other_domain(role: Any) -> DomainName | None:
    """Return the domain whose look an image of a domain is given; None if unknown."""
    looks: dict[Any, DomainName] = {"source": "target", "target": "source"}
    return looks.get(role)
