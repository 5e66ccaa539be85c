"""Smooth random fields, and implicit shapes given by their depth in mm or nm.

A depth is positive inside a structure, zero on its surface, and nearly a distance
close to it; the greatest of two depths is a union, the smallest an intersection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import irfftn
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, ...], sigma: float
) -> Array:
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
    result: Array = (field - field.mean()) / field.std()
    return result


def fourier_noise(
    rng: np.random.Generator, shape: tuple[int, ...], sigma: float
) -> Array:
    """Draw noise like `smooth_noise`, in frequency space: faster where it is smooth.

    Parameters
    ----------
    rng
        Source of the noise.
    shape
        Shape in pixels.
    sigma
        Standard deviation of the smoothing in pixels.
    """
    half = (*shape[:-1], shape[-1] // 2 + 1)
    spectrum = rng.standard_normal(half) + 1j * rng.standard_normal(half)
    for axis, count in enumerate(shape):
        rate = np.fft.rfftfreq if axis == len(shape) - 1 else np.fft.fftfreq
        decay = np.exp(-2 * (np.pi * sigma * rate(count)) ** 2)
        spectrum *= decay.reshape([-1 if k == axis else 1 for k in range(len(shape))])
    field: Array = irfftn(spectrum, shape)
    return (field - field.mean()) / field.std()


def step(x: Array) -> Array:
    """Anti-aliased step from 0 to 1 around 0; x in pixels."""
    result: Array = 1 / (1 + np.exp(-4 * np.clip(x, -8, 8)))
    return result


def rotation(angle: float) -> Array:
    """Return the matrix that turns (y, x) by an angle in radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def ellipsoid(
    grid: Array,
    centre: Sequence[float],
    semi_axes: Sequence[float],
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
    offset = grid - np.reshape(centre, (-1,) + (1,) * (grid.ndim - 1))
    if turn is not None:
        offset = np.einsum("ij,i...->j...", turn, offset)
    axes = np.reshape(semi_axes, (-1,) + (1,) * (grid.ndim - 1))
    scaled = np.abs(offset / axes) + 1e-9
    radius = (scaled**power).sum(0) ** (1 / power)
    slope = np.sqrt(((scaled / radius) ** (2 * power - 2) / axes**2).sum(0))
    result: Array = (1 - radius) / slope
    return result


def tube(
    grid: Array,
    points: Array,
    radius: float | Sequence[float] | Array,
    where: NDArray[np.bool_] | None = None,
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
    where
        Where the depth is wanted; elsewhere it is -inf. Saves time.
    """
    depth = np.full(grid.shape[1:], -np.inf)
    inside = np.ones(depth.shape, bool) if where is None else where
    places = grid[:, inside]
    radii = np.broadcast_to(radius, len(points))
    best = np.full(places.shape[1], -np.inf)
    for first in range(0, len(points), 32):  # blocks keep the memory small
        part = slice(first, first + 32)
        apart = ((places[:, :, None] - points[part].T[:, None]) ** 2).sum(0)
        np.maximum(best, (radii[part] - np.sqrt(apart)).max(1), out=best)
    depth[inside] = best
    return depth


def branches(
    rng: np.random.Generator,
    start: Sequence[float],
    heading: Sequence[float],
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


class Canvas:
    """A piece of body that is painted structure by structure, the outermost first.

    Parameters
    ----------
    rng
        Source of the warp that makes the anatomy of subjects differ.
    shape
        Shape in voxels.
    voxel_size
        Size of a voxel in mm.
    tissue
        What everything is made of at first.
    warp
        Standard deviation of the displacement in mm; it is smooth over `warp_length`.
    warp_length
        Correlation length of the warp in mm.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        shape: tuple[int, ...],
        voxel_size: float,
        tissue: str,
        warp: float = 0.0,
        warp_length: float = 30.0,
    ) -> None:
        self.rng = rng
        self.shape = shape
        self.voxel_size = voxel_size
        middle = np.reshape(np.array(shape) - 1, (-1,) + (1,) * len(shape)) / 2
        self.grid = voxel_size * (np.indices(shape) - middle)
        """Coordinates (d, *shape) in mm from the middle, warped."""
        for axis in range(len(shape)):
            self.grid[axis] += warp * self.noise(warp_length)
        self.fractions: dict[str, Array] = {tissue: np.ones(shape)}
        """Part of each voxel that is a tissue; the parts add up to 1."""
        self.labels = np.zeros(shape, np.uint8)
        """Label of the structure in which the centre of each voxel lies."""

    def noise(self, length: float) -> Array:
        """Draw a smooth field of unit variance with a correlation length in mm."""
        return fourier_noise(self.rng, self.shape, length / self.voxel_size)

    def paint(
        self, tissue: str, depth: Array, label: int | None = 0, part: float = 1.0
    ) -> None:
        """Paint a structure over what is there.

        Parameters
        ----------
        tissue
            What it is made of.
        depth
            Depth in the structure in mm.
        label
            Its label; None leaves the labels as they are.
        part
            How much of its voxels is the tissue; the rest stays as it is.
        """
        weight = part * step(depth / self.voxel_size)
        for other in self.fractions.values():
            other *= 1 - weight
        self.fractions.setdefault(tissue, np.zeros(self.shape))
        self.fractions[tissue] += weight
        if label is not None:
            self.labels[depth > 0] = label
