"""PNG and JPEG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from napari_uda.core.errors import UserError

from .layout import Stored

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_TYPES: Final = {
    "1": "bool",
    "L": "uint8",
    "P": "uint8",
    "LA": "uint8",
    "PA": "uint8",
    "RGB": "uint8",
    "RGBA": "uint8",
    "I;16": "uint16",
    "I": "uint16",  # what Pillow before 11 calls a PNG of 16 bit
}
_SAMPLES: Final = {"LA": 2, "PA": 2, "RGB": 3, "RGBA": 4}


def open_picture(path: Path) -> Stored:
    """Read the header of a PNG or JPEG file.

    A picture with a palette gives the indices, since that is how labels are saved.
    The resolution of a picture is that of a screen: it is not taken as voxel size.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Stored
        Its array, decoded when it is loaded.

    Raises
    ------
    UserError
        If the picture is larger than Pillow agrees to decode.
    """
    try:
        with Image.open(path) as picture:
            mode = picture.mode if picture.mode in _TYPES else "RGB"
            width, height = picture.size
    except Image.DecompressionBombError as error:
        raise UserError(
            f"{path} has too many pixels for a {path.suffix} file: save it as TIFF."
        ) from error

    def load() -> NDArray[Any]:
        with Image.open(path) as picture:
            converted = picture if picture.mode == mode else picture.convert(mode)
            return np.asarray(converted).astype(_TYPES[mode], copy=False)

    indices = mode in ("P", "PA")
    colour = mode in _SAMPLES
    return Stored(
        path=path,
        shape=(height, width, _SAMPLES[mode]) if colour else (height, width),
        dtype=np.dtype(_TYPES[mode]),
        axes="yxs" if colour else "yx",
        load=load,
        notes=("indices of a colour palette, not colours, were read",) * indices,
    )


def write_png(path: Path, array: NDArray[Any]) -> None:
    """Write a grey PNG file.

    Parameters
    ----------
    path
        The file to write; replaced if it exists.
    array
        uint8 or uint16, (y, x).
    """
    Image.fromarray(array).save(path)
