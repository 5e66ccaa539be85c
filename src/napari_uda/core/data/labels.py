"""Raw label images to label indices, and membranes from instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_uda.core.errors import UserError
from napari_uda.core.spec.domain import IGNORE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def label_indices(
    raw: NDArray[np.generic], indices: Mapping[int, int], name: str
) -> NDArray[np.uint8]:
    """Map raw label values to label indices; others become background, 255 IGNORE.

    Parameters
    ----------
    raw
        Label image of any shape, with whole numbers.
    indices
        Raw value to label index 1..K.
    name
        What to call the image in an error.

    Raises
    ------
    UserError
        If a value is negative or not a whole number.
    """
    whole = whole_numbers(raw, name)
    if whole.size and int(whole.max()) <= 65_535:
        table = np.zeros(int(whole.max()) + 1, np.uint8)
        if len(table) > IGNORE:
            table[IGNORE] = IGNORE
        for value, index in indices.items():
            if value < len(table):
                table[value] = index
        return np.asarray(table[whole])
    result = np.zeros(whole.shape, np.uint8)
    result[whole == IGNORE] = IGNORE
    for value, index in indices.items():
        result[whole == value] = index
    return result


def whole_numbers(raw: NDArray[np.generic], name: str) -> NDArray[np.integer]:
    """Return labels as integers.

    Raises
    ------
    UserError
        If a value is negative or not a whole number.
    """
    array = np.asarray(raw)
    if array.dtype == np.bool_:
        return array.astype(np.uint8)
    if not np.issubdtype(array.dtype, np.integer):
        if not np.all(np.isfinite(array)) or np.any(array != np.rint(array)):
            raise UserError(
                f"the labels {name} hold fractions or NaN: labels must be whole "
                "numbers, one per structure; save them as an integer type."
            )
        array = array.astype(np.int64)
    if array.size and array.min() < 0:
        raise UserError(
            f"the labels {name} hold negative values (smallest {array.min()}): "
            "use 0 for background and positive numbers for structures."
        )
    return array


def membranes(
    instances: NDArray[np.integer],
    width: float,
    voxel_size: tuple[float, ...],
) -> NDArray[np.uint8]:
    """Make membrane labels from instance labels, section by section.

    A pixel is membrane where its instance differs from a 4-neighbour's or where it
    belongs to no instance (0), widened to `width` (Javanmardi & Tasdizen 2018,
    section 4; the paper erodes each neuron and takes the pixels that are lost).

    Parameters
    ----------
    instances
        Instance labels, shape (y, x) or (z, y, x).
    width
        Full width of a membrane between two touching instances, in nm.
    voxel_size
        Voxel size in nm, (z,) y, x.

    Returns
    -------
    NDArray[np.uint8]
        1 on membranes, 0 elsewhere; same shape.
    """
    if instances.ndim == 3:
        return np.stack([membranes(plane, width, voxel_size) for plane in instances])
    pixel = voxel_size[-2:]
    membrane = instances == 0
    # Pixels beside the edge between two instances have their centres half a pixel from
    # it: the distance to that edge is the distance to them plus a half. Pixels that
    # are not square have two halves.
    for axes in ((0, 1),) if pixel[0] == pixel[1] else ((0,), (1,)):
        beside = np.zeros(instances.shape, bool)
        for axis in axes:
            lines, marks = instances.swapaxes(0, axis), beside.swapaxes(0, axis)
            changes = lines[1:] != lines[:-1]
            marks[1:] |= changes
            marks[:-1] |= changes
        if beside.any():
            distance = ndimage.distance_transform_edt(~beside, sampling=pixel)
            wide = distance + pixel[axes[0]] / 2 <= width / 2 + 1e-9
            membrane |= beside | wide
    return np.asarray(membrane, np.uint8)
