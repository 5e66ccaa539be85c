"""NPY and NPZ."""

from __future__ import annotations

import zipfile
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np
from numpy.lib import format as npy

from napari_uda.core.errors import UserError

from .layout import Stored

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_KEYS: Final = ("image", "labels")


def open_npy(path: Path) -> Stored:
    """Read the header of an NPY file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Stored
        Its array, memory-mapped when it is loaded.
    """
    with path.open("rb") as file:
        shape, dtype = _array_header(file)

    def load() -> NDArray[Any]:
        pixels: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return pixels

    return Stored(path, shape, dtype, _axes(shape), load)


def open_npz(path: Path) -> Stored:
    """Read the header of the only array in an NPZ file, or of "image" or "labels".

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Stored
        Its array.

    Raises
    ------
    UserError
        If it is not clear which array is meant.
    """
    with zipfile.ZipFile(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        wanted = names if len(names) == 1 else [key for key in _KEYS if key in names]
        if len(wanted) != 1:
            raise UserError(
                f"{path} holds the arrays {', '.join(names) or '(none)'}: save one of"
                " them alone, or call exactly one of them 'image' or 'labels'."
            )
        with archive.open(f"{wanted[0]}.npy") as member:
            shape, dtype = _array_header(member)

    def load() -> NDArray[Any]:
        with np.load(path, allow_pickle=False) as arrays:
            pixels: NDArray[Any] = arrays[wanted[0]]
        return pixels

    return Stored(path, shape, dtype, _axes(shape), load)


def _array_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = npy.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = npy.read_array_header_1_0(file)
    else:
        shape, _, dtype = npy.read_array_header_2_0(file)
    return shape, dtype


def _axes(shape: tuple[int, ...]) -> str:
    """Name the axes of an array as napari would: a last one of 3 or 4 is colour."""
    if len(shape) == 2:
        return "yx"
    if len(shape) > 2 and shape[-1] in (1, 3, 4) and min(shape[-3:-1]) > 4:
        return "?" * (len(shape) - 3) + "yxs"
    return "?" * (len(shape) - 2) + "yx" if len(shape) > 2 else "x" * len(shape)
