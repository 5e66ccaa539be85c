"""Magnetic resonance: signal of tissues, coils, resolution and Rician noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .fields import fourier_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .canvas import Canvas

    Array = NDArray[np.floating[Any]]

TISSUES: dict[str, tuple[float, float, float]] = {
    "air": (0.0, 1000, 50),
    "lung": (0.10, 1200, 40),
    "blood": (1.0, 1500, 230),
    "venous": (1.0, 1500, 190),
    "myocardium": (0.85, 1000, 48),
    "muscle": (0.80, 950, 36),
    "fat": (0.80, 270, 85),
    "liver": (0.80, 600, 46),
    "spleen": (0.85, 1050, 75),
    "kidney": (0.85, 900, 85),
    "marrow": (0.60, 550, 60),
    "bone": (0.06, 500, 5),
    "disc": (0.70, 900, 60),
    "fluid": (1.0, 2800, 900),
    "food": (0.85, 1300, 110),
}
"""Proton density (water 1), T1 and T2 in ms; usual values at 1.5 T, rounded.

About those collected by Bojorquez et al., Magn. Reson. Imaging 35 (2017) 69.
"""


UPTAKE = {
    "blood": 1.0, "venous": 1.0, "myocardium": 0.45, "liver": 0.5, "spleen": 0.7,
    "kidney": 1.2, "muscle": 0.15,
}  # fmt: skip
"""Gadolinium in a tissue some minutes after the injection, relative to blood."""
BLOOD = ("blood", "venous")
"""Blood of the left and of the right side of the heart."""


@dataclass(frozen=True)
class Scanner:
    """What a vendor's sequence, coils and reconstruction do to a piece of body."""

    sequence: Literal["balanced", "spoiled"]
    """Balanced (bSSFP) or spoiled gradient echo."""
    flip: float
    """Flip angle in degrees."""
    repetition: float
    """Repetition time in ms."""
    resolution: tuple[float, ...]
    """Acquired size of a voxel in mm along each axis; the image is zero-filled."""
    noise: float
    """Standard deviation of the noise, relative to the brightest tissue."""
    shading: float
    """Unevenness of the receive coils, as a standard deviation of the log."""
    coil: tuple[float, ...] = (0.0, 0.0)
    """Fall-off of the surface coils: log of the sensitivity lost across the image."""
    inflow: float = 0.0
    """How much of the blood is fresh: its signal moves to that of full recovery."""
    contrast_agent: float = 0.0
    """Dose of gadolinium as added relaxation rate of blood in 1/s."""
    fat: float = 1.0
    """Signal left of fat; 0 is perfect suppression."""
    bands: float = 0.0
    """Depth of the dark bands where a balanced sequence is off resonance."""
    flow: float = 0.04
    """Unevenness of the signal of blood."""
    gamma: float = 1.0
    """Exponent of the vendor's grey-level curve."""
    gain: float = 1000.0
    """Grey value of the brightest tissue."""


def signal(tissue: str, scanner: Scanner) -> float:
    """Steady-state signal of a tissue in units of its equilibrium.

    Balanced: sin a / (1 + cos a + (1 - cos a) T1 / T2), for TR << T2; spoiled (Ernst):
    sin a (1 - E) / (1 - E cos a) with E = exp(-TR / T1).

    Parameters
    ----------
    tissue
        A key of `TISSUES`.
    scanner
        Sequence and dose.
    """
    density, t1, t2 = TISSUES[tissue]
    rate = scanner.contrast_agent * UPTAKE.get(tissue, 0.0)
    t1, t2 = 1000 / (1000 / t1 + rate), 1000 / (1000 / t2 + rate)
    sin, cos = np.sin(np.radians(scanner.flip)), np.cos(np.radians(scanner.flip))
    if scanner.sequence == "balanced":
        value = sin / (1 + cos + (1 - cos) * t1 / t2)
    else:
        recovery = np.exp(-scanner.repetition / t1)
        value = sin * (1 - recovery) / (1 - recovery * cos)
        if tissue in BLOOD:
            value += scanner.inflow * (sin - value)
    return float(density * value * (scanner.fat if tissue == "fat" else 1))


