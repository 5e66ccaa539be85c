"""Attributes of layers that are set only where they change.

napari takes what is the same for news, too, and goes through every layer of the viewer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.transforms import Affine

if TYPE_CHECKING:
    from napari.layers import Layer


def change(layer: Layer, **values: Any) -> None:
    """Set attributes of a layer, in their order, but those that are so already."""
    for key, value in values.items():
        if not _same(getattr(layer, key), value):
            setattr(layer, key, value)


def _same(now: Any, value: Any) -> bool:
    """Tell whether a layer lies or looks so already."""
    if isinstance(value, Affine):
        now, value = now.affine_matrix, value.affine_matrix
    if isinstance(now, np.ndarray) or isinstance(value, np.ndarray):
        return np.array_equal(now, value)
    return isinstance(value, str | int | float | tuple) and bool(now == value)
