"""Preview files as flat pictures: the samples of each key below each other."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.spec.domain import IGNORE

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SOURCE_KEYS = ("source", "to_target", "cycle", "source_prediction", "source_label")
TARGET_KEYS = ("target", "to_source", "target_prediction", "target_label")
ORDER = (*SOURCE_KEYS, *TARGET_KEYS)
"""Keys from left to right; others follow."""
TITLES = {
    "source_label": "source labels",
    "source_prediction": "source predicted",
    "to_target": "source translated",
    "cycle": "source restored",
    "target_label": "target truth",
    "target_prediction": "target predicted",
    "to_source": "target translated",
}
"""Names of keys that do not speak for themselves."""
LASTING = ("source", "source_label", "target", "target_label")
"""Keys that training does not change."""
DAMAGED = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What numpy raises of files that are missing, torn or overwritten in places."""
GAP = 4
"""Pixels between two samples."""


@dataclass(frozen=True, eq=False)
class Mosaic:
    """The samples of one preview key in one picture."""

    key: str
    """Key in the file."""
    data: NDArray[Any]
    """Picture (y, x): float32 in [-1, 1], or uint8 label indices."""

    @property
    def is_labels(self) -> bool:
        """Whether the picture shows labels."""
        return self.data.dtype == np.uint8

    @property
    def domain(self) -> str:
        """Domain that the picture began in."""
        return "target" if self.key in TARGET_KEYS else "source"

    @property
    def title(self) -> str:
        """What it shows, in words."""
        return TITLES.get(self.key, self.key.replace("_", " "))

    def caption(self, step: int) -> str:
        """Return what it shows, and at which step of the training.

        Parameters
        ----------
        step
            Step of the preview.
        """
        when = "preview" if self.key in LASTING else f"step {step:,}"
        return f"{self.title} \N{MIDDLE DOT} {when}"


def load_mosaics(file: Path) -> list[Mosaic]:
    """Read a preview file.

    Parameters
    ----------
    file
        NPZ with arrays (n, y, x), or (n, K, y, x) for overlapping labels.

    Raises
    ------
    OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error
        If the file is missing or damaged (`DAMAGED`).
    """
    # Opened here, as numpy leaves a file open that it cannot read.
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        keys = sorted(arrays.files, key=_rank)
        return [Mosaic(key, mosaic(arrays[key])) for key in keys]


def mosaic(stack: NDArray[Any]) -> NDArray[Any]:
    """Put samples below each other.

    Parameters
    ----------
    stack
        Samples (n, y, x), or with masks (n, K, y, x); where these overlap, the last
        one is shown.

    Returns
    -------
    numpy.ndarray
        (n * y + (n - 1) * GAP, x), float32 or uint8.
    """
    if stack.ndim == 4:
        stack = _flattened(stack)
    labels = stack.dtype.kind in "biu"
    count, height, width = stack.shape
    picture = np.full(
        (count * (height + GAP) - GAP, width),
        0 if labels else -1,
        np.uint8 if labels else np.float32,
    )
    for index, image in enumerate(stack):
        top = index * (height + GAP)
        picture[top : top + height] = image
    return picture


def _flattened(masks: NDArray[Any]) -> NDArray[np.uint8]:
    labels = np.zeros((masks.shape[0], *masks.shape[2:]), np.uint8)
    for index in range(masks.shape[1]):
        labels[masks[:, index] == 1] = index + 1
    labels[(masks == IGNORE).all(axis=1)] = IGNORE
    return labels


def _rank(key: str) -> tuple[int, str]:
    return (ORDER.index(key) if key in ORDER else len(ORDER), key)
