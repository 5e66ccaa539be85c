"""The whole heart in CT and MR, in 3D."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .heart import (
    LEFT_ATRIUM,
    LEFT_VENTRICLE,
    MYOCARDIUM,
    RIGHT_ATRIUM,
    RIGHT_VENTRICLE,
    chest,
)
from .magnet import Scanner, record
from .pair import PairDomain
from .tomograph import fan_scan, hounsfield

if TYPE_CHECKING:
    from numpy.typing import NDArray

DESCRIPTION = "five regions of the heart in 3D: enhanced CT and balanced MR"
CLASSES = {
    LEFT_VENTRICLE: {"name": "left ventricle", "color": "#e6194b"},
    RIGHT_VENTRICLE: {"name": "right ventricle", "color": "#4363d8"},
    LEFT_ATRIUM: {"name": "left atrium", "color": "#f58231"},
    RIGHT_ATRIUM: {"name": "right atrium", "color": "#46f0f0"},
    MYOCARDIUM: {"name": "myocardium", "color": "#3cb44b"},
}
SEED = 2018
SHAPE = (29, 58, 58)
VOXEL_MM = 3.5
TRAIN = 12
TEST = 4

ENHANCED = {
    "lung": (-850, 25), "fat": (-100, 6), "muscle": (55, 6),
    "myocardium": (105, 12), "blood": (390, 50), "venous": (230, 60),
    "liver": (80, 12), "food": (35, 15), "marrow": (200, 35), "bone": (520, 60),
    "disc": (80, 10), "fluid": (30, 8),
}  # fmt: skip
"""Hounsfield units, mean and spread over subjects: contrast agent, left side ahead."""
MAGNET = Scanner(
    "balanced", flip=70, repetition=4.0, resolution=(6.0, 3.6, 4.4), noise=0.035,
    shading=0.22, coil=(0.0, 0.6, 0.0), fat=0.15, flow=0.08, gain=1200,
)  # fmt: skip
"""Balanced gradient echo with suppressed fat, coarser from slice to slice."""


@cache
def draw(seed: int = SEED) -> tuple[PairDomain, ...]:
    """Draw the pair; all volumes are of different subjects.

    Parameters
    ----------
    seed
        The same seed gives the same pair.

    Returns
    -------
    tuple of PairDomain
        Source (CT) and target (MR).
    """
    generators = [
        [np.random.default_rng((seed, number, k)) for k in range(TRAIN + TEST)]
        for number in range(2)
    ]
    with ThreadPoolExecutor() as pool:  # numpy works outside the interpreter's lock
        ct, mr = list(pool.map(_ct, generators[0])), list(pool.map(_mr, generators[1]))
    window = {"normalise": {"window": [-200, 600]}}
    return _domain("source", ct, window), _domain("target", mr, {})


def _ct(rng: np.random.Generator) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    body = chest(rng, SHAPE, VOXEL_MM)
    image = hounsfield(rng, body, ENHANCED, rough=8)
    return fan_scan(rng, image, VOXEL_MM, blur=1.3, noise=22), body.labels


def _mr(rng: np.random.Generator) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    body = chest(rng, SHAPE, VOXEL_MM)
    return record(rng, body, MAGNET), body.labels


def _domain(name: str, samples: list[Any], extras: dict[str, Any]) -> PairDomain:
    images, labels = zip(*samples, strict=True)
    return PairDomain(
        name=name,
        images=images,
        labels=labels,
        voxel_size=(VOXEL_MM,) * 3,
        unit="mm",
        classes=CLASSES,
        train=TRAIN,
        extras=extras,
    )
