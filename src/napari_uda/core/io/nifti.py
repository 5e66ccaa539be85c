"""NIfTI, turned from (x, y, z) to (z, y, x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import nibabel as nib
import numpy as np

from .layout import Stored
from .units import NANOMETRES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from .volume import Geometry

_UNITS: Final = {"mm": ("mm", 1.0), "micron": ("um", 1.0), "meter": ("mm", 1000.0)}
_NIFTI_UNITS: Final = {"mm": "mm", "um": "micron", "nm": "micron", None: "unknown"}
_ALIGNED: Final = 2  # the code for coordinates aligned to some other image
_OBLIQUE: Final = 0.01  # half a degree, beyond what rounding does to an affine
_AXES: Final = "???ctzyx"  # NIfTI's seven axes, the other way round


def open_nifti(path: Path) -> Stored:
    """Read the header of a NIfTI file; of a compressed one no more than that.

    Lengths without a unit are taken as mm, unless the header says nothing about space
    at all: no orientation, no unit, and voxels of size 1.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Stored
        Its array, rescaled by `scl_slope` and `scl_inter`; memory-mapped if it is
        neither compressed nor rescaled.
    """
    image: Any = nib.load(path, mmap="r")
    header, proxy = image.header, image.dataobj
    rescaled = (proxy.slope, proxy.inter) != (1, 0)
    dtype = proxy.dtype
    if rescaled and dtype.kind in "biuf":
        exact = np.can_cast(dtype, np.float32)
        dtype = np.dtype(np.float32 if exact else np.float64)

    def load() -> NDArray[Any]:
        pixels = np.asarray(proxy, dtype) if rescaled else proxy.get_unscaled()
        return pixels.T

    shape = image.shape[::-1]
    name = header.get_xyzt_units()[0]
    unit, factor = _UNITS.get(name, ("mm", 1.0))
    affine = np.diag([factor, factor, factor, 1.0]) @ image.affine
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    codes = int(header["sform_code"]), int(header["qform_code"])
    silent = codes == (0, 0) and name not in _UNITS and np.all(sizes == 1)
    spatial = [float(size) for size in sizes[: len(shape)]]
    notes = []
    if rescaled:
        slope, inter = float(proxy.slope), float(proxy.inter)
        notes.append(f"values rescaled as the header says (x {slope:g}, + {inter:g})")
    if len(shape) > 3 and set(shape[:-3]) == {1}:
        notes.append("a series of one volume was read as a volume")
    if not silent and not _along_the_axes(affine):
        notes.append(
            "its grid is oblique to the axes of the scanner: slices are used "
            "as stored, and results keep the affine"
        )
    return Stored(
        path=path,
        shape=shape,
        dtype=dtype,
        axes=_AXES[-len(shape) :],
        load=load,
        spacing=None
        if silent
        else (*[None] * (len(shape) - len(spatial)), *spatial[::-1]),
        unit=unit,
        affine=None if silent else affine,
        notes=tuple(notes),
    )


def _along_the_axes(affine: NDArray[np.float64]) -> bool:
    """Tell whether every axis of the grid points along an axis of space."""
    turn = np.abs(affine[:3, :3])
    off = turn.sum(axis=0) - turn.max(axis=0)
    return bool(np.all(off <= _OBLIQUE * turn.max(axis=0)))


def write_nifti(
    path: Path, array: NDArray[Any], geometry: Geometry, like: Path | None
) -> None:
    """Write a NIfTI file.

    Parameters
    ----------
    path
        The file to write; replaced if it exists.
    array
        uint8, uint16 or float32, (y, x) or (z, y, x).
    geometry
        Its affine is written as it is; without one, its voxel size along the axes.
        Lengths in nm become um, as NIfTI has no unit for them.
    like
        A NIfTI file whose kind of space (scanner, aligned, template) is kept, or None.
    """
    factor = 1 / NANOMETRES["um"] if geometry.unit == "nm" else 1.0
    affine = geometry.affine
    if affine is None and geometry.voxel_size:
        sizes = (*geometry.voxel_size[::-1], 1.0)[:3]
        affine = np.diag([*sizes, 1.0])
    code = 0
    if affine is not None:
        affine = np.diag([factor, factor, factor, 1.0]) @ affine
        code = _space(like)
    image: Any = nib.Nifti1Image(array.T, affine)  # type: ignore[no-untyped-call]
    image.header.set_xyzt_units(_NIFTI_UNITS[geometry.unit])
    if affine is not None:
        image.set_sform(affine, code)
        image.set_qform(affine, code)
        # A quaternion cannot express shear: better none than a wrong one.
        if not np.allclose(image.get_qform(), affine, rtol=1e-4, atol=1e-4):
            image.set_qform(None, 0)
    nib.save(image, path)


def _space(like: Path | None) -> int:
    if like is not None:
        image: Any = nib.load(like)
        codes = int(image.header["sform_code"]), int(image.header["qform_code"])
        return codes[0] or codes[1] or _ALIGNED
    return _ALIGNED
