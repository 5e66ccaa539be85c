"""Turn a CT volume so that z goes to the head, y to the back and x to the left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nibabel.orientations import (
    apply_orientation,
    axcodes2ornt,
    io_orientation,
    ornt_transform,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def upright(
    volume: NDArray[Any],
    voxel_size: Sequence[float],
    affine: NDArray[Any] | None,
) -> tuple[NDArray[Any], tuple[float, ...]]:
    """Exchange and mirror the axes of a volume so that they go the way ours do.

    Parameters
    ----------
    volume
        Voxels (z, y, x) in the order of the file.
    voxel_size
        Of the volume, z, y, x.
    affine
        NIfTI affine from indices (x, y, z) of the file to space; the volume of a file
        that has none is taken to lie right. Oblique volumes are not resampled: each
        axis counts as the anatomical one that it is nearest to.

    Returns
    -------
    volume, voxel_size
        A view, and the size in its order.
    """
    if affine is None:
        return volume, tuple(voxel_size)
    found: Any = io_orientation(affine)  # type: ignore[no-untyped-call]
    wanted: Any = axcodes2ornt("LPS")  # type: ignore[no-untyped-call]
    change: Any = ornt_transform(found, wanted)  # type: ignore[no-untyped-call]
    turned: Any = apply_orientation(volume.T, change)  # type: ignore[no-untyped-call]
    size = [0.0, 0.0, 0.0]
    for side, (axis, _) in zip(reversed(voxel_size), change, strict=True):
        size[int(axis)] = side
    return turned.T, tuple(reversed(size))