def record(
    rng: np.random.Generator, body: Canvas, scanner: Scanner
) -> NDArray[np.uint16]:
    """Scan a piece of body.

    Parameters
    ----------
    rng
        Source of noise, shading and what differs from subject to subject.
    body
        What lies in the scanner.
    scanner
        Scanner to imitate.

    Returns
    -------
    numpy.ndarray
        Magnitude image.
    """
    shape, voxel_size = body.shape, body.voxel_size
    levels = {tissue: signal(tissue, scanner) for tissue in body.tissues}
    brightest = max(levels.values())
    rough = 1 + 0.05 * fourier_noise(rng, shape, 2.5 / voxel_size)
    turbulent = 1 + scanner.flow * fourier_noise(rng, shape, 5 / voxel_size)
    values = {}
    for tissue, level in levels.items():
        # A balanced echo has water and fat in opposite phase: edges turn black.
        sign = -1 if tissue == "fat" and scanner.sequence == "balanced" else 1
        amount = sign * level / brightest * np.exp(0.06 * rng.standard_normal())
        values[tissue] = amount * (turbulent if tissue in BLOOD else rough)
    image = body.mix(values)
    if scanner.bands:
        image *= _bands(rng, shape, scanner.bands)
    image *= _sensitivity(rng, shape, scanner)
    image = _resolve(image, voxel_size, scanner.resolution)
    noise = scanner.noise * np.exp(0.2 * rng.standard_normal())
    real, imaginary = noise * rng.standard_normal((2, *shape))
    image = np.hypot(image + real, imaginary)
    # What is brighter than usual is not clipped: 16 bits leave room for it.
    image = scanner.gain * np.maximum(image, 0) ** scanner.gamma
    found: NDArray[np.uint16] = np.clip(np.rint(image), 0, 65535).astype(np.uint16)
    return found


def _sensitivity(
    rng: np.random.Generator, shape: tuple[int, ...], scanner: Scanner
) -> Array:
    """Smooth gain of the receive coils."""
    log = scanner.shading * fourier_noise(rng, shape, min(shape[-2:]) / 4)
    for axis, loss in enumerate(scanner.coil):
        ramp = np.linspace(0.5, -0.5, shape[axis]) * loss * rng.uniform(0.7, 1.3)
        log += ramp.reshape([-1 if k == axis else 1 for k in range(len(shape))])
    result: Array = np.exp(log)
    return result


def _bands(rng: np.random.Generator, shape: tuple[int, ...], depth: float) -> Array:
    """Signal left around off-resonance bands."""
    phase = rng.uniform(0, 1) + 0.2 * fourier_noise(rng, shape, min(shape[-2:]) / 4)
    phase += np.linspace(0, rng.uniform(0.4, 0.9), shape[-1])
    away = (phase % 1 - 0.5) / 0.07
    result: Array = 1 - depth * np.exp(-(away**2))
    return result


def _resolve(image: Array, voxel_size: float, resolution: tuple[float, ...]) -> Array:
    """Keep the frequencies that were acquired, slightly apodised: blur and ringing."""
    spectrum = np.fft.fftn(image)
    for axis, acquired in enumerate(resolution):
        frequency = np.abs(np.fft.fftfreq(image.shape[axis]))
        edge = min(0.5, 0.5 * voxel_size / acquired)
        window = np.cos(0.4 * np.pi * np.minimum(frequency / edge, 1))
        window *= frequency <= edge + 1e-9
        spectrum *= window.reshape([-1 if k == axis else 1 for k in range(image.ndim)])
    result: Array = np.fft.ifftn(spectrum).real
    return result
