"""Procedural sections through neuropil with exact labels.

The anatomy is drawn in nanometres with analytic profiles, so that a section can be
rendered at any pixel size. `microscope` turns it into a micrograph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.ndimage import distance_transform_edt

from .fields import smooth_noise
from .microscope import Stain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CELL_SPACING_NM = 390.0
MITOCHONDRION_RADIUS_NM = (60.0, 125.0)
MITOCHONDRION_AREA_NM2 = 2.0e4


class Section(NamedTuple):
    """A clean section and what is in it; every array has the section's shape."""

    image: NDArray[np.float32]
    """Grey levels in [0, 1], dark structures low."""
    cells: NDArray[np.int32]
    """Instance labels of the cell profiles, 1 and up; membranes belong to cells."""
    mitochondria: NDArray[np.bool_]
    """Mitochondria, their outer membrane included."""


def em_section(
    rng: np.random.Generator,
    shape: tuple[int, int],
    pixel_nm: float,
    stain: Stain | None = None,
) -> Section:
    """Draw one section through neuropil.

    Parameters
    ----------
    rng
        Source of everything that is random.
    shape
        Rows and columns of the section in pixels.
    pixel_nm
        Edge of a pixel in nanometres.
    stain
        Grey levels of the structures; `Stain()` when omitted.

    Returns
    -------
    Section
        Clean image, cell instances and mitochondria.
    """
    stain = stain or Stain()
    grid = pixel_nm * np.indices(shape).astype(np.float64)
    cells, gap = _cells(rng, grid, pixel_nm)

    grey = stain.cytoplasm + stain.cytoplasm_spread * rng.standard_normal(
        cells.max() + 1
    )
    image = grey[cells]
    image += stain.texture * smooth_noise(rng, shape, 7 / pixel_nm)
    image += 0.025 * smooth_noise(rng, shape, 28 / pixel_nm)

    depth, cristae = _mitochondria(rng, grid, pixel_nm, cells, gap)
    free = _step((-depth - 12) / 6) * _step((gap - 22) / 6)
    organelles = _organelles(rng, grid, pixel_nm, cells, depth, gap)
    image = _blend(image, stain.membrane, free * organelles)

    matrix = stain.matrix + 0.03 * rng.standard_normal(cells.max() + 1)[cells]
    matrix += 0.03 * smooth_noise(rng, shape, 8 / pixel_nm)
    image = _blend(image, matrix, _step(depth / 4))
    image = _blend(image, stain.cristae, cristae)

    # An obliquely cut membrane is wider and fainter than one cut at a right angle.
    slant = 1 + 1.6 * np.clip(smooth_noise(rng, shape, 90 / pixel_nm) - 0.4, 0, 1.5)
    membrane = np.exp(-((gap / (11 * slant)) ** 2)) / slant**0.6
    image = _blend(image, stain.membrane, membrane)
    density = _density(rng, grid, cells, gap)
    image = _blend(image, stain.membrane, density * (1 - _step(depth / 4)))
    return Section(
        np.clip(image, 0, 1).astype(np.float32), cells.astype(np.int32), depth > 0
    )


def _step(x: Array) -> Array:
    """Anti-aliased step from 0 to 1 around 0."""
    result: Array = 1 / (1 + np.exp(-4 * np.clip(x, -8, 8)))
    return result


def _line(distance: Array, width: float) -> Array:
    """Gaussian profile of a line; distance and half width in nanometres."""
    result: Array = np.exp(-((distance / width) ** 2))
    return result


def _blend(image: Array, grey: Array | float, weight: Array) -> Array:
    """Move the image towards a grey level by a weight in [0, 1]."""
    weight = np.clip(weight, 0, 1)
    return image * (1 - weight) + grey * weight


