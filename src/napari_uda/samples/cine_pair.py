"""Left ventricle in short-axis cine MR of three vendors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .cine import BLOOD_POOL, MYOCARDIUM, short_axis
from .magnet import Scanner, record
from .pair import PairDomain

if TYPE_CHECKING:
    from numpy.typing import NDArray

DESCRIPTION = "left ventricle in cine MR slices of three vendors (two targets)"
CLASSES = {
    MYOCARDIUM: {"name": "myocardium", "color": "#3cb44b"},
    BLOOD_POOL: {"name": "blood pool", "color": "#e6194b"},
}
SEED = 2019
SHAPE = (128, 128)
PIXEL_MM = 1.5
TRAIN = 24
TEST = 8

VENDORS = {
    "source": Scanner(
        "balanced", flip=60, repetition=3.0, resolution=(1.7, 1.5), noise=0.025,
        shading=0.12, coil=(0.3, 0.3),
    ),
    "target": Scanner(
        "balanced", flip=40, repetition=3.6, resolution=(2.1, 1.8), noise=0.04,
        shading=0.22, coil=(0.7, 0.5), contrast_agent=3.0, fat=0.45, bands=0.4,
        flow=0.1, gain=2500,
    ),
    "target-b": Scanner(
        "spoiled", flip=20, repetition=6.0, resolution=(2.4, 2.0), noise=0.04,
        shading=0.25, coil=(0.9, 0.8), inflow=0.10, flow=0.16, gain=400,
    ),
}  # fmt: skip
"""Balanced and sharp; balanced with gadolinium and bands; spoiled, soft and shaded."""


@cache
def draw(seed: int = SEED) -> tuple[PairDomain, ...]:
    """Draw the pair; all slices are of different subjects.

    Parameters
    ----------
    seed
        The same seed gives the same pair.

    Returns
    -------
    tuple of PairDomain
        Source, target and target-b: one vendor each.
    """
    return tuple(
        _domain(name, vendor, (seed, index))
        for index, (name, vendor) in enumerate(VENDORS.items())
    )


def _domain(name: str, vendor: Scanner, seed: tuple[int, int]) -> PairDomain:
    def draw_one(index: int) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
        rng = np.random.default_rng((*seed, index))
        slice_ = short_axis(rng, SHAPE, PIXEL_MM)
        return record(rng, slice_, vendor), slice_.labels

    with ThreadPoolExecutor() as pool:  # numpy works outside the interpreter's lock
        images, labels = zip(*pool.map(draw_one, range(TRAIN + TEST)), strict=True)
    return PairDomain(
        name=name,
        images=images,
        labels=labels,
        voxel_size=(PIXEL_MM, PIXEL_MM),
        unit="mm",
        classes=CLASSES,
        train=TRAIN,
    )
