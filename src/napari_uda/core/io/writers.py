"""Write an image or a label map, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_uda.core.errors import UserError

from .atomic import atomic_path
from .formats import FORMATS, suffix_of
from .volume import Geometry

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray

    from .volume import Header

_WRITABLE: Final = ("TIFF", "NIfTI", "PNG", "NPY", "NPZ")
_LARGEST: Final = np.iinfo(np.uint16).max


def write_labels(
    path: str | os.PathLike[str],
    labels: ArrayLike,
    geometry: Geometry | None = None,
    *,
    like: Header | None = None,
    overwrite: bool = False,
) -> None:
    """Write a label map as uint8 or, with values above 255, as uint16.

    TIFF and NIfTI keep the voxel size, NIfTI also the affine; the others keep neither.
    A stack of one slice in TIFF is read back as (y, x).

    Parameters
    ----------
    path
        The file; its suffix, a key of `FORMATS`, tells the format.
    labels
        Whole numbers from 0 to 65535, (y, x) or (z, y, x); PNG holds (y, x) only.
    geometry
        Voxel size and affine; by default those of `like`.
    like
        Header of the image that the labels belong to.
    overwrite
        Replace the file if it exists.

    Raises
    ------
    UserError
        If the format or the values cannot be written, or the file exists.
    OSError
        If the disk is full or the folder may not be written to.
    """
    path = Path(path)
    array = np.asarray(labels)
    low, high = (array.min(), array.max()) if array.size else (0, 0)
    whole = array.dtype.kind in "bui" or bool(np.all(array == np.rint(array)))
    if not whole or low < 0 or high > _LARGEST:
        raise UserError(
            f"The labels for {path} reach from {low} to {high}, but must be whole"
            f" numbers from 0 to {_LARGEST}."
        )
    array = array.astype(np.uint16 if high > 255 else np.uint8, copy=False)
    _write(path, array, "labels", geometry, like, overwrite)


def write_image(
    path: str | os.PathLike[str],
    image: ArrayLike,
    geometry: Geometry | None = None,
    *,
    like: Header | None = None,
    overwrite: bool = False,
) -> None:
    """Write a grey image: uint8 and uint16 as they are, all others as float32.

    TIFF and NIfTI keep the voxel size, NIfTI also the affine; the others keep neither.
    A stack of one slice in TIFF is read back as (y, x).

    Parameters
    ----------
    path
        The file; its suffix, a key of `FORMATS`, tells the format.
    image
        Grey values, (y, x) or (z, y, x); PNG holds (y, x) and no float32.
    geometry
        Voxel size and affine; by default those of `like`.
    like
        Header of the image that this one was made from.
    overwrite
        Replace the file if it exists.

    Raises
    ------
    UserError
        If the format cannot hold the image, or the file exists.
    OSError
        If the disk is full or the folder may not be written to.
    """
    array = np.asarray(image)
    if array.dtype not in (np.uint8, np.uint16):
        array = array.astype(np.float32, copy=False)
    _write(Path(path), array, "image", geometry, like, overwrite)


def _write(
    path: Path,
    array: NDArray[Any],
    key: str,
    geometry: Geometry | None,
    like: Header | None,
    overwrite: bool,
) -> None:
    geometry = geometry or (like.geometry if like else Geometry(None, None))
    _check(path, array, like, overwrite)
    suffix = suffix_of(path)
    with atomic_path(path) as temporary:
        match FORMATS[suffix]:
            case "TIFF":
                from .tiff import write_tiff

                ome = suffix.startswith(".ome")
                write_tiff(
                    temporary, array, geometry.voxel_size, geometry.unit, ome=ome
                )
            case "NIfTI":
                from .nifti import write_nifti

                known = like is not None and FORMATS[suffix_of(like.path)] == "NIfTI"
                origin = like.path if like and known and like.path.exists() else None
                write_nifti(temporary, array, geometry, origin)
            case "PNG":
                from .picture import write_png

                write_png(temporary, array)
            case "NPY":
                np.save(temporary, array, allow_pickle=False)
            case "NPZ":
                named: dict[str, Any] = {key: array}
                np.savez_compressed(temporary, **named)


def _check(
    path: Path, array: NDArray[Any], like: Header | None, overwrite: bool
) -> None:
    format_ = FORMATS.get(suffix_of(path))
    if format_ not in _WRITABLE:
        raise UserError(
            f"{path} is in no format we write: choose {', '.join(_WRITABLE)}."
        )
    if array.ndim not in (2, 3) or array.size == 0:
        raise UserError(
            f"An array of shape {array.shape} cannot be written to {path}: it must be"
            " (y, x) or (z, y, x)."
        )
    if format_ == "PNG" and (array.ndim != 2 or array.dtype == np.float32):
        raise UserError(
            f"{path} can hold one slice of uint8 or uint16 only: choose .tif, .nii.gz"
            f" or .npy for {array.dtype} of shape {array.shape}."
        )
    if like is not None and array.shape != like.shape:
        raise UserError(
            f"An array of shape {array.shape} does not fit {like.path} with"
            f" {like.shape}: it must be brought to that grid before it is written."
        )
    if path.exists() and not overwrite:
        raise UserError(f"{path} exists: choose another name or allow to overwrite.")
