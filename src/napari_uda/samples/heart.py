"""Procedural hearts in their chests, in 3D with exact labels, in mm.

Axes are (z, y, x): from the feet to the head, from front to back, and from the
patient's right to the left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .canvas import Canvas
from .fields import ellipsoid, tube

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

LEFT_VENTRICLE, RIGHT_VENTRICLE, LEFT_ATRIUM, RIGHT_ATRIUM, MYOCARDIUM = range(1, 6)


class _Axis(NamedTuple):
    """The long axis of the left ventricle."""

    centre: Array
    frame: Array
    """Columns: towards the apex, and two directions across."""
    along: Array
    """How far each voxel lies behind the plane of the valves, towards the apex."""
    size: float
    """Size of the heart; 1 is an average one."""


def chest(
    rng: np.random.Generator, shape: tuple[int, int, int], voxel_mm: float
) -> Canvas:
    """Draw the heart of one subject and what lies around it.

    Parameters
    ----------
    rng
        Source of the subject.
    shape
        Slices, rows and columns.
    voxel_mm
        Edge of a voxel in mm.

    Returns
    -------
    Canvas
        Tissues, and labels 1 to 5: blood of the left and right ventricle, of the left
        and right atrium, and myocardium of the left ventricle.
    """
    canvas = Canvas(rng, shape, voxel_mm, "lung", warp=2.5, warp_length=32)
    canvas.grid += rng.uniform(-9, 9, (3, 1, 1, 1)).astype(np.float32)
    _wall(canvas)
    _belly(canvas)
    axis = _axis(canvas)
    _heart(canvas, axis)
    return canvas


def _axis(canvas: Canvas) -> _Axis:
    rng = canvas.rng
    size = rng.uniform(0.86, 1.12)
    towards = np.array([-0.42, -0.58, 0.70]) + rng.normal(0, 0.12, 3)
    frame, _ = np.linalg.qr(np.column_stack([towards, np.eye(3)[:, :2]]))
    frame[:, 0] *= np.sign(frame[:, 0] @ towards)
    centre = np.array([-8.0, 2.0, 24.0]) + rng.normal(0, 3, 3)
    offset = canvas.grid - centre.astype(np.float32).reshape(3, 1, 1, 1)
    along = np.tensordot(frame[:, 0].astype(np.float32), offset, 1)
    return _Axis(centre, frame, along + np.float32(27 * size), size)


def _heart(canvas: Canvas, axis: _Axis) -> None:
    """Chambers, great vessels and the fat around them."""
    rng, grid, size = canvas.rng, canvas.grid, axis.size
    base = axis.centre - 27 * size * axis.frame[:, 0]

    def beside(z: float, y: float, x: float, spread: float = 3.0) -> Array:
        return base + size * np.array([z, y, x]) + rng.normal(0, spread, 3)

    outer = size * np.array([52, 34, 34]) * rng.uniform(0.93, 1.07, 3)
    muscle = ellipsoid(grid, axis.centre, outer, axis.frame) + 0.8 * canvas.noise(14)
    thick = rng.uniform(8, 12)
    cavity = np.minimum(muscle - thick + 1.2 * canvas.noise(11), muscle - 5)
    muscle = np.minimum(muscle, axis.along)
    cavity = np.minimum(cavity, axis.along)

    wide = size * np.array([47, 33, 35]) * rng.uniform(0.88, 1.12, 3)
    middle = axis.centre + size * np.array([-2, -20, -32]) + rng.normal(0, 3, 3)
    right = ellipsoid(grid, middle, wide, axis.frame) + 1.2 * canvas.noise(13)
    right = np.minimum(right, axis.along - 5)

    left_room = size * np.array([23, 20, 29]) * rng.uniform(0.85, 1.15, 3)
    left_atrium = ellipsoid(grid, beside(4, 11, -8), left_room) + canvas.noise(13)
    left_atrium = np.minimum(left_atrium, -axis.along - 1.5)
    right_room = size * np.array([27, 24, 23]) * rng.uniform(0.85, 1.15, 3)
    place = beside(-6, 2, -52)
    right_atrium = ellipsoid(grid, place, right_room) + canvas.noise(13)
    right_atrium = np.minimum(right_atrium, -axis.along + 3)
    right_atrium = np.minimum(right_atrium, -left_atrium - 3)

    chambers = np.maximum(np.maximum(muscle, right + 3), left_atrium + 2)
    chambers = np.maximum(chambers, right_atrium + 2)
    cushion = np.maximum(rng.uniform(3, 8) + 3 * canvas.noise(22), 0.5)
    canvas.paint("fat", chambers + cushion)
    arteries, veins = _great_vessels(canvas, axis, base, place)
    canvas.paint("fat", np.maximum(arteries, veins) + 3)
    canvas.paint("myocardium", np.maximum(arteries, veins) + 1.5)
    canvas.paint("venous", veins)
    canvas.paint("blood", arteries)

    canvas.paint("myocardium", np.maximum(left_atrium, right_atrium) + 2)
    canvas.paint("myocardium", right + 3)
    canvas.paint("venous", right_atrium, RIGHT_ATRIUM)
    canvas.paint("blood", left_atrium, LEFT_ATRIUM)
    canvas.paint("venous", right, RIGHT_VENTRICLE)
    rough = np.minimum(canvas.noise(4) * 1.5 - 1.3, np.minimum(right, 7 - right))
    canvas.paint("myocardium", rough, None, part=0.7)
    canvas.paint("myocardium", muscle, MYOCARDIUM)
    canvas.paint("blood", cavity, LEFT_VENTRICLE)
    for side in (-1, 1):
        across = axis.frame[:, 1] * side + axis.frame[:, 2] * rng.normal(0, 0.5)
        root = axis.centre + 0.55 * (outer[1] - thick) * across
        papillary = ellipsoid(grid, root, (13, 4, 4), axis.frame)
        canvas.paint("myocardium", np.minimum(papillary, cavity), None)


def _great_vessels(
    canvas: Canvas, axis: _Axis, base: Array, atrium: Array
) -> tuple[Array, Array]:
    """Depths in vessels with the blood of the left and of the right side."""
    rng, grid, size = canvas.rng, canvas.grid, axis.size

    def line(*points: tuple[float, float, float]) -> Array:
        corners = base + size * np.array(points) + rng.normal(0, 1.5, (len(points), 3))
        places = np.linspace(0, len(corners) - 1, 9 * (len(corners) - 1))
        return np.column_stack(
            [np.interp(places, range(len(corners)), column) for column in corners.T]
        )

    root = line((8, -14, 0), (22, -22, -12), (45, -22, -20), (75, -14, -18))
    arteries = tube(grid, root, rng.uniform(12.5, 16))
    for side, height in ((-1, 4), (-1, 14), (1, 4), (1, 14)):
        vein = line((height - 4, 14, -8 + 14 * side), (height, 22, -8 + 52 * side))
        arteries = np.maximum(arteries, tube(grid, vein, rng.uniform(4.5, 6.5)))
    down = ellipsoid(
        grid, (0, rng.uniform(48, 56), rng.uniform(10, 24)), (1e4, 11.5, 11.5)
    )
    arteries = np.maximum(arteries, down)

    trunk = line((0, -40, -4), (22, -42, -2), (45, -16, 8), (50, 4, -4))
    veins = tube(grid, trunk, rng.uniform(11.5, 14.5))
    across = line((48, 2, 10), (46, 10, -50))
    veins = np.maximum(veins, tube(grid, across, rng.uniform(8, 10)))
    upper = np.linspace(atrium, np.add(atrium, (90, -6, 6)), 20)
    lower = np.linspace(atrium, np.add(atrium, (-90, 10, 4)), 20)
    veins = np.maximum(veins, tube(grid, upper, rng.uniform(8, 10.5)))
    veins = np.maximum(veins, tube(grid, lower, rng.uniform(9.5, 12.5)))
    return np.minimum(arteries, 3 - axis.along), veins


def _wall(canvas: Canvas) -> None:
    """Chest wall with ribs, breast bone and spine, and the vessels of the lung."""
    rng, z, y = canvas.rng, canvas.grid[0], canvas.grid[1]
    vessels = canvas.noise(3.0) - 2.0 - 0.4 * canvas.noise(30)
    canvas.paint("blood", 1.6 * vessels, part=0.8)
    flat = canvas.grid * np.array([0, 1, 1], np.float32).reshape(3, 1, 1, 1)
    half = rng.uniform(84, 96), rng.uniform(112, 132)
    cage = ellipsoid(flat, (0, 4, 0), (1e4, *half), power=2.3)
    canvas.paint("fat", 3 - np.abs(cage))
    canvas.paint("muscle", -cage)
    slope = rng.uniform(0.35, 0.6)
    turn = (z + slope * y + rng.uniform(0, 28)) % 28 - 14
    ribs = 5.5 - np.hypot(turn, 1.4 * (cage + 7))
    canvas.paint("bone", ribs)
    canvas.paint("marrow", ribs - 2)
    plate = ellipsoid(flat, (0, -half[0] - 3, 0), (1e4, 6, 17), power=3)
    canvas.paint("bone", plate)
    canvas.paint("marrow", plate - 2.5)
    skin = rng.uniform(14, 19)
    canvas.paint("fat", -cage - skin)
    canvas.paint("air", -cage - skin - rng.uniform(8, 30))

    back = rng.uniform(66, 74)
    canvas.paint("fat", ellipsoid(flat, (0, back - 16, 6), (1e4, 22, 25)))
    for side in (-1, 1):
        canvas.paint(
            "muscle", ellipsoid(flat, (0, back + 32, 28 * side), (1e4, 16, 24))
        )
    arch = np.maximum(
        ellipsoid(flat, (0, back + 24, 0), (1e4, 11, 15)),
        ellipsoid(flat, (0, back + 40, 0), (1e4, 17, 4)),
    )
    spine = ellipsoid(flat, (0, back, 0), (1e4, 16, 19), power=2.4)
    canvas.paint("bone", np.maximum(spine, arch))
    gap = (z + rng.uniform(0, 26)) % 26 - 3
    canvas.paint("marrow", np.minimum(spine - 2.5, np.abs(gap) - 2.5))
    canvas.paint("disc", np.minimum(spine, 2.5 - np.abs(gap)))
    canvas.paint("fluid", ellipsoid(flat, (0, back + 23, 0), (1e4, 7, 8)))


def _belly(canvas: Canvas) -> None:
    """Domes of the diaphragm with liver, stomach and spleen below."""
    rng = canvas.rng
    top = rng.uniform(-52, -34)
    stomach = ellipsoid(canvas.grid, (top - 62, -8, 55), (55, 60, 55))
    canvas.paint("fat", stomach + 4)
    canvas.paint("food", stomach)
    canvas.paint("air", np.minimum(stomach - 4, -canvas.grid[1] - 30))
    liver = ellipsoid(canvas.grid, (top - 62, -4, -48), (66, 78, 78))
    canvas.paint("fat", liver + 1.5)
    canvas.paint("liver", liver)
    veins = np.minimum(canvas.noise(5) - 1.5, liver - 5)
    canvas.paint("venous", 2 * veins, part=0.8)
