"""Procedural CT of the trunk: lungs, heart, liver and bones, exact labels, in mm.

Axes are (z, y, x): z to the head, y to the back, x to the patient's left; the origin is
in the middle of the chest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .fields import branches, ellipsoid, fourier_noise, rotation, step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

ORGANS = ("lung", "heart", "liver", "bone")


class Torso(NamedTuple):
    """A subject in the scanner."""

    hu: NDArray[np.float32]
    """CT numbers (z, y, x) in HU."""
    parts: dict[str, NDArray[np.float32]]
    """How much of each voxel lies in each organ of `ORGANS`, 0 to 1."""


def torso(
    rng: np.random.Generator, shape: tuple[int, int, int], voxel_size: Sequence[float]
) -> Torso:
    """Draw the trunk of one subject, arms raised, from the neck to the upper abdomen.

    Parameters
    ----------
    rng
        Source of the subject.
    shape
        Planes, rows and columns.
    voxel_size
        Size of a voxel in mm, z, y, x.
    """
    return _Subject(rng, shape, voxel_size).draw()


class _Subject:
    """A trunk that is painted organ by organ, the outermost first."""

    def __init__(
        self,
        rng: np.random.Generator,
        shape: tuple[int, int, int],
        voxel_size: Sequence[float],
    ) -> None:
        self.rng = rng
        self.voxel_size = np.array(voxel_size, float)
        self.middle = (np.array(shape) - 1) / 2
        offset = np.indices(shape, np.float32) - self.middle.reshape(3, 1, 1, 1)
        straight = offset * self.voxel_size.reshape(3, 1, 1, 1)
        # One smooth warp of space makes the anatomy of subjects differ everywhere.
        bend = [3.0 * self.noise(shape, 45) for _ in range(3)]
        size = np.exp(rng.normal(0, 0.06, 3)).reshape(3, 1, 1, 1)
        shift = np.array([rng.uniform(-22, 12), 0, rng.normal(0, 6)])
        moved = (straight - shift.reshape(3, 1, 1, 1)) / size
        moved[2] += np.tan(rng.normal(0, 0.035)) * moved[0]
        self.grid = (moved + np.stack(bend)).astype(np.float32)
        self.unwarped = moved.astype(np.float32)
        self.hu = np.full(shape, -1000, np.float32)
        self.parts = {name: np.zeros(shape, np.float32) for name in ORGANS}

    def noise(self, shape: tuple[int, ...], length: float) -> Array:
        """Draw a smooth field of unit variance with a correlation length in mm."""
        return fourier_noise(self.rng, shape, length / float(self.voxel_size.max()))

    def paint(
        self, depth: Array, value: float | Array, organ: str = "", part: float = 1.0
    ) -> None:
        """Paint a structure of a depth in mm over what is there."""
        weight = part * step(depth / float(self.voxel_size.mean()))
        self.hu += weight * (value - self.hu)
        if part == 1:
            for share in self.parts.values():
                share *= 1 - weight
            if organ:
                self.parts[organ] += weight

    def beads(self, points: Array, radii: Array) -> Array:
        """Return the depth in a chain of balls, points (n, 3) in mm."""
        depth = np.full(self.hu.shape, -99.0, np.float32)
        reach = np.ceil((radii.max() + 3) / self.voxel_size).astype(int)
        box = np.stack(
            np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), -1
        ).reshape(-1, 3)
        centre = np.rint(points / self.voxel_size + self.middle).astype(int)
        index = centre[:, None] + box
        offset = (centre - self.middle) * self.voxel_size - points
        place = offset.astype(np.float32)[:, None] + (box * self.voxel_size).astype(
            np.float32
        )
        apart = np.sqrt(np.einsum("nki,nki->nk", place, place))
        inside = ((index >= 0) & (index < self.hu.shape)).all(-1)
        flat = np.ravel_multi_index(tuple(index[inside].T), self.hu.shape)
        values = (radii[:, None] - apart)[inside].astype(np.float32)
        np.maximum.at(depth.reshape(-1), flat, values)
        return depth

    def draw(self) -> Torso:
        """Paint everything."""
        rng = self.rng
        z, y, x = self.grid
        self.wide = rng.uniform(122, 138)
        self.deep = rng.uniform(76, 92)
        self._trunk()
        cage = self._cage(z, y, x)
        right, left = rng.uniform(-62, -38), 0.0
        left = right - rng.uniform(6, 18)
        dome_right = right - ((x + 62) / 62) ** 2 * 26 - ((y + 10) / 75) ** 2 * 34
        dome_left = left - ((x - 68) / 60) ** 2 * 26 - ((y + 10) / 75) ** 2 * 34
        diaphragm = np.where(x < -2, dome_right, dome_left)

        width = 21 + 13 * np.exp(-(((z - 5) / 55) ** 2)) + 2 * self.noise(z.shape, 25)
        apart = np.abs(x - 4) - width
        lungs = np.minimum(np.minimum(cage - 3, apart), 0.9 * (z - diaphragm))
        texture = 26 * self.noise(z.shape, 9) - 0.25 * y
        self.paint(lungs, rng.normal(-815, 28) - texture, "lung")
        self._vessels(lungs)
        self._belly(cage, diaphragm)
        self._heart(diaphragm)
        self._skeleton()
        uneven = 12 * self.noise(z.shape, 6)
        hu = np.where(self.hu > -950, self.hu + uneven, self.hu)
        return Torso(hu.astype(np.float32), self.parts)

    def _trunk(self) -> None:
        z, y, x = self.grid
        rng = self.rng
        skin, wall = rng.uniform(8, 26), rng.uniform(14, 22)
        # Shoulders widen the trunk before it narrows to the neck.
        neck = 1 / (1 + np.exp(-(z - 158) / 9))
        shoulders = np.exp(-(((z - 128) / 38) ** 2))
        wide = (self.wide + wall + 20 * shoulders) * (1 - neck) + 58 * neck
        deep = (self.deep + wall) * (1 - neck) + 60 * neck
        radius = ((np.abs(x) / wide) ** 2.5 + (np.abs(y) / deep) ** 2.5) ** 0.4
        muscle = (1 - radius) * np.minimum(wide, deep)
        self.paint(muscle + skin, rng.normal(-100, 5))
        self.paint(muscle, rng.normal(48, 6))
        windpipe = ellipsoid(self.grid[1:], (8, 0), (9, 9)) - 0.2 * (40 - z).clip(0)
        self.paint(windpipe, -960)

    def _cage(self, z: Array, y: Array, x: Array) -> Array:
        """Return the depth inside the ribs."""
        side = np.where(x > 0, 1.0, -1.0)
        centre = side * 0.42 * self.wide
        top = ellipsoid(
            np.stack([z, y, x - centre]),
            (-40, 4, 0),
            (178, self.deep, 0.62 * self.wide),
            power=2.3,
        )
        return top

    def _vessels(self, lungs: Array) -> None:
        rng = self.rng
        points: list[Array] = []
        radii: list[Array] = []
        for side in (-1, 1):
            for _ in range(7):
                start = (rng.uniform(-5, 35), rng.uniform(0, 18), side * 34.0)
                heading = (rng.normal(-0.2, 1), rng.normal(0, 0.5), side * 1.2)
                line, sizes = branches(rng, start, heading, 45, rng.uniform(4, 6), 1.5)
                points.append(line)
                radii.append(sizes)
        tree = self.beads(np.concatenate(points), np.concatenate(radii))
        self.paint(np.minimum(tree, lungs), 30, part=0.8)

    def _belly(self, cage: Array, diaphragm: Array) -> None:
        rng = self.rng
        z = self.grid[0]
        below = diaphragm - z - 3
        inside = np.minimum(cage - 4, below)
        low = np.minimum(below, ellipsoid(self.grid[1:], (0, 0), (78, 118)) - 2)
        self.paint(
            np.maximum(inside, low), rng.normal(-20, 25) + 35 * self.noise(z.shape, 14)
        )
        room = np.maximum(inside, low) - 2
        spleen = ellipsoid(self.grid, (-95, 35, 92), (42, 26, 24))
        self.paint(np.minimum(spleen, room), 55)
        centre = (rng.uniform(-128, -108), rng.uniform(-8, 8), rng.uniform(-62, -48))
        semi = (rng.uniform(62, 86), rng.uniform(66, 80), rng.uniform(78, 100))
        liver = ellipsoid(self.grid, centre, semi, power=2.2)
        lobe = ellipsoid(self.grid, (centre[0] + 22, -25, 12), (30, 34, 50))
        self.paint(
            np.minimum(np.maximum(liver, lobe), room), rng.normal(78, 14), "liver"
        )
        bubble = ellipsoid(
            self.grid,
            (rng.uniform(-98, -80), -18, rng.uniform(52, 76)),
            rng.uniform((14, 22, 18), (24, 34, 36)),
        )
        self.paint(np.minimum(bubble, room), -880)
        for _ in range(rng.integers(2, 7)):
            at = rng.uniform((-185, -45, -75), (-140, 5, 90))
            gas = ellipsoid(self.grid, at, rng.uniform(9, 24, 3))
            free = np.where(self.parts["liver"] > 0.5, -5.0, room)
            self.paint(np.minimum(gas, free), -820)

    def _heart(self, diaphragm: Array) -> None:
        rng = self.rng
        z, _, x = self.grid
        arch = ellipsoid(self.grid, (62, 8, 20), (16, 34, 17))
        trunk = ellipsoid(self.grid, (30, -12, 20), (34, 26, 20))
        self.paint(np.maximum(arch, trunk), rng.normal(50, 6))
        aorta = ellipsoid(self.grid[1:], (40, 16), (12, 12))
        self.paint(np.minimum(aorta, 60 - z), rng.normal(45, 5))
        centre = (rng.uniform(-38, -24), rng.uniform(-34, -24), rng.uniform(14, 26))
        semi = np.array([44, 46, 62]) * rng.uniform(0.86, 1.14)
        turn = np.eye(3)
        turn[np.ix_([0, 2], [0, 2])] = rotation(rng.uniform(0.35, 0.75))
        left = ellipsoid(self.grid, centre, semi * (1, 1, rng.uniform(0.9, 1.1)), turn)
        atrium = ellipsoid(
            self.grid, (centre[0] + 8, centre[1] + 14, -16), (40, 34, 28)
        )
        heart = np.maximum(left, atrium) + 1.2 * self.noise(x.shape, 18)
        heart = np.minimum(heart, z - diaphragm + 14)
        self.paint(heart + rng.uniform(1, 5), -60)
        self.paint(heart, rng.normal(52, 10), "heart")

    def _skeleton(self) -> None:
        rng = self.rng
        z = self.grid[0]
        dense = rng.normal(300, 45)
        back = 0.80 * self.deep
        pitch = rng.uniform(25, 29)
        phase = (z / pitch) % 1
        disc = np.abs(phase - 0.5) * pitch - 0.39 * pitch
        waist = 1.8 * np.cos(2 * np.pi * phase)
        body = ellipsoid(self.grid[1:], (back, 0), (17, 20), power=2.8) + waist
        self.paint(body, 90, "bone")
        self.paint(np.minimum(body, -disc), dense, "bone")
        wings = ellipsoid(self.grid[1:], (back + 24, 0), (7, 30))
        arch = ellipsoid(self.grid[1:], (back + 30, 0), (18, 6))
        tips = np.maximum(wings, arch) - np.abs(phase - 0.5) * pitch * 0.7 + 4
        self.paint(tips, dense, "bone")
        canal = ellipsoid(self.grid[1:], (back + 22, 0), (7, 9))
        self.paint(canal, 30, "bone")

        ribs = self._ribs(pitch)
        self.paint(ribs, 0.9 * dense + 180, "bone")
        self.paint(ribs - 2.6, 0.5 * dense, "bone")
        top = 0.46 * self.wide
        for side in (-1, 1):
            t = np.linspace(0, 1, 46)
            line = np.stack(
                [
                    128 + 22 * t + 5 * np.sin(2 * np.pi * t),
                    -0.72 * self.deep + 62 * t**1.6 + 8 * np.sin(2 * np.pi * t),
                    side * (14 + 2.3 * top * t),
                ],
                -1,
            )
            clavicle = self.beads(self._there(line), np.full(46, rng.uniform(5, 6.5)))
            self.paint(clavicle, dense + 150, "bone")
            turn = np.eye(3)
            turn[1:, 1:] = rotation(side * 0.45)
            blade = ellipsoid(
                self.grid,
                (92, 0.93 * self.deep, side * 0.72 * self.wide),
                (58, 4.5, 36 + 0.15 * 58),
                turn,
            )
            spine = ellipsoid(
                self.grid, (120, self.deep, side * 0.8 * self.wide), (7, 6, 48), turn
            )
            self.paint(np.maximum(blade, spine), 0.8 * dense + 80, "bone")
        sternum = ellipsoid(self.grid, (35, -0.98 * self.deep, 0), (85, 6, 17))
        self.paint(sternum, 0.6 * dense, "bone")

    def _ribs(self, pitch: float) -> Array:
        rng = self.rng
        t = np.linspace(0, 1, 72)
        fall = rng.uniform(52, 72)
        lines, radii = [], []
        for number in range(11):
            grown = np.sin(np.pi * min(1.0, 0.34 + 0.085 * number) / 2 + 0.12)
            level = 142 - 0.93 * pitch * number
            length = 1 if number < 7 else 1 - 0.13 * (number - 6)
            angle = np.pi * (0.06 + 0.86 * length * t)
            wide, deep = (self.wide + 4) * grown, (self.deep + 2) * (0.6 + 0.4 * grown)
            for side in (-1, 1):
                across = wide * np.sin(angle) ** 0.85
                depth = deep * np.cos(angle)
                slope = fall * (0.45 + 0.55 * grown)
                height = (
                    level + 12 * np.sin(np.pi * t) - slope * (1 - np.cos(angle)) / 2
                )
                height = height + 9 * np.clip(t - 0.85, 0, 1) * 6
                line = np.stack([height, depth, side * across], -1)
                lines.append(self._there(line))
                radii.append(np.full(len(t), rng.uniform(4.6, 6.2)))
        return self.beads(np.concatenate(lines), np.concatenate(radii))

    def _there(self, points: Array) -> Array:
        """Return where points of the ideal body are in this one."""
        corner = self.unwarped[:, 0, 0, 0]
        far = self.unwarped[:, -1, -1, -1]
        # The shear and size of the subject undone; the small warp is left out.
        low = -self.middle * self.voxel_size
        lean = (self.unwarped[2, -1, 0, 0] - corner[2]) / max(
            1e-6, float(far[0] - corner[0])
        )
        part = points.copy()
        part[:, 2] -= lean * points[:, 0]
        start = corner.copy()
        start[2] -= lean * corner[0]
        end = far.copy()
        end[2] -= lean * far[0]
        result: Array = low + (part - start) / (end - start) * -2 * low
        return result
