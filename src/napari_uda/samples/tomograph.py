"""X-ray tomography: a diagnostic scanner, and a cone-beam one seen in one plane.

The cone-beam images are reconstructed from projections, so that their noise, cupping,
streaks from metal and bright rims at the edge of the detector are the real ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse import csr_array

from .fields import fourier_noise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from .canvas import Canvas

    Array = NDArray[np.floating[Any]]

WATER = 0.0195
"""Attenuation of water in 1/mm at about 65 keV."""
FADE = 10
"""Pixels of the detector over which what it does not see is continued to nothing."""
METAL = 40_000
"""Hounsfield units of a platinum coil, so far as a voxel is filled with it."""


def hounsfield(
    rng: np.random.Generator,
    body: Canvas,
    levels: Mapping[str, tuple[float, float]],
    rough: float = 4.0,
) -> Array:
    """Turn tissues into Hounsfield units.

    Parameters
    ----------
    rng
        Source of what differs from subject to subject.
    body
        What lies in the scanner.
    levels
        Mean and standard deviation over subjects of each tissue; air is -1000.
    rough
        Standard deviation of the unevenness inside tissues.
    """
    uneven = rough * fourier_noise(rng, body.shape, 3 / body.voxel_size)
    values = {"air": np.zeros_like(uneven) - 1000}
    for tissue in body.tissues:
        if tissue != "air":
            mean, spread = levels[tissue]
            values[tissue] = uneven + np.float32(mean + spread * rng.standard_normal())
    return body.mix(values)


def fan_scan(
    rng: np.random.Generator,
    image: Array,
    voxel_size: float,
    blur: float,
    noise: float,
) -> NDArray[np.int16]:
    """Imitate a diagnostic scanner: a soft kernel and little, correlated noise.

    Parameters
    ----------
    rng
        Source of the noise.
    image
        Hounsfield units.
    voxel_size
        Size of a voxel in mm.
    blur
        Standard deviation of the point spread in mm.
    noise
        Standard deviation of the noise.
    """
    sharp = gaussian_filter(image, blur / voxel_size)
    grain = fourier_noise(rng, image.shape, 0.35 * blur / voxel_size)
    found = sharp + noise * np.exp(0.15 * rng.standard_normal()) * grain
    grey: NDArray[np.int16] = np.clip(np.rint(found), -1024, 3071).astype(np.int16)
    return grey


@dataclass(frozen=True)
class ConeBeam:
    """A flat-panel scanner, as at an angiography table."""

    views: int = 90
    """Projections over half a turn."""
    photons: float = 2.5e4
    """Photons per pixel of the detector without a patient."""
    scatter: float = 0.0009
    """Scattered photons that reach the detector, as a part of all."""
    hardening: float = 0.009
    """How much a path of attenuation 1 lowers the attenuation of what follows."""
    half_width: float = 150.0
    """Half the width of the detector in mm, at the axis."""
    scale: float = 0.8
    """Slope of the calibration of grey values."""
    offset: float = -50.0
    """Offset of the calibration of grey values."""

    def scan(
        self, rng: np.random.Generator, images: list[Array], voxel_size: float
    ) -> tuple[list[NDArray[np.int16]], NDArray[np.bool_]]:
        """Project and reconstruct slices of one shape.

        Parameters
        ----------
        rng
            Source of the noise.
        images
            Hounsfield units (y, x), metal included.
        voxel_size
            Edge of a pixel in mm.

        Returns
        -------
        slices, seen
            Reconstructions, and where the scanner sees: the field of view.
        """
        shape = images[0].shape
        back, position = _geometry(shape, self.views)
        detectors = len(position)
        values = np.stack([image.ravel() for image in images], axis=1) / 1000 + 1
        bodies = np.float32(WATER) * np.maximum(values, 0).astype(np.float32)
        crossed = (back.T @ bodies).reshape(self.views, detectors, -1) * voxel_size

        crossed /= 1 + self.hardening * crossed
        rate = np.exp(-crossed) * (1 - self.scatter) + self.scatter
        counts = np.maximum(rng.poisson(self.photons * rate), 0.5)
        paths: Array = -np.log(counts / self.photons)
        _extrapolate(paths, np.abs(position) * voxel_size <= self.half_width)

        spectrum = np.fft.rfft(paths, 2 * detectors, axis=1)
        spectrum *= _ramp(2 * detectors)[None, :, None]
        filtered = np.fft.irfft(spectrum, 2 * detectors, axis=1)[:, :detectors]
        flat = filtered.reshape(self.views * detectors, -1).astype(np.float32)
        found = (back @ flat) * (np.pi / self.views) / voxel_size
        grey = self.scale * 1000 * (found / WATER - 1) + self.offset

        middle = (np.array(shape) - 1) / 2
        offset = np.indices(shape) - middle[:, None, None]
        seen = np.hypot(*offset) * voxel_size <= self.half_width
        grey = np.clip(np.rint(grey), -1000, 3071).astype(np.int16)
        slices = [
            np.where(seen, grey[:, k].reshape(shape), np.int16(-1000))
            for k in range(grey.shape[1])
        ]
        return slices, seen


def _geometry(shape: tuple[int, ...], views: int) -> tuple[csr_array, Array]:
    """Back projection of parallel beams (pixels, views x detectors), and positions.

    A beam's position falls between two detector pixels, which share it linearly; the
    transpose projects.
    """
    reach = int(np.ceil(np.linalg.norm(shape) / 2)) + 2
    position = np.arange(-reach, reach + 1, dtype=float)
    middle = (np.array(shape) - 1) / 2
    y, x = (np.indices(shape) - middle[:, None, None]).reshape(2, -1, 1)
    angles = np.pi * (np.arange(views) + 0.5) / views
    beam = x * np.cos(angles) + y * np.sin(angles) + reach
    low = np.floor(beam).astype(np.int32)
    part = (beam - low).astype(np.float32)
    first = (low + np.arange(views, dtype=np.int32) * len(position))[..., None]
    columns = np.concatenate([first, first + 1], axis=2).ravel()
    weights = np.stack([1 - part, part], axis=2).ravel()
    rows = np.arange(0, columns.size + 1, 2 * views)
    matrix = csr_array((weights, columns, rows), shape=(y.size, views * len(position)))
    return matrix, position


def _ramp(size: int) -> Array:
    """Apodised ramp filter of the band-limited kernel, which keeps the mean right.

    Kak & Slaney, Principles of Computerized Tomographic Imaging, equation 61.
    """
    lag = np.rint(size * np.fft.fftfreq(size))
    kernel = np.zeros(size)
    kernel[lag % 2 == 1] = -1 / (np.pi * lag[lag % 2 == 1]) ** 2
    kernel[0] = 0.25
    ramp: Array = np.fft.rfft(kernel).real * np.cos(np.pi * np.fft.rfftfreq(size)) ** 2
    return ramp


def _extrapolate(paths: Array, seen: NDArray[np.bool_]) -> None:
    """Continue what the detector does not see (views, detectors, n), fading out."""
    inside = np.flatnonzero(seen)
    for edge, outside in (
        (inside[0], np.arange(inside[0])[::-1]),
        (inside[-1], np.arange(inside[-1] + 1, len(seen))),
    ):
        fade = np.maximum(1 - np.arange(1, len(outside) + 1) / FADE, 0)
        paths[:, outside] = paths[:, [edge]] * fade[None, :, None]
