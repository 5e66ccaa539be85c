"""Prediction in a child process, told by a worker thread."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.io import Volume, read
from napari_uda.core.spec.config import parse
from napari_uda.core.spec.domain import Structure
from napari_uda.core.spec.geometry import file_geometry, geometry_of

from .child import Child, Failure, ImageInput, Progress, axes_of, typed_words
from .layers import layer_volume

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    from napari_uda.core.spec.run import RunFolder

SIDECAR = "predictions.json"
"""File in the output folder that names classes and files."""


@dataclass(frozen=True)
class PredictRequest:
    """What to predict, with which run."""

    run: RunFolder
    """A run with a checkpoint."""
    checkpoint: str
    """best or last."""
    inputs: tuple[ImageInput, ...]
    """Images."""
    out: Path | None = None
    """Folder for the masks of files; None: they are only shown."""
    probability: bool = False
    """Also the probability of every structure."""
    uncertainty: bool = False
    """Also the uncertainty."""
    baseline: RunFolder | None = None
    """Run to compare with, predicted too."""
    device: str = "auto"
    """Where to compute."""

    @property
    def titles(self) -> tuple[str, str]:
        """Run and baseline, the checkpoint in a line below, as tables call them."""
        after = f"{self.run.title}\n{self.checkpoint}"
        if self.baseline is None:
            return after, ""
        return after, f"{self.baseline.title}\n{self.checkpoint}"


@dataclass(frozen=True, eq=False)
class PredictResult:
    """The prediction of one image."""

    input: ImageInput
    """The image."""
    volume: Volume
    """Its pixels and geometry."""
    classes: dict[int, Structure]
    """Label value to structure."""
    labels: NDArray[np.uint8]
    """Labels (z,) y, x; masks (K, (z,) y, x) where structures overlap."""
    overlapping: bool
    """Whether `labels` are masks."""
    run: str
    """Id of the run."""
    title: str
    """What the run is called."""
    baseline: str = ""
    """What the baseline is called."""
    before: NDArray[np.uint8] | None = None
    """The same of the baseline."""
    probability: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    """Probability by structure."""
    uncertainty: NDArray[np.float32] | None = None
    """Uncertainty in [0, 1]."""
    file: Path | None = None
    """Where the labels were written, if they are to stay."""
    steps: tuple[int | None, int | None] = (None, None)
    """Steps that run and baseline had trained for at their checkpoint, if known."""


_Told = Progress | PredictResult | Failure


class Predictor:
    """A prediction under way; `events` runs in a worker thread.

    Parameters
    ----------
    request
        What to predict.
    command
        What to start instead of `python -m napari_uda`, for tests.
    """

    def __init__(
        self, request: PredictRequest, command: list[str] | None = None
    ) -> None:
        self.request = request
        self._child = Child("prediction", command)

    def cancel(self) -> None:
        """End the child process; what it wrote to the temporary folder goes."""
        self._child.cancel()

    def events(self) -> Iterator[_Told]:
        """Yield progress, then all results, or one failure; never raises."""
        yield from self._child.told(self._work)

    def _work(self, folder: Path) -> Iterator[_Told]:
        request = self.request
        files = yield from self._child.files(request.inputs, folder)
        if self._child.cancelled:
            return
        out = request.out or folder / "after"
        parts = 2 if request.baseline is not None else 1
        after = yield from self._predict(request.run, files, out, 0, parts)
        before: dict[str, Any] = {}
        if request.baseline is not None and after is not None:
            before_out = folder / "before"
            found = yield from self._predict(
                request.baseline, files, before_out, 1, parts
            )
            if found is None:
                return
            before = found
        for item, path in zip(request.inputs, files, strict=True):
            if after is None or self._child.cancelled:
                return
            yield self._result(item, path, after, before)

    def _predict(
        self, run: RunFolder, files: list[Path], out: Path, part: int, parts: int
    ) -> Generator[Progress | Failure, None, dict[str, Any] | None]:
        """Run children; returns what they wrote by image, or None if one failed."""
        request = self.request
        # The options of a command hold for all its images: one for each size and axes.
        groups: dict[tuple[str, ...], list[int]] = {}
        for index, item in enumerate(request.inputs):
            groups.setdefault(tuple(typed_words(item)), []).append(index)
        found: dict[str, Any] = {}
        for number, (options, members) in enumerate(groups.items()):
            names = {files[index]: request.inputs[index].name for index in members}
            here = out.with_name(f"{out.name}_{number}") if number else out
            words = ["predict", str(run.path), *map(str, names), *options]
            words += ["--out", str(here), "--checkpoint", request.checkpoint]
            words += ["--device", request.device]
            if part == 0:
                words += ["--probability"] * request.probability
                words += ["--uncertainty"] * request.uncertainty
            at, total = part * len(groups) + number, parts * len(groups)
            results = yield from self._child.run(words, names, run.title, at, total)
            if results is None:
                return None
            found |= results
        classes, overlapping = read_classes(out / SIDECAR)
        step = json.loads((out / SIDECAR).read_text(encoding="utf-8")).get("step")
        return found | {"classes": classes, "overlapping": overlapping, "step": step}

    def _result(
        self,
        item: ImageInput,
        path: Path,
        after: dict[str, Any],
        before: dict[str, Any],
    ) -> PredictResult:
        message = after[str(path)]
        # As predict places its results: layers and saved masks lie where those do.
        target = self.request.run.experiment().data.target
        if item.layer is not None:
            volume = layer_volume(item.layer, item.layer.image)
            geometry = geometry_of(volume.header, target)
        else:
            volume = read(path, axes_of(item, target))
            geometry = file_geometry(volume.header, target, item.typed.size)
        volume = replace(volume, header=replace(volume.header, geometry=geometry))
        classes = after["classes"]
        baseline = None
        if before:
            baseline = _matched(
                read_labels_files(before[str(path)]["labels"]), before, classes
            )
        maps = {
            name: np.array(read(file).data)
            for name, file in (message["probability"] or {}).items()
        }
        uncertain = message["uncertainty"]
        stays = self.request.out is not None and isinstance(message["labels"], str)
        return PredictResult(
            item,
            volume,
            classes,
            read_labels_files(message["labels"]),
            after["overlapping"],
            self.request.run.id,
            self.request.run.title,
            self.request.baseline.title if self.request.baseline else "",
            baseline,
            maps,
            np.array(read(uncertain).data) if uncertain else None,
            Path(message["labels"]) if stays else None,
            (after["step"], before.get("step")),
        )


def read_classes(file: Path) -> tuple[dict[int, Structure], bool]:
    """Read which label value means what, and whether structures overlap."""
    sidecar = json.loads(file.read_text(encoding="utf-8"))
    classes = {
        int(raw): parse(Structure, item) for raw, item in sidecar["classes"].items()
    }
    return classes, bool(sidecar["overlapping"])


def read_labels_files(files: str | dict[str, str]) -> NDArray[np.uint8]:
    """Read labels, or a mask for each structure."""
    if isinstance(files, dict):
        return np.stack([np.asarray(read(file).data) for file in files.values()])
    return np.array(read(files).data)


def _matched(
    labels: NDArray[np.uint8], before: dict[str, Any], classes: dict[int, Structure]
) -> NDArray[np.uint8]:
    """Give the classes of the baseline the values that the same names have here."""
    if before["overlapping"]:
        return labels
    values = {item.name: value for value, item in classes.items()}
    result = np.zeros_like(labels)
    for value, item in before["classes"].items():
        if item.name in values:
            result[labels == value] = values[item.name]
    return result
