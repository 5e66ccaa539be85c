"""Frontal radiographs: a virtual one, and the topogram of another machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import gaussian_filter

from .fields import smooth_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

WATER = 0.0193
"""Attenuation of water in 1/mm at 70 keV."""


def frontal(volume: NDArray[Any], depth_mm: float) -> NDArray[np.float32]:
    """Integrate a volume (z, y, x) from front to back, the head up.

    Parameters
    ----------
    volume
        Values or masks; z grows to the head.
    depth_mm
        Size of a voxel from front to back.
    """
    return np.asarray(depth_mm * volume.sum(1, dtype=np.float32)[::-1], np.float32)


def radiograph(hu: NDArray[np.float32], depth_mm: float) -> NDArray[np.float32]:
    """Return the attenuation integrals of a CT in parallel beams, without unit."""
    return frontal(np.maximum(WATER * (1 + hu / 1000), 0), depth_mm)


def topogram(
    rng: np.random.Generator, paths: NDArray[np.float32], pixel_mm: float
) -> NDArray[np.uint16]:
    """Record what a localiser scan makes of attenuation integrals.

    Harder rays, which bone absorbs less; the couch; a fan that is brighter in its
    middle and a tube that is brighter on one side (heel effect); scattered photons; a
    blur that is longer along the scan; counted photons; and a display that flattens
    what is smooth and lifts what is thin.

    Parameters
    ----------
    rng
        Source of noise and of what differs from scan to scan.
    paths
        Attenuation integrals (rows, columns) of the patient.
    pixel_mm
        Size of a pixel.
    """
    rows, columns = paths.shape
    z = np.linspace(-1, 1, rows)[:, None]
    x = (np.arange(columns) - (columns - 1) / 2) * pixel_mm - rng.normal(0, 5)
    hard = 0.74 * paths - 0.016 * paths**2
    couch = 0.22 + 0.10 * (x / 200) ** 2
    for edge in (-172, 172):
        couch = couch + 0.55 * np.exp(-(((x - edge) / 3.5) ** 2))
    hard = hard + couch
    light = np.exp(-hard)
    light *= (1 + rng.uniform(0.4, 0.6) * z) * (1 - 0.25 * (x / 200) ** 2)
    haze = gaussian_filter(light, 38 / pixel_mm, mode="nearest")
    light = light + rng.uniform(0.15, 0.3) * haze + 0.006
    light = gaussian_filter(light, (3.4 / pixel_mm, 2.0 / pixel_mm))
    photons = rng.uniform(8000, 16000)
    counts = rng.poisson(photons * light)
    stripes = 1 + 0.012 * rng.standard_normal((rows, 1))
    log = -np.log(np.maximum(counts, 1) / photons * stripes)
    log += 0.03 * smooth_noise(rng, paths.shape, 12)
    # Machines compress the range so that lung and spine are seen in one image.
    log -= rng.uniform(0.7, 0.85) * gaussian_filter(log, 26 / pixel_mm)
    low, high = np.percentile(log, (1, 99))
    scaled = np.clip((log - low) / (high - low), 0, 1.15)
    shown = scaled ** rng.uniform(0.65, 0.85)
    grey = 300 + 3300 * np.clip(shown, 0, 1.1)
    return np.asarray(np.rint(grey), np.uint16)
