"""A command of ours at work on images in a child process, told by a worker thread."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from napari_uda.core.errors import UserError
from napari_uda.core.spec.typed import Typed, file_axes

from .array_file import write_array
from .layers import voxel_sides

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from napari_uda.core.spec.domain import Domain

    from .snapshot import LayerData

_Told = TypeVar("_Told")

DEVICE_FULL = (
    "The memory of the device is full: stop what else uses it, such as a training, or "
    "compute on the processor."
)
"""What is said in the window, where a button does the latter."""


@dataclass(frozen=True, eq=False)
class ImageInput:
    """An image to work on: a file, or a layer as it is now."""

    name: str
    """What to call it."""
    path: Path | None = None
    """The file; None for a layer."""
    layer: LayerData | None = None
    """The pixels of the layer; None for a file."""
    typed: Typed = field(default_factory=Typed)
    """What the user typed for a file; `layer` is as the user typed it."""


@dataclass(frozen=True)
class Progress:
    """How far the work is."""

    text: str
    """What is being done."""
    done: float
    """Fraction done, 0 to 1."""
    remaining: float | None
    """Seconds left, once they can be told."""


@dataclass(frozen=True)
class Failure:
    """Why the work ended early, in one sentence."""

    message: str
    detail: str = ""
    device_full: bool = False
    """Whether the processor, which has memory of its own, may succeed."""


class Child:
    """A child process that runs `napari-uda ... --json`, perhaps several times.

    Parameters
    ----------
    what
        What it does, for sentences: "prediction".
    command
        What to start instead of `python -m napari_uda`, for tests.
    """

    def __init__(self, what: str, command: list[str] | None = None) -> None:
        self._what = what
        self._command = command or [sys.executable, "-m", "napari_uda"]
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = threading.Event()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """End the child process; what it wrote to the temporary folder goes."""
        self._cancelled.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def told(
        self, work: Callable[[Path], Iterator[_Told]]
    ) -> Iterator[_Told | Failure]:
        """Yield what `work` yields, or why it failed; never raises.

        Parameters
        ----------
        work
            Called with a temporary folder, which is removed in the end.
        """
        # napari imports it with the first layer of labels or points, and the window
        # would stand still for half a second.
        with suppress(ImportError):
            import_module("pandas")
        try:
            with tempfile.TemporaryDirectory(
                prefix="napari-uda-", ignore_cleanup_errors=True
            ) as folder:
                yield from work(Path(folder))
        except (UserError, OSError, MemoryError) as error:
            yield Failure(str(error) or type(error).__name__)
        except Exception as error:
            yield Failure(f"{self._what} failed: {error}", repr(error))
        finally:
            self.cancel()

    def files(
        self, inputs: Sequence[ImageInput], folder: Path
    ) -> Generator[Progress, None, list[Path]]:
        """Write layers to files; returns a file for each image, fewer if cancelled."""
        files: list[Path] = []
        for index, item in enumerate(inputs):
            if item.layer is None:
                assert item.path is not None
                files.append(item.path)
                continue
            path = folder / f"input_{index:03d}.npy"
            for _ in write_array(path, item.layer.image, item.layer.rgb):
                yield Progress(f"Copying {item.name}", 0.0, None)
                if self.cancelled:
                    return files
            files.append(path)
        return files

    def run(
        self,
        words: Sequence[str],
        names: dict[Path, str],
        title: str,
        part: int = 0,
        parts: int = 1,
    ) -> Generator[Progress | Failure, None, dict[str, dict[str, Any]] | None]:
        """Run one command; returns its results by image, or None if it failed.

        Parameters
        ----------
        words
            What stands behind `napari-uda`.
        names
            What to call each image file, in their order.
        title
            What to call the run.
        part, parts
            Which of how many commands of equal length this is.
        """
        files = list(names)
        results: dict[str, dict[str, Any]] = {}
        failure = None
        began = time.monotonic()
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
            self._process = subprocess.Popen(
                [*self._command, *words, "--json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                errors="replace",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            if self._cancelled.is_set():
                self._process.terminate()  # `cancel` came while it was being started
            yield Progress(f"Loading {title}", part / parts, None)
            assert self._process.stdout is not None
            with self._process.stdout as lines:
                for line in lines:
                    message = _message(line)
                    match message.get("kind"):
                        case "progress":
                            path = Path(message["image"])
                            here = message["done"] / max(1, message["total"])
                            done = (files.index(path) + here) / len(files)
                            spent = time.monotonic() - began
                            left = spent * (1 - done) / done if done > 0.02 else None
                            text = f"{title} on {names[path]}"
                            yield Progress(text, (part + done) / parts, left)
                        case "result":
                            results[message["image"]] = message
                        case "error":
                            failure = _failure(message)
            code = self._process.wait()
            log.seek(0)
            tail = log.read()[-4000:].strip()
        if self.cancelled:
            return None
        if failure is None and code != 0:
            last = tail.splitlines()[-1] if tail else f"exit code {code}"
            failure = Failure(f"{self._what} ended unexpectedly: {last}", tail)
        if failure is not None:
            yield failure
            return None
        return results


def axes_of(item: ImageInput, domain: Domain) -> str | None:
    """Return the axes of an image's file: of a layer's copy, typed, or as known."""
    if item.path is not None and item.typed.axes is None:
        return file_axes(item.path, domain)
    return _axes_said(item)


def _axes_said(item: ImageInput) -> str | None:
    if item.layer is None:
        return item.typed.axes
    return "zyx"[-(len(item.layer.image.shape) - item.layer.rgb) :]


def typed_words(item: ImageInput) -> list[str]:
    """Return the options that tell a voxel size and axes: typed, or of a layer."""
    if item.layer is not None:
        sides, unit = voxel_sides(item.layer), item.layer.unit
    else:
        sides, unit = item.typed.size or (None, None)
    axes = _axes_said(item)
    words = [] if axes is None else ["--axes", axes]
    if sides is None or unit is None:
        return words
    size = ",".join(f"{side!r}" for side in sides)
    return [*words, "--voxel-size", size, "--unit", unit]


def _failure(message: dict[str, Any]) -> Failure:
    if message.get("memory") == "device":
        return Failure(DEVICE_FULL, device_full=True)
    return Failure(str(message["message"]))


def _message(line: str) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
