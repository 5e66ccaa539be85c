"""Which files are images, told from their names alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import os

FORMATS: Final = {
    ".ome.tiff": "TIFF",
    ".ome.tif": "TIFF",
    ".tiff": "TIFF",
    ".tif": "TIFF",
    ".nii.gz": "NIfTI",
    ".nii": "NIfTI",
    ".png": "PNG",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".npy": "NPY",
    ".npz": "NPZ",
}
"""Suffix of a file name, in lower case, and the format it stands for."""


def suffix_of(path: str | os.PathLike[str]) -> str:
    """Return the suffix in lower case, all of it where it has two parts.

    Parameters
    ----------
    path
        A file name or path; the file need not exist.

    Returns
    -------
    str
        A key of `FORMATS`, such as ".nii.gz", or whatever follows the last dot.
    """
    name = Path(path).name.lower()
    known = (suffix for suffix in FORMATS if name.endswith(suffix) and name != suffix)
    return next(known, Path(name).suffix)


def stem_of(path: str | os.PathLike[str]) -> str:
    """Return the name of a file without its folder and `suffix_of` it.

    Parameters
    ----------
    path
        A file name or path; the file need not exist.

    Returns
    -------
    str
        The stem that pairs an image with its labels.
    """
    name = Path(path).name
    return name[: len(name) - len(suffix_of(name))]


def is_image(path: str | os.PathLike[str]) -> bool:
    """Tell whether the name of a file is that of an image we read.

    Hidden files, which begin with a dot, are no images: such are files still being
    written, and those macOS leaves beside every file on a shared drive.

    Parameters
    ----------
    path
        A file name or path; the file need not exist.

    Returns
    -------
    bool
        True if the suffix is in `FORMATS`.
    """
    return suffix_of(path) in FORMATS and not Path(path).name.startswith(".")
