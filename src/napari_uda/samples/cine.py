"""Procedural short-axis slices through the heart with exact labels, in mm.

Rows run from front and top to the back, as cine slices are usually shown: chest wall
at the upper left, right ventricle left of the left one, liver below, lung to the right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .canvas import Canvas
from .fields import branches, ellipsoid, rotation, tube

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

MYOCARDIUM, BLOOD_POOL = 1, 2


def short_axis(
    rng: np.random.Generator, shape: tuple[int, int], pixel_mm: float
) -> Canvas:
    """Draw one slice through the left ventricle of one subject.

    Parameters
    ----------
    rng
        Source of the subject, the level of the slice and the phase of the beat.
    shape
        Rows and columns.
    pixel_mm
        Edge of a pixel in mm.

    Returns
    -------
    Canvas
        Tissues, and labels 1 (myocardium of the left ventricle) and 2 (its blood pool,
        papillary muscles included); the right ventricle is unlabelled.
    """
    canvas = Canvas(rng, shape, pixel_mm, "lung", warp=2.6, warp_length=26)
    turn = rotation(rng.normal(0, 0.22))
    shift = rng.uniform(-14, 14, 2)
    canvas.grid = np.tensordot(turn, canvas.grid, 1) - shift[:, None, None]
    canvas.grid = canvas.grid.astype(np.float32)
    _chest(canvas)
    _belly(canvas)

    base = rng.uniform(0.25, 1.0)
    outer = rng.uniform(27, 37) * (0.72 + 0.28 * base)
    wall = rng.uniform(6.0, 9.5) * (1 + 0.5 * rng.beta(1, 2))
    semi = outer * np.exp(rng.normal(0, 0.05, 2))
    tilt = rotation(rng.uniform(0, np.pi))
    ventricle = ellipsoid(canvas.grid, (0, 0), semi, tilt) + 0.7 * canvas.noise(12)
    right, right_wall = _right_ventricle(canvas, outer, base)
    sac = np.maximum(ventricle, right + right_wall)
    cushion = rng.uniform(2, 7) + 3.5 * canvas.noise(18)
    canvas.paint("fat", sac + np.maximum(cushion, 0.3))
    canvas.paint("myocardium", right + right_wall)
    canvas.paint("blood", right)
    _trabeculae(canvas, right, rng.poisson(7))

    canvas.paint("myocardium", ventricle, MYOCARDIUM)
    swell = 1.2 * canvas.noise(9)
    cavity = np.minimum(ventricle - wall + swell, ventricle - 3.5)
    canvas.paint("blood", cavity, BLOOD_POOL)
    for angle in (rng.normal(0.5, 0.25), rng.normal(2.0, 0.25)):
        reach = (outer - wall) * rng.uniform(0.5, 0.72)
        centre = reach * np.array([np.sin(angle), np.cos(angle)])
        size = rng.uniform(2.2, 4.6, 2) * min(1.0, (outer - wall) / 18)
        muscle = ellipsoid(canvas.grid, centre, size, rotation(-angle))
        canvas.paint("myocardium", np.minimum(muscle, cavity), None)
    return canvas


def _right_ventricle(canvas: Canvas, outer: float, base: float) -> tuple[Array, float]:
    """Depth in the right ventricle, to be overlapped by the left, and its wall."""
    rng = canvas.rng
    height = outer * rng.uniform(0.95, 1.2)
    width = outer * rng.uniform(0.65, 1.0) * (0.6 + 0.4 * base)
    centre = (rng.normal(-2, 4), -outer * rng.uniform(0.78, 0.98))
    turn = rotation(rng.normal(0.1, 0.18))
    body = ellipsoid(canvas.grid, centre, (height, width), turn, power=2.3)
    return body + 0.9 * canvas.noise(9), float(rng.uniform(2.0, 3.6))


def _trabeculae(canvas: Canvas, right: Array, count: int) -> None:
    """Muscle bundles near the wall of the right ventricle."""
    rim = np.flatnonzero((right > 1) & (right < 9))
    for index in canvas.rng.choice(rim, min(count, len(rim)), replace=False):
        centre = canvas.grid.reshape(2, -1)[:, index]
        size = canvas.rng.uniform(1.2, 3.2, 2)
        bundle = ellipsoid(canvas.grid, centre, size)
        canvas.paint("myocardium", np.minimum(bundle, right), None, part=0.8)


def _chest(canvas: Canvas) -> None:
    """Cage with ribs and fat at the upper left, vessels of the lung, aorta, spine."""
    rng = canvas.rng
    radius = rng.uniform(92, 108, 2)
    centre = (rng.uniform(22, 36), rng.uniform(28, 42))
    cage = ellipsoid(canvas.grid, centre, radius, power=2.2)
    vessels = canvas.noise(1.7) - 2.0 - 0.4 * canvas.noise(20)
    canvas.paint("blood", 1.2 * vessels, part=0.6)
    canvas.paint("fat", 3 - np.abs(cage - 2))
    canvas.paint("muscle", -cage)
    ribs = np.full(canvas.shape, -np.inf)
    for angle in np.arange(2.4, 6, rng.uniform(0.30, 0.36)) + rng.uniform(0, 0.3):
        middle = np.array(centre) + (radius + 8) * (np.sin(angle), np.cos(angle))
        rib = ellipsoid(canvas.grid, middle, (4.5, 8.5), rotation(-angle - np.pi / 2))
        np.maximum(ribs, rib, out=ribs)
    canvas.paint("bone", ribs + 1.5)
    canvas.paint("marrow", ribs)
    wall = rng.uniform(15, 22)
    skin = rng.uniform(10, 28)
    canvas.paint("fat", -cage - wall - 2 * canvas.noise(20))
    canvas.paint("air", -cage - wall - skin)

    aorta = (rng.uniform(46, 66), rng.uniform(44, 64))
    tube = ellipsoid(canvas.grid, aorta, rng.uniform(9, 12.5, 2))
    canvas.paint("fat", tube + rng.uniform(2, 6))
    canvas.paint("muscle", tube + 1.4)
    canvas.paint("blood", tube)
    spine = ellipsoid(canvas.grid, np.add(aorta, (12, 32)), (19, 22), power=2.6)
    canvas.paint("bone", spine + 1.5)
    canvas.paint("marrow", spine)


def _belly(canvas: Canvas) -> None:
    """Liver below the heart, stomach or spleen beside it."""
    rng = canvas.rng
    top = rng.uniform(36, 62)
    liver = ellipsoid(canvas.grid, (top + 55, rng.uniform(-45, -15)), (56, 76))
    side = ellipsoid(canvas.grid, (top + 48, rng.uniform(35, 60)), (42, 40))
    canvas.paint("fat", side + 3)
    canvas.paint(str(rng.choice(["food", "spleen"])), side)
    canvas.paint("fat", liver + rng.uniform(0.5, 2.5))
    canvas.paint("liver", liver)
    for _ in range(rng.integers(1, 4)):
        start = (top + rng.uniform(10, 45), rng.uniform(-80, 10))
        line, radii = branches(rng, start, rng.normal(size=2), 12, 3)
        vein = tube(canvas.grid, line, radii)
        canvas.paint("blood", np.minimum(vein, liver - 3), part=0.8)
