"""CT volumes of trunks with masks of organs, to draw radiographs from."""

from __future__ import annotations

from functools import cache

import numpy as np

from .pair import PairDomain
from .torso import ORGANS, torso
from .torso_pair import CLASSES

DESCRIPTION = "CT volumes of the trunk with organ masks, to try the drr command on"
SEED = 2019
SHAPE = (96, 72, 96)
VOXEL_MM = 4.0
COUNT = 4
TRAIN = 3


@cache
def draw(seed: int = SEED) -> tuple[PairDomain, ...]:
    """Draw the volumes, of different subjects.

    Parameters
    ----------
    seed
        The same seed gives the same volumes.

    Returns
    -------
    tuple of PairDomain
        One domain only, source.
    """
    size = (VOXEL_MM,) * 3
    bodies = [
        torso(np.random.default_rng((seed, k)), SHAPE, size) for k in range(COUNT)
    ]
    masks = {
        organ: [(body.parts[organ] > 0.5).astype(np.uint8) for body in bodies]
        for organ in ORGANS
    }
    images = [np.rint(body.hu).astype(np.int16) for body in bodies]
    extras = {"normalise": {"window": [-1000, 600]}}
    return (PairDomain("source", images, masks, size, "mm", CLASSES, TRAIN, extras),)
