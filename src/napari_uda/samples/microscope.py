"""Electron microscopes: stain, focus, grey-level curve, grain and shading.

These differ between the two domains of a pair; the anatomy in `em` does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

from .fields import smooth_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Stain:
    """Grey levels that a stain gives to the structures, 0 (black) to 1 (white)."""

    cytoplasm: float = 0.72
    """Mean grey of the cytoplasm."""
    cytoplasm_spread: float = 0.05
    """Standard deviation of the cytoplasm between cells."""
    texture: float = 0.035
    """Standard deviation of the fine granularity of the cytoplasm."""
    matrix: float = 0.46
    """Grey of the mitochondrial matrix."""
    cristae: float = 0.20
    """Grey of cristae and of the two mitochondrial membranes."""
    membrane: float = 0.10
    """Grey of cell membranes, vesicles and other organelles."""


@dataclass(frozen=True)
class Microscope:
    """What one instrument and its specimen preparation do to a clean section."""

    pixel_nm: float
    """Edge of a pixel in nanometres."""
    stain: Stain
    """Grey levels of the structures."""
    blur_nm: float
    """Standard deviation of the point spread in nanometres."""
    gamma: float
    """Exponent of the grey-level curve; above 1 darkens the mid greys."""
    black: float
    """Recorded grey of black, 0 to 1."""
    white: float
    """Recorded grey of white, 0 to 1."""
    noise: float
    """Standard deviation of the recorded noise, 0 to 1."""
    grain_nm: float
    """Correlation length of the noise in nanometres; 0 is white noise."""
    shading: float
    """Amplitude of the slow illumination drift, 0 to 1."""


SOURCE = Microscope(
    pixel_nm=6.0,
    stain=Stain(),
    blur_nm=3.0,
    gamma=1.0,
    black=0.08,
    white=0.95,
    noise=0.03,
    grain_nm=0.0,
    shading=0.01,
)
"""A sharp, contrasty transmission microscope."""

TARGET = Microscope(
    pixel_nm=8.0,
    stain=Stain(
        cytoplasm=0.66,
        cytoplasm_spread=0.03,
        texture=0.05,
        matrix=0.45,
        cristae=0.34,
    ),
    blur_nm=6.0,
    gamma=0.5,
    black=0.25,
    white=0.80,
    noise=0.02,
    grain_nm=6.0,
    shading=0.02,
)
"""A softer, grainier block-face microscope: granular cytoplasm, faint cristae."""


def micrograph(
    rng: np.random.Generator, clean: NDArray[np.float32], microscope: Microscope
) -> NDArray[np.uint8]:
    """Record a clean section with a microscope.

    Parameters
    ----------
    rng
        Source of noise and shading.
    clean
        Clean image (y, x) in [0, 1], drawn at the microscope's pixel size.
    microscope
        Instrument to imitate.

    Returns
    -------
    numpy.ndarray
        The micrograph, uint8, of the shape of `clean`.
    """
    pixel = microscope.pixel_nm
    image = gaussian_filter(clean.astype(np.float64), microscope.blur_nm / pixel)
    image = np.clip(image, 0, 1) ** microscope.gamma
    image = microscope.black + (microscope.white - microscope.black) * image
    image += microscope.noise * smooth_noise(
        rng, clean.shape, microscope.grain_nm / pixel
    )
    image += microscope.shading * smooth_noise(rng, clean.shape, min(clean.shape) / 5)
    recorded: NDArray[np.uint8] = np.clip(np.rint(255 * image), 0, 255).astype(np.uint8)
    return recorded
