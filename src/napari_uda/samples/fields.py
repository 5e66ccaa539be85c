"""Smooth random fields, and implicit shapes given by their depth in mm or nm.

A depth is positive inside a structure, zero on its surface, and nearly a distance
close to it; the greatest of two depths is a union, the smallest an intersection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.fft import irfftn
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]
    Numbers = Sequence[float] | Array


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, ...], sigma: float
) -> NDArray[np.float64]:
    """Draw smooth Gaussian noise of zero mean and unit variance.

    Parameters
    ----------
    rng
        Source of the noise.
    shape
        Shape in pixels.
    sigma
        Standard deviation of the smoothing in pixels; 0 gives white noise.

    Returns
    -------
    numpy.ndarray
        The noise; it is periodic in all directions.
    """
    field = gaussian_filter(rng.standard_normal(shape), sigma, mode="wrap")
    result: NDArray[np.float64] = (field - field.mean()) / field.std()
    return result


def fourier_noise(
    rng: np.random.Generator, shape: tuple[int, ...], sigma: float
) -> Array:
    """Draw noise like `smooth_noise`, but in frequency space, which is faster.

    Parameters
    ----------
    rng
        Source of the noise.
    shape
        Shape in pixels.
    sigma
        Standard deviation of the smoothing in pixels.

    Returns
    -------
    numpy.ndarray
        The noise, float32; it is periodic in all directions.
    """
    half = (*shape[:-1], shape[-1] // 2 + 1)
    real, imaginary = rng.standard_normal((2, *half), np.float32)
    spectrum = real + np.complex64(1j) * imaginary
    for axis, count in enumerate(shape):
        rate = np.fft.rfftfreq if axis == len(shape) - 1 else np.fft.fftfreq
        decay = np.exp(-2 * (np.pi * sigma * rate(count)) ** 2).astype(np.float32)
        spectrum *= decay.reshape([-1 if k == axis else 1 for k in range(len(shape))])
    field: Array = irfftn(spectrum, shape)
    result: Array = (field - field.mean()) / field.std()
    return result


def step(x: Array) -> Array:
    """Part of a pixel inside a straight edge at depth x, in pixels: 0 to 1."""
    result: Array = np.clip(x + 0.5, 0, 1)
    return result


def rotation(angle: float) -> Array:
    """Return the matrix that turns (y, x) by an angle in radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def ellipsoid(
    grid: Array,
    centre: Numbers,
    semi_axes: Numbers,
    turn: Array | None = None,
    power: float = 2.0,
) -> Array:
    """Return the depth in an ellipse or ellipsoid, to first order.

    Parameters
    ----------
    grid
        Coordinates (d, *shape).
    centre, semi_axes
        One number per axis, in the unit of the grid.
    turn
        Orthogonal matrix whose columns are the directions of the semi-axes; the axes
        of the grid when omitted.
    power
        Exponent of the norm: 2 is an ellipse, above it is boxier.
    """
    offset = grid - _column(centre, grid)
    if turn is not None:
        offset = np.tensordot(turn.astype(grid.dtype), offset, (0, 0))
    axes = np.asarray(semi_axes, grid.dtype)
    offset /= _column(axes, grid)
    if power == 2:
        radius = np.sqrt(np.einsum("i...,i...->...", offset, offset)) + 1e-6
        bend = np.einsum("i...,i...,i->...", offset, offset, axes**-2.0)
    else:
        offset = np.abs(offset) + 1e-6
        radius = (offset**power).sum(0) ** (1 / power)
        offset = (offset / radius) ** (power - 1) * radius
        bend = np.einsum("i...,i...,i->...", offset, offset, axes**-2.0)
    bend += 1e-12 * axes.max() ** -2  # in the middle, the depth of the longest axis
    result: Array = (1 - radius) * radius / np.sqrt(bend)
    return result


def _column(numbers: Numbers, grid: Array) -> Array:
    """One number per axis, shaped to go with a grid."""
    return np.reshape(np.asarray(numbers, grid.dtype), (-1,) + (1,) * (grid.ndim - 1))


def tube(
    grid: Array, points: Array, radius: float | Array, reach: float = 8.0
) -> Array:
    """Return the depth in a tube along a line of points.

    Parameters
    ----------
    grid
        Coordinates (d, *shape).
    points
        Centre line (n, d); its points should lie closer than the radius.
    radius
        Of the tube, or at each point.
    reach
        How far from the tube the depth is wanted; it is -inf beyond, to save time.
    """
    points = points.astype(grid.dtype)
    radii = np.broadcast_to(np.asarray(radius, grid.dtype), len(points))
    margin = radii.max() + reach
    near = np.ones(grid.shape[1:], bool)
    for coordinate, line in zip(grid, points.T, strict=True):
        near &= (coordinate > line.min() - margin) & (coordinate < line.max() + margin)
    places = grid[:, near]
    depth = np.full(grid.shape[1:], -np.inf, grid.dtype)
    best = np.full(places.shape[1], -np.inf, grid.dtype)
    for point, size in zip(points, radii, strict=True):
        offset = places - point[:, None]
        apart = np.sqrt(np.einsum("ij,ij->j", offset, offset))
        np.maximum(best, size - apart, out=best)
    depth[near] = best
    return depth


def branches(
    rng: np.random.Generator,
    start: Numbers,
    heading: Numbers,
    length: float,
    radius: float,
    smallest: float = 1.5,
) -> tuple[Array, Array]:
    """Grow the centre line of a vessel that bends and forks.

    Parameters
    ----------
    rng
        Source of bends and forks.
    start, heading
        Where the vessel begins, and its direction (any length).
    length
        Of the stem; branches are shorter.
    radius
        Of the stem; a fork keeps the sum of the cubes (Murray's law).
    smallest
        Radius at which branches end.

    Returns
    -------
    points, radii : numpy.ndarray
        Of all branches (n, d) and (n,).
    """
    position = np.array(start, float)
    direction = np.array(heading, float)
    points, radii = [], []
    for _ in range(max(2, int(length / (0.9 * radius)))):
        direction += 0.18 * rng.standard_normal(len(direction))
        direction /= np.linalg.norm(direction)
        position = position + 0.9 * radius * direction
        points.append(position)
        radii.append(radius)
    share = rng.uniform(0.3, 0.7)
    for part in (share, 1 - share):
        thinner = radius * part ** (1 / 3)
        if thinner > smallest:
            turned = direction + 0.75 * rng.standard_normal(len(direction))
            more, sizes = branches(
                rng, position, turned, 0.8 * length, 0.92 * thinner, smallest
            )
            points += list(more)
            radii += list(sizes)
    return np.array(points), np.array(radii)
