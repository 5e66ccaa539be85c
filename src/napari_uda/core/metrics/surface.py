"""Distances between the surfaces of two masks, in physical units.

The surface of a mask is what erosion by one pixel (face neighbours, the outside of the
image counting as background) takes away, and distances run between pixel centres. These
are the definitions of MONAI's `SurfaceDistanceMetric(symmetric=True)` and
`HausdorffDistanceMetric(percentile=95)`, which the tests compare with. Conventions for
empty masks: NaN if both are empty, infinite if one is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import KDTree

from napari_uda.core.errors import UserError

from .overlap import check_pair

if TYPE_CHECKING:
    from collections.abc import Sequence

Distances = npt.NDArray[np.float64]


def surface_distances(
    prediction: npt.NDArray[Any],
    truth: npt.NDArray[Any],
    voxel_size: Sequence[float] | None = None,
) -> tuple[Distances, Distances]:
    """Return how far each surface pixel of a mask is from the other mask's surface.

    Axes of length 1 are dropped, so that a single slice is measured as the 2D image
    that it is: its flat faces are no surface.

    Parameters
    ----------
    prediction, truth
        Masks `(*spatial)` of equal shape; anything but 0 is inside.
    voxel_size
        Size of a voxel along each axis of the masks; None measures in pixels.

    Returns
    -------
    there, back
        Distances of the prediction's surface to the truth, and of the truth's surface
        to the prediction, in the unit of `voxel_size`. Infinite where the other mask
        is empty.

    Raises
    ------
    UserError
        If the shapes differ or the voxel size does not fit them.
    """
    prediction, truth = np.asarray(prediction), np.asarray(truth)
    check_pair(prediction, truth)
    size = _checked_size(voxel_size, prediction.ndim)
    kept = [axis for axis, length in enumerate(prediction.shape) if length != 1]
    # An image of one pixel would lose all its axes.
    kept = kept or [0]
    shape = tuple(prediction.shape[axis] for axis in kept)
    a = _surface(prediction.reshape(shape)) * size[kept]
    b = _surface(truth.reshape(shape)) * size[kept]
    return _nearest(a, b), _nearest(b, a)


def average_distance(there: Distances, back: Distances) -> float:
    """Return the mean of the distances of both directions taken together."""
    both = np.concatenate([there, back])
    return float(both.mean()) if both.size else float("nan")


def percentile_distance(
    there: Distances, back: Distances, percentile: float = 95.0
) -> float:
    """Return the percentile of each direction's distances, whichever is larger."""
    both = np.concatenate([there, back])
    if not np.isfinite(both).all():
        return float("inf")
    parts = [np.percentile(part, percentile) for part in (there, back) if part.size]
    return float(max(parts, default=np.nan))


def assd(
    prediction: npt.NDArray[Any],
    truth: npt.NDArray[Any],
    voxel_size: Sequence[float] | None = None,
) -> float:
    """Return the average symmetric surface distance of two masks.

    Takes what `surface_distances` takes, and raises what it raises.
    """
    return average_distance(*surface_distances(prediction, truth, voxel_size))


def hd95(
    prediction: npt.NDArray[Any],
    truth: npt.NDArray[Any],
    voxel_size: Sequence[float] | None = None,
) -> float:
    """Return the 95th percentile of the Hausdorff distance of two masks.

    Takes what `surface_distances` takes, and raises what it raises.
    """
    return percentile_distance(*surface_distances(prediction, truth, voxel_size))


def _checked_size(voxel_size: Sequence[float] | None, ndim: int) -> Distances:
    size = np.asarray([1.0] * ndim if voxel_size is None else voxel_size, float)
    if size.shape != (ndim,) or not (np.isfinite(size) & (size > 0)).all():
        raise UserError(
            f"voxel size {np.round(size, 6).tolist()} does not fit an image of {ndim} "
            f"axes: give {ndim} positive numbers, one per axis."
        )
    return size


def _surface(mask: npt.NDArray[Any]) -> Distances:
    """Return the coordinates `(points, axes)` of the surface pixels of a mask."""
    inside = mask != 0
    box = ndimage.find_objects(inside.view(np.uint8))
    if not box:
        return np.empty((0, mask.ndim))
    # What is cut away is background, and so is what erosion sees beyond the box.
    inside = inside[box[0]]
    points = np.argwhere(inside & ~ndimage.binary_erosion(inside)).astype(float)
    points += [part.start for part in box[0]]
    return points


def _nearest(points: Distances, targets: Distances) -> Distances:
    """Return the distance of each point to the nearest target.

    Surfaces are sparse, so a tree is 3 to 6 times faster than the distance transform
    of their joint bounding box, needs a fraction of its memory, and is as exact.
    """
    if not len(points) or not len(targets):
        return np.full(len(points), np.inf)
    return np.asarray(KDTree(targets, leafsize=32).query(points)[0], np.float64)
