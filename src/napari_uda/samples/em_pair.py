"""Mitochondria in neuropil, seen by two electron microscopes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .em import em_section
from .microscope import SOURCE, TARGET, Microscope, micrograph
from .pair import PairDomain

if TYPE_CHECKING:
    from numpy.typing import NDArray

DESCRIPTION = "mitochondria in neuropil: a sharp 6 nm microscope and a pale 8 nm one"
CLASSES = {1: {"name": "mitochondrion", "color": "#e6194b"}}
SEED = 2026
SHAPE = (256, 256)
TRAIN = 9
TEST = 3
MICROSCOPES = {"source": SOURCE, "target": TARGET}


@cache
def draw(seed: int = SEED) -> tuple[PairDomain, PairDomain]:
    """Draw the electron microscopy pair: labelled source, target with held-back truth.

    Parameters
    ----------
    seed
        The same seed gives the same pair; all sections are different specimens.

    Returns
    -------
    tuple of PairDomain
        Source and target; label 1 is mitochondrion. The arrays are read-only.
    """
    with ThreadPoolExecutor() as pool:  # numpy works outside the interpreter's lock
        source, target = (
            _domain(pool, name, microscope, (seed, index))
            for index, (name, microscope) in enumerate(MICROSCOPES.items())
        )
    return source, target


def _domain(
    pool: ThreadPoolExecutor, name: str, microscope: Microscope, seed: tuple[int, int]
) -> PairDomain:
    def draw(index: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        rng = np.random.default_rng((*seed, index))
        section = em_section(rng, SHAPE, microscope.pixel_nm, microscope.stain)
        return micrograph(rng, section.image, microscope), section.mitochondria

    images, masks = zip(*pool.map(draw, range(TRAIN + TEST)), strict=True)
    return PairDomain(
        name=name,
        images=images,
        labels=[mask.astype(np.uint8) for mask in masks],
        voxel_size=(microscope.pixel_nm,) * 2,
        unit="nm",
        classes=CLASSES,
        train=TRAIN,
    )
