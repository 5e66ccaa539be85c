"""Translation in a child process, told by a worker thread."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from napari_uda.core.data.normalise import intensity_range
from napari_uda.core.errors import UserError
from napari_uda.core.io import read, read_header
from napari_uda.core.spec.geometry import file_geometry

from .child import Child, Failure, ImageInput, Progress, axes_of, typed_words
from .kept_masks import Found, KeptMasks, kept_masks, labels_of_file, labels_of_layer
from .predicting import read_classes, read_labels_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_uda.core.io import Volume
    from napari_uda.core.spec.domain import Dataset, DomainName
    from napari_uda.core.spec.run import RunFolder


SIDECAR = "translations.json"
"""File in the output folder that names classes and files."""
SHARE = 0.5
"""Most of the free memory that originals, translations and masks may take."""


@dataclass(frozen=True)
class TranslateRequest:
    """What to translate, with which run."""

    run: RunFolder
    """A run with a checkpoint, of a method that translates."""
    checkpoint: str
    """best or last."""
    inputs: tuple[tuple[ImageInput, DomainName], ...]
    """Images, each with the domain whose look it shall have."""
    masks: bool = False
    """Also find out whether masks are kept."""
    judge: RunFolder | None = None
    """Run that finds these masks; None: the one that translates."""
    device: str = "auto"
    """Where to compute."""


@dataclass(frozen=True, eq=False)
class Translated:
    """One image in the look of the other domain."""

    input: ImageInput
    """The image."""
    to: DomainName
    """Domain whose look it has."""
    data: NDArray[np.float32]
    """Pixels (z,) y, x in [-1, 1]."""
    window: tuple[float, float]
    """Intensities of the image that are -1 and 1 to the networks."""
    step: int | None = None
    """Step of training that the checkpoint is of, if it is known."""
    volume: Volume | None = None
    """The original, if it is a file."""
    masks: KeptMasks | str = ""
    """Masks, or why there are none; an empty text if none were wanted."""


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
        data = request.run.experiment().data
        self._check_memory(files, data)
        # One command gives one look, and its options hold for all its images.
        groups: dict[tuple[str, ...], list[int]] = {}
        for index, (item, to) in enumerate(request.inputs):
            groups.setdefault(("--to", to, *typed_words(item)), []).append(index)
        found: dict[int, tuple[dict[str, Any], Path]] = {}
        for part, (options, members) in enumerate(groups.items()):
            names = {files[index]: inputs[index].name for index in members}
            words = ["translate", str(request.run.path), *map(str, names)]
            words += ["--checkpoint", request.checkpoint, *options]
            words += ["--masks"] * request.masks
            words += ["--device", request.device]
            if request.masks and request.judge is not None:
                words += ["--judge", str(request.judge.path)]
            words += ["--out", str(folder / f"translated_{part}")]
            results = yield from self._child.run(
                words, names, request.run.title, part, len(groups)
            )
            if results is None:
                return
            out = folder / f"translated_{part}"
            found |= {index: (results[str(files[index])], out) for index in members}
        for index, (item, to) in enumerate(request.inputs):
            message, out = found[index]
            pixels = np.array(read(Path(message["translation"])).data)
            domain = data.domain(_its_own(to))
            original = read(files[index], axes_of(item, domain))
            window = intensity_range(np.asarray(original.data), domain.normalise)
            step = json.loads((out / SIDECAR).read_text(encoding="utf-8")).get("step")
            volume = None
            if item.layer is None:
                geometry = file_geometry(original.header, domain, item.typed.size)
                header = replace(original.header, geometry=geometry)
                volume = replace(original, header=header)
            masks = self._masks(message, out, item, volume, data, to)
            yield Translated(item, to, pixels, window, step, volume, masks)

    def _check_memory(self, files: Sequence[Path], data: Dataset) -> None:
        """Refuse what would not fit: all images of a check stay in memory."""
        headers = [
            read_header(file, axes_of(item, data.domain(_its_own(to))))
            for file, (item, to) in zip(files, self.request.inputs, strict=True)
        ]
        # The translation is float32; a byte is for the map of changes, two for masks.
        per = 2 * len(data.structures)
        masks = per if self.request.masks else 0
        need = sum(
            int(np.prod(one.shape)) * (one.dtype.itemsize + 5 + masks)
            for one in headers
        )
        free = psutil.virtual_memory().available
        if need > SHARE * free:
            raise UserError(
                f"Checking {len(files)} images at once needs about {need / 1e9:.1f} GB "
                f"of memory, and {free / 1e9:.1f} GB are free: choose fewer images."
            )

    def _masks(
        self,
        message: dict[str, Any],
        out: Path,
        item: ImageInput,
        volume: Volume | None,
        data: Dataset,
        to: DomainName,
    ) -> KeptMasks | str:
        """Read the masks that the child has found, if it was asked to.

        Labels count where they are what training sees, those of the source.
        """
        files = message.get("masks")
        if files is None:
            return ""
        classes, overlapping = read_classes(out / SIDECAR)
        before = files["before"]
        masks = Found(
            read_labels_files(files["after"]),
            None if before is None else read_labels_files(before),
            classes,
            overlapping,
            files["why"],
        )
        labels = None
        try:
            if to == "target" and item.layer is not None:
                labels = labels_of_layer(item.layer, data)
            elif to == "target" and item.path is not None and volume is not None:
                labels = labels_of_file(item.path, volume, data, item.typed)
            return kept_masks(masks, labels, data)
        except UserError as error:
            return str(error)


@dataclass(frozen=True, eq=False)
class Looks:
    """What a run can do: translate, or judge translations of others."""

    run: RunFolder
    """The run."""
    method: str
    """Title of its method."""
    to: tuple[DomainName, ...]
    """Domains whose look it gives."""
    task: tuple[Any, ...]
    """What it segments: runs of one task can judge each other."""
    data: Dataset
    """What it was trained on."""


def find_looks(runs: Sequence[RunFolder]) -> Iterator[list[Looks]]:
    """Yield what runs can do, once; reads every experiment.

    Parameters
    ----------
    runs
        Runs with a checkpoint, newest first.
    """
    found = []
    for run in runs:
        try:
            experiment = run.experiment()
        except UserError:
            continue
        method, data = experiment.method, experiment.data
        names = sorted(item.name for item in data.structures)
        task = (method.dims, data.overlapping, *names)
        found.append(Looks(run, method.title, method.translates, task, data))
    yield found


def _its_own(to: DomainName) -> DomainName:
    return "source" if to == "target" else "target"


def other_domain(role: Any) -> DomainName | None:
    """Return the domain whose look an image of a domain is given; None if unknown."""
    looks: dict[Any, DomainName] = {"source": "target", "target": "source"}
    return looks.get(role)