def _nearest(
    grid: Array, points: Array, radii: Array | float = 0.0, reach: float = 80.0
) -> Array:
    """Distance (nm) from every pixel to the nearest disc; infinite beyond `reach`."""
    pixel = grid[1, 0, 1]
    distance = np.full(grid.shape[1:], np.inf)
    for point, radius in zip(points, np.broadcast_to(radii, len(points)), strict=True):
        low = np.maximum((point - radius - reach) // pixel, 0).astype(int)
        high = ((point + radius + reach) // pixel).astype(int) + 2
        window = (slice(low[0], high[0]), slice(low[1], high[1]))
        dy, dx = (grid[axis][window] - point[axis] for axis in range(2))
        distance[window] = np.minimum(distance[window], np.hypot(dy, dx) - radius)
    return distance


def _cells(
    rng: np.random.Generator, grid: Array, pixel: float
) -> tuple[NDArray[np.int64], Array]:
    """Cell profiles and the distance (nm) from each pixel to the nearest membrane.

    The profiles are a warped Voronoi diagram in which every cell has its own size
    and elongation. The distance is first-order: difference over its gradient.
    """
    shape = grid.shape[1:]
    warped = grid.copy()
    for axis in range(2):
        warped[axis] += 70 * smooth_noise(rng, shape, 150 / pixel)
        warped[axis] += 9 * smooth_noise(rng, shape, 32 / pixel)

    extent = np.array(shape) * pixel
    counts = np.ceil(extent / CELL_SPACING_NM).astype(int) + 2
    lattice = np.indices(tuple(counts)).reshape(2, -1).T - 0.5
    seeds = CELL_SPACING_NM * (lattice + rng.uniform(-0.42, 0.42, lattice.shape))
    size = rng.lognormal(0, 0.3, len(seeds))
    stretch = np.exp(rng.uniform(0, 0.5, len(seeds)))
    angle = rng.uniform(0, np.pi, len(seeds))

    distances = np.empty((len(seeds), *shape))
    for i, (y, x) in enumerate(seeds):
        dy, dx = warped[0] - y, warped[1] - x
        along = np.cos(angle[i]) * dy + np.sin(angle[i]) * dx
        across = np.cos(angle[i]) * dx - np.sin(angle[i]) * dy
        distances[i] = np.hypot(along / stretch[i], across * stretch[i]) / size[i]

    order = np.argpartition(distances, 1, axis=0)[:2]
    first, second = np.take_along_axis(distances, order, 0)
    slopes = [
        np.subtract(
            *np.take_along_axis(np.gradient(distances, pixel, axis=a), order, 0)
        )
        for a in (1, 2)
    ]
    gap = np.abs(second - first) / np.maximum(np.hypot(*slopes), 0.2)
    owner = np.where(first <= second, order[0], order[1])
    return np.unique(owner, return_inverse=True)[1].reshape(shape) + 1, gap


def _mitochondria(
    rng: np.random.Generator,
    grid: Array,
    pixel: float,
    cells: NDArray[np.int64],
    gap: Array,
) -> tuple[Array, Array]:
    """Depth (nm, positive inside) in mitochondria, and weights of their membranes."""
    shape = cells.shape
    ragged = 9 * smooth_noise(rng, shape, 45 / pixel)
    ripple = smooth_noise(rng, shape, 38 / pixel)
    patchy = _step(smooth_noise(rng, shape, 35 / pixel) + 0.5)
    depth = np.full(shape, -1e3)
    dark = np.zeros(shape)
    for cell in range(1, cells.max() + 1):
        inside = cells == cell
        attempts = 1 + int(inside.sum() * pixel**2 / 2.2e5)
        for _ in range(rng.binomial(attempts, 0.42)):
            room = np.where(inside, np.minimum(gap, -depth), 0.0)
            path, radius, heading = _path(rng, room, pixel)
            if not len(path):
                continue
            taper = radius * (1 + 0.12 * np.sin(np.arange(len(path)) / 7))
            here = np.minimum(ragged - _nearest(grid, path, taper), gap - 24)
            here = np.where(inside, np.minimum(here, -depth - 30), -1e3)
            if (here > 0).sum() * pixel**2 < MITOCHONDRION_AREA_NM2:
                continue
            along = np.cos(heading) * grid[0] + np.sin(heading) * grid[1]
            phase = 2 * np.pi * along / rng.uniform(36, 52) + 1.5 * ripple
            stripes = (
                _step(2.2 * (np.cos(phase) - 0.35)) * patchy * _step((here - 22) / 6)
            )
            envelope = np.maximum(_line(here - 5, 6), 0.8 * _line(here - 20, 5))
            dark = np.maximum(dark, np.maximum(envelope, 0.85 * stripes))
            depth = np.maximum(depth, here)
    return depth, dark


def _path(
    rng: np.random.Generator, room: Array, pixel: float
) -> tuple[Array, float, float]:
    """Centre line (n, 2) of a mitochondrion in nm, its radius and its heading.

    `room` is the free distance (nm) around each pixel. The line is empty where no
    mitochondrion fits.
    """
    low, high = MITOCHONDRION_RADIUS_NM
    room = np.where(room > 0, distance_transform_edt(room > 0) * pixel, 0.0)
    candidates = np.flatnonzero(room > low + 25)
    if not len(candidates):
        return np.empty((0, 2)), 0.0, 0.0
    start = np.array(np.unravel_index(rng.choice(candidates), room.shape)) * pixel
    radius = float(
        min(rng.uniform(low, high), room.flat[_index(start, room, pixel)] - 20)
    )
    length = rng.uniform(0, 450)
    bend = rng.normal(0, 0.03)
    best = start[None]
    heading = 0.0
    for angle in rng.uniform(0, np.pi) + np.pi * np.arange(6) / 6:
        halves = []
        for sense in (1, -1):
            points = [start]
            for k in range(int(length / 12)):
                turn = angle + bend * k
                step = sense * 12 * np.array([np.cos(turn), np.sin(turn)])
                following = points[-1] + step
                if room.flat[_index(following, room, pixel)] < 0.75 * radius:
                    break
                points.append(following)
            halves.append(points)
        path = np.array(halves[1][:0:-1] + halves[0])
        if len(path) > len(best):
            best, heading = path, float(angle)
    return best, radius, heading


def _index(point: Array, room: Array, pixel: float) -> int:
    """Flat index of the pixel nearest to a point in nm, clipped to the section."""
    row, column = np.clip(
        np.rint(point / pixel).astype(int), 0, np.array(room.shape) - 1
    )
    return int(row * room.shape[1] + column)


def _organelles(
    rng: np.random.Generator,
    grid: Array,
    pixel: float,
    cells: NDArray[np.int64],
    depth: Array,
    gap: Array,
) -> Array:
    """Weights of vesicles, microtubules, reticulum and dense bodies: distractors."""
    shape = cells.shape
    dark = np.zeros(shape)
    area = grid[0].size * pixel**2 / 1e6
    open_space = (gap > 35) & (depth < -30)

    def places(mask: NDArray[np.bool_], count: int) -> Array:
        found = np.flatnonzero(mask)
        chosen = rng.choice(found, min(count, len(found)), replace=False)
        rows_columns = np.stack(np.unravel_index(chosen, shape), axis=1)
        return rows_columns.astype(np.float64) * pixel

    for cell in range(1, cells.max() + 1):
        mask = open_space & (cells == cell)
        kind = rng.random()
        if kind < 0.3:
            centre = places(mask, 1)
            near = mask & (_nearest(grid, centre, reach=260) < rng.uniform(120, 260))
            ring = _nearest(grid, places(near, int(near.sum() * pixel**2 / 3600)))
            dark = np.maximum(dark, 0.6 * _line(ring - 17, 7))
        elif kind < 0.6:
            tubules = places(mask, int(mask.sum() * pixel**2 / 9000))
            dark = np.maximum(dark, 0.55 * _line(_nearest(grid, tubules), 10))

    reticulum = smooth_noise(rng, shape, 55 / pixel)
    slope = np.hypot(*np.gradient(reticulum, pixel))
    distance = np.abs(reticulum) / np.maximum(slope, 1e-3)
    present = _step(4 * (smooth_noise(rng, shape, 120 / pixel) - 0.7))
    dark = np.maximum(dark, 0.5 * _line(distance - 12, 6) * present)

    bodies = places(open_space & (gap > 60), rng.poisson(1.6 * area))
    body = _nearest(grid, bodies, rng.uniform(45, 95, len(bodies)))
    body += 8 * smooth_noise(rng, shape, 30 / pixel)
    grains = 0.5 + 0.08 * smooth_noise(rng, shape, 12 / pixel)
    return np.maximum(dark, np.maximum(grains * _step(-body / 5), 0.8 * _line(body, 7)))


def _density(
    rng: np.random.Generator, grid: Array, cells: NDArray[np.int64], gap: Array
) -> Array:
    """Weights of postsynaptic densities: dark stretches on one side of a membrane."""
    pixel = grid[1, 0, 1]
    dark = np.zeros(cells.shape)
    edge = np.flatnonzero(gap < pixel)
    for index in rng.choice(edge, rng.poisson(2 * cells.size * pixel**2 / 1e6)):
        row, column = divmod(int(index), cells.shape[1])
        reach = np.hypot(grid[0] - row * pixel, grid[1] - column * pixel)
        stretch = _step((rng.uniform(70, 150) - reach) / 30)
        side = cells == cells[row, column]
        dark = np.maximum(dark, 0.85 * stretch * side * _line(gap, 32))
    return dark
