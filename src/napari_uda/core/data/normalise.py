"""Intensities of any image to [-1, 1]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_uda.core.spec.domain import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

PERCENTILES = (0.5, 99.9)
"""Percentiles mapped to -1 and 1, per volume."""
MOST_PIXELS = 2_000_000
"""Percentiles are computed on a regular grid of at most about this many pixels."""


def intensity_range(
    image: NDArray[np.generic], rule: Literal["percentiles"] | Window
) -> tuple[float, float]:
    """Return the intensities that become -1 and 1; NaN and infinity are left out."""
    if isinstance(rule, Window):
        return rule.window
    # A stride along every axis: one through the flat image may stay in one column.
    step = max(1, round((image.size / MOST_PIXELS) ** (1 / max(1, image.ndim))))
    pixels = image[(slice(None, None, step),) * image.ndim]
    pixels = pixels[np.isfinite(pixels)].astype(np.float64)
    if pixels.size == 0:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(pixels, PERCENTILES))
    return (low, high) if high > low else (low, low + max(1.0, abs(low)))


def normalise(
    image: NDArray[np.generic], rule: Literal["percentiles"] | Window
) -> NDArray[np.float32]:
    """Map an image linearly to [-1, 1] with clipping.

    Parameters
    ----------
    image
        Any shape and real type; NaN becomes -1.
    rule
        Percentiles of this very image, or a fixed window.

    Returns
    -------
    NDArray[np.float32]
        New array of the same shape.
    """
    low, high = intensity_range(image, rule)
    scaled = (np.asarray(image, np.float32) - low) * (2.0 / (high - low)) - 1.0
    scaled = np.nan_to_num(scaled, nan=-1.0, posinf=1.0, neginf=-1.0)
    return np.asarray(np.clip(scaled, -1.0, 1.0), np.float32)
