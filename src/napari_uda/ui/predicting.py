"""Prediction in a child process, told by a worker thread."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.errors import UserError
from napari_uda.core.io import Volume, read
from napari_uda.core.spec.config import parse
from napari_uda.core.spec.domain import Structure

from .layers import layer_volume, voxel_sides
from .snapshot import write_array

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    from napari_uda.core.spec.run import RunFolder

    from .snapshot import LayerData

SIDECAR = "predictions.json"
"""File in the output folder that names classes and files."""


@dataclass(frozen=True, eq=False)
class PredictInput:
    """An image to predict: a file, or a layer as it is now."""

    name: str
    """What to call it."""
    path: Path | None = None
    """The file; None for a layer."""
    layer: LayerData | None = None
    """The pixels of the layer; None for a file."""


@dataclass(frozen=True)
class PredictRequest:
    """What to predict, with which run."""

    run: RunFolder
    """A run with a checkpoint."""
    checkpoint: str
    """best or last."""
    inputs: tuple[PredictInput, ...]
    """Images."""
    out: Path | None = None
    """Folder for the masks of files; None: they are only shown."""
    probability: bool = False
    """Also the probability of every structure."""
    uncertainty: bool = False
    """Also the uncertainty."""
    baseline: RunFolder | None = None
    """Run to compare with, predicted too."""


@dataclass(frozen=True)
class PredictProgress:
    """How far a prediction is."""

    text: str
    """What is being done."""
    done: float
    """Fraction done, 0 to 1."""
    remaining: float | None
    """Seconds left, once they can be told."""


@dataclass(frozen=True, eq=False)
class PredictResult:
    """The prediction of one image."""

    input: PredictInput
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
    before: NDArray[np.uint8] | None = None
    """The same of the baseline."""
    probability: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    """Probability by structure."""
    uncertainty: NDArray[np.float32] | None = None
    """Uncertainty in [0, 1]."""
    file: Path | None = None
    """Where the labels were written, if they are to stay."""


@dataclass(frozen=True)
class PredictFailure:
    """Why a prediction ended early, in one sentence."""

    message: str
    detail: str = ""


_Told = PredictProgress | PredictResult | PredictFailure


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
        self._command = command or [sys.executable, "-m", "napari_uda"]
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End the child process; what it wrote to the temporary folder goes."""
        self._cancelled.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def events(self) -> Iterator[_Told]:
        """Yield progress, then all results, or one failure; never raises."""
        try:
            with tempfile.TemporaryDirectory(
                prefix="napari-uda-", ignore_cleanup_errors=True
            ) as folder:
                yield from self._work(Path(folder))
        except (UserError, OSError, MemoryError) as error:
            yield PredictFailure(str(error) or type(error).__name__)
        except Exception as error:
            yield PredictFailure(f"prediction failed: {error}", repr(error))
        finally:
            self.cancel()

    def _work(self, folder: Path) -> Iterator[_Told]:
        request = self.request
        files: list[Path] = []
        for index, item in enumerate(request.inputs):
            if item.layer is None:
                assert item.path is not None
                files.append(item.path)
                continue
            path = folder / f"input_{index:03d}.npy"
            for _ in write_array(path, item.layer.image, item.layer.rgb):
                yield PredictProgress(f"Copying {item.name}", 0.0, None)
                if self._cancelled.is_set():
                    return
            files.append(path)
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
            if after is None or self._cancelled.is_set():
                return
            yield self._result(item, path, after, before)

    def _predict(
        self, run: RunFolder, files: list[Path], out: Path, part: int, parts: int
    ) -> Generator[_Told, None, dict[str, Any] | None]:
        """Run one child; returns what it wrote by image, or None if it failed."""
        request = self.request
        words = [*self._command, "predict", str(run.path), *map(str, files)]
        words += ["--out", str(out), "--checkpoint", request.checkpoint, "--json"]
        if part == 0:
            words += ["--probability"] * request.probability
            words += ["--uncertainty"] * request.uncertainty
        layer = request.inputs[0].layer
        sides = voxel_sides(layer) if layer is not None else None
        if layer is not None and sides is not None and layer.unit is not None:
            size = ",".join(f"{side!r}" for side in sides)
            words += ["--voxel-size", size, "--unit", layer.unit]
        results: dict[str, Any] = {"classes": {}, "overlapping": False}
        failure = None
        began = time.monotonic()
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                errors="replace",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            yield PredictProgress(f"Loading {run.id}", part / parts, None)
            assert self._process.stdout is not None
            with self._process.stdout as lines:
                for line in lines:
                    message = _message(line)
                    match message.get("kind"):
                        case "progress":
                            at = files.index(Path(message["image"]))
                            here = message["done"] / max(1, message["total"])
                            done = (at + here) / len(files)
                            spent = time.monotonic() - began
                            left = spent * (1 - done) / done if done > 0.02 else None
                            name = request.inputs[at].name
                            text = f"{run.id} on {name}"
                            yield PredictProgress(text, (part + done) / parts, left)
                        case "result":
                            results[message["image"]] = message
                        case "error":
                            failure = PredictFailure(str(message["message"]))
            code = self._process.wait()
            log.seek(0)
            tail = log.read()[-4000:].strip()
        if self._cancelled.is_set():
            return None
        if failure is None and code != 0:
            last = tail.splitlines()[-1] if tail else f"exit code {code}"
            failure = PredictFailure(f"prediction ended unexpectedly: {last}", tail)
        if failure is not None:
            yield failure
            return None
        sidecar = json.loads((out / SIDECAR).read_text(encoding="utf-8"))
        results["classes"] = {
            int(raw): parse(Structure, item) for raw, item in sidecar["classes"].items()
        }
        results["overlapping"] = bool(sidecar["overlapping"])
        return results

    def _result(
        self,
        item: PredictInput,
        path: Path,
        after: dict[str, Any],
        before: dict[str, Any],
    ) -> PredictResult:
        message = after[str(path)]
        if item.layer is not None:
            volume = layer_volume(item.layer, item.layer.image)
        else:
            volume = read(path)
        classes = after["classes"]
        baseline = None
        if before:
            baseline = _matched(_labels(before[str(path)]["labels"]), before, classes)
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
            _labels(message["labels"]),
            after["overlapping"],
            self.request.run.id,
            baseline,
            maps,
            np.array(read(uncertain).data) if uncertain else None,
            Path(message["labels"]) if stays else None,
        )


def _message(line: str) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _labels(files: str | dict[str, str]) -> NDArray[np.uint8]:
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
