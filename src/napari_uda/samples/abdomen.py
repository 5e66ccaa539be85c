"""Procedural axial slices through the upper abdomen with exact labels, in mm.

Rows run from front to back, columns from the patient's right to the left, as on CT.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .canvas import Canvas
from .fields import branches, ellipsoid, rotation, tube

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

LIVER = 1


def axial_slice(
    rng: np.random.Generator, shape: tuple[int, int], pixel_mm: float
) -> Canvas:
    """Draw one slice at the level of the liver of one subject.

    Parameters
    ----------
    rng
        Source of the subject and of the level of the slice.
    shape
        Rows and columns.
    pixel_mm
        Edge of a pixel in mm.

    Returns
    -------
    Canvas
        Tissues, and label 1 (liver, its vessels included).
    """
    canvas = Canvas(rng, shape, pixel_mm, "air", warp=4, warp_length=35)
    canvas.grid += rng.uniform(-8, 8, (2, 1, 1)).astype(np.float32)
    level = rng.uniform(0, 1)
    half = np.array([rng.uniform(92, 122), rng.uniform(132, 160)])
    body = ellipsoid(canvas.grid, (0, 0), half, power=2.4)
    cavity = _wall(canvas, body, half)
    spine = half[0] - rng.uniform(52, 62)
    _spine(canvas, spine)
    if level > 0.4:
        _kidneys(canvas, spine, level)
    _bowel(canvas, cavity, level)
    _left_side(canvas, cavity, half, spine)
    liver = _liver(canvas, cavity, half, level)
    canvas.paint("fat", np.minimum(liver + rng.uniform(0.5, 2.5), cavity))
    canvas.paint("liver", liver, LIVER)
    _vessels(canvas, liver, spine)
    if level > 0.5 and rng.random() < 0.7:
        centre = (-rng.uniform(10, 40), -rng.uniform(35, 60))
        bladder = ellipsoid(canvas.grid, centre, rng.uniform(9, 19, 2))
        bladder = np.minimum(bladder, cavity - 3)
        canvas.paint("muscle", bladder + 1.2)
        canvas.paint("fluid", bladder)
    if level < 0.4:
        behind = canvas.grid[0] - half[0] * rng.uniform(0.05, 0.35)
        lung = np.minimum(rng.uniform(6, 22) * (1 - level) - cavity, cavity)
        lung = np.minimum(lung, behind + 4 * canvas.noise(15))
        canvas.paint("lung", np.minimum(lung, np.abs(canvas.grid[1]) - 26))
    return canvas


def _wall(canvas: Canvas, body: Array, half: Array) -> Array:
    """Skin, fat, muscle and ribs; returns the depth in the cavity."""
    rng = canvas.rng
    canvas.paint("muscle", body)
    canvas.paint("fat", body - 1.5)
    skin = rng.uniform(7, 26) * (1 + 0.15 * canvas.noise(40))
    muscle = rng.uniform(8, 13)
    canvas.paint("muscle", body - skin)
    cavity: Array = body - skin - muscle
    canvas.paint("fat", cavity)
    ribs = np.full(canvas.shape, -np.inf)
    inside = half - np.mean(skin) - 0.5 * muscle
    start = rng.uniform(0, 0.4)
    for angle in np.arange(start, 2 * np.pi, rng.uniform(0.38, 0.5)):
        if abs(np.sin(angle + np.pi / 2)) > 0.93:  # none in the midline
            continue
        direction = np.array([np.cos(angle), np.sin(angle)])
        middle = direction / (np.abs(direction / inside) ** 2.4).sum() ** (1 / 2.4)
        turn = rotation(-np.arctan2(direction[1], direction[0]) + np.pi / 2)
        size = (rng.uniform(6, 11), rng.uniform(3, 4.5))
        np.maximum(ribs, ellipsoid(canvas.grid, middle, size, turn.T), out=ribs)
    canvas.paint("bone", ribs)
    canvas.paint("marrow", ribs - 2)
    return cavity


def _spine(canvas: Canvas, back: float) -> None:
    """Vertebra with its arch, cord and the muscles beside it."""
    grid, rng = canvas.grid, canvas.rng
    for side in (-1, 1):
        size = rng.uniform(19, 24), rng.uniform(22, 28)
        canvas.paint("muscle", ellipsoid(grid, (back + 32, 29 * side), size))
    process = ellipsoid(grid, (back + 40, 0), (17, 3.5))
    arch = ellipsoid(grid, (back + 25, 0), (11, 15))
    across = ellipsoid(grid, (back + 22, 0), (5, 34))
    vertebra = ellipsoid(grid, (back, 0), (rng.uniform(15, 18), 21), power=2.5)
    bone = np.maximum(np.maximum(process, arch), np.maximum(across, vertebra))
    canvas.paint("bone", bone + 0.3 * canvas.noise(6))
    canvas.paint("marrow", np.maximum(vertebra - 2.5, arch - 4))
    canvas.paint("fat", ellipsoid(grid, (back + 25, 0), (8, 10)))
    canvas.paint("muscle", ellipsoid(grid, (back + 25, 0), (5, 6.5)))


def _kidneys(canvas: Canvas, back: float, level: float) -> None:
    rng = canvas.rng
    for side in (-1, 1):
        centre = (back + rng.uniform(0, 14), side * rng.uniform(56, 68))
        size = np.array([rng.uniform(25, 31), rng.uniform(20, 25)])
        size *= min(1.0, 0.35 + 1.1 * (level - 0.3))
        turn = rotation(side * rng.uniform(-0.5, -0.1))
        kidney = ellipsoid(canvas.grid, centre, size, turn)
        canvas.paint("kidney", kidney)
        inner = (centre[0] - 4, centre[1] - side * 0.45 * size[1])
        sinus = ellipsoid(canvas.grid, inner, size * (0.45, 0.5)) + canvas.noise(5)
        canvas.paint("fat", np.minimum(sinus, kidney + 3))
        canvas.paint("fluid", np.minimum(sinus - 5, kidney))


def _bowel(canvas: Canvas, cavity: Array, level: float) -> None:
    """Loops of gut in the fat of the front, more of them lower down."""
    rng = canvas.rng
    for _ in range(rng.poisson(2 + 9 * level)):
        centre = (rng.uniform(-70, 10), rng.uniform(-60, 105))
        size = rng.uniform(8, 19, 2)
        loop = ellipsoid(canvas.grid, centre, size, rotation(rng.uniform(0, 3)))
        loop = np.minimum(loop + 1.5 * canvas.noise(7), cavity - 3)
        canvas.paint("fat", loop + 2)
        canvas.paint("muscle", loop)
        canvas.paint("food", loop - 2)
        if rng.random() < 0.45:
            above = centre[0] - rng.uniform(-2, 6) - canvas.grid[0]
            canvas.paint("air", np.minimum(loop - 2.5, above))


def _left_side(canvas: Canvas, cavity: Array, half: Array, back: float) -> None:
    """Stomach with fluid level, spleen, and the aorta in front of the spine."""
    rng = canvas.rng
    centre = (-rng.uniform(15, 45), rng.uniform(45, 75))
    size = rng.uniform(26, 44), rng.uniform(26, 46)
    stomach = ellipsoid(canvas.grid, centre, size, rotation(rng.uniform(-0.6, 0.6)))
    stomach = np.minimum(stomach + 2.5 * canvas.noise(14), cavity - 3)
    canvas.paint("fat", stomach + 3)
    canvas.paint("muscle", stomach)
    canvas.paint("food", stomach - 3.5)
    if rng.random() < 0.75:
        above = centre[0] - rng.uniform(5, 22) - canvas.grid[0]
        canvas.paint("air", np.minimum(stomach - 4, above))

    place = (rng.uniform(5, 35), half[1] - rng.uniform(42, 56))
    size = rng.uniform(36, 52), rng.uniform(18, 28)
    spleen = ellipsoid(canvas.grid, place, size, rotation(rng.uniform(-0.5, 0.0)))
    spleen = np.minimum(spleen + 1.5 * canvas.noise(12), cavity - 2)
    canvas.paint("fat", spleen + 2)
    canvas.paint("spleen", spleen)

    aorta = ellipsoid(
        canvas.grid, (back - rng.uniform(27, 31), rng.uniform(6, 16)),
        rng.uniform(9, 12, 2),
    )  # fmt: skip
    canvas.paint("muscle", aorta + 1.2)
    canvas.paint("blood", aorta)


def _liver(canvas: Canvas, cavity: Array, half: Array, level: float) -> Array:
    """Right and left lobe with the fissure between them."""
    rng = canvas.rng
    shrink = 1 - 0.45 * max(level - 0.35, 0)
    size = rng.uniform(70, 92) * shrink, rng.uniform(54, 72) * shrink
    centre = (rng.uniform(-12, 10) + 12 * level, -half[1] + rng.uniform(58, 74))
    right = ellipsoid(canvas.grid, centre, size, rotation(rng.normal(0.15, 0.1)))
    size = rng.uniform(22, 36), rng.uniform(48, 78) * (1.1 - 0.75 * level)
    centre = (-rng.uniform(38, 55), rng.uniform(-28, 2))
    left = ellipsoid(canvas.grid, centre, size, rotation(rng.normal(-0.1, 0.12)))
    liver = np.maximum(right, left) + 2.2 * canvas.noise(14)
    points = np.linspace((-95, rng.uniform(-22, -5)), (-30, rng.uniform(-35, -18)), 30)
    fissure = tube(canvas.grid, points, rng.uniform(0.5, 2.6))
    whole: Array = np.minimum(np.minimum(liver, cavity - 1.5), -fissure)
    return whole


def _vessels(canvas: Canvas, liver: Array, back: float) -> None:
    """Vena cava, hepatic veins that reach it, and branches of the portal vein."""
    rng = canvas.rng
    cava = np.array([back - rng.uniform(28, 36), -rng.uniform(16, 26)])
    trunk = ellipsoid(canvas.grid, cava, rng.uniform(8.5, 13, 2))
    canvas.paint("blood", trunk)
    roots = [(cava, 4.2), (np.array([-rng.uniform(0, 25), -rng.uniform(20, 50)]), 5.0)]
    for root, radius in roots:
        for heading in rng.normal((-0.2, -1.0), 0.6, (rng.integers(1, 3), 2)):
            thick = radius * rng.uniform(0.6, 1.0)
            line, radii = branches(rng, root, heading, 26, thick)
            veins = tube(canvas.grid, line, radii)
            canvas.paint("blood", np.minimum(veins, liver - 3), None)
