"""The pixels of a layer as a file that another process can read."""

from __future__ import annotations

import errno
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.errors import UserError
from napari_uda.core.io.atomic import atomic_path

from .words import memory_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_BLOCK_BYTES = 64 * 2**20
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_FULL = (errno.ENOSPC, errno.EDQUOT)


def write_array(path: Path, array: Any, rgb: bool = False) -> Iterator[float]:
    """Write an array block by block, so that lazy ones never fill the memory.

    Not through a memory map: where the disk is full, the system ends a process that
    writes to one, and napari with it.

    Parameters
    ----------
    path
        NPY file to make; it appears once it is complete.
    array
        Array, in memory or lazy.
    rgb
        Whether the last axis is the colour, to be turned to grey.

    Yields
    ------
    float
        The fraction written.

    Raises
    ------
    UserError
        If there is no room for the file.
    """
    shape = tuple(map(int, array.shape[:-1] if rgb else array.shape))
    dtype = np.dtype(array.dtype).newbyteorder("=")
    if dtype.kind == "b":
        dtype = np.dtype(np.uint8)
    row = max(1, dtype.itemsize * int(np.prod(array.shape[1:])))
    rows = max(1, _BLOCK_BYTES // row)
    need = dtype.itemsize * int(np.prod(shape))
    header = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    if need > shutil.disk_usage(path.parent).free:
        raise _no_room(path, need)
    try:
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, shape[0], rows):
                block = np.asarray(array[start : start + rows])
                pixels = grey(block) if rgb else block
                file.write(np.ascontiguousarray(pixels, dtype).data)
                yield min(1.0, (start + rows) / shape[0])
    except OSError as error:
        if error.errno in _FULL:
            raise _no_room(path, need) from None
        raise


def grey(block: NDArray[Any]) -> NDArray[Any]:
    """Turn the colours along the last axis into luminance, rounded for integers."""
    light: NDArray[Any] = block[..., :3].astype(np.float32) @ _LUMINANCE
    return light if block.dtype.kind == "f" else np.rint(light)


def _no_room(path: Path, need: int) -> UserError:
    free = shutil.disk_usage(path.parent).free
    return UserError(
        f"The disk is full: {path} needs {memory_text(need / 1e9)}, "
        f"{memory_text(free / 1e9)} are free. Make room there and try again."
    )
