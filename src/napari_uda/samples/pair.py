"""The two domains of a sample pair as arrays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from .em import em_section
from .microscope import SOURCE, TARGET, Microscope, micrograph

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 2026
SHAPE = (256, 256)
TRAIN = 9
TEST = 3
MICROSCOPES = {"source": SOURCE, "target": TARGET}


@dataclass(frozen=True)
class PairDomain:
    """One domain of a sample pair; the first `TRAIN` images are for training."""

    name: str
    """"source" or "target"."""
    images: NDArray[np.uint8]
    """Micrographs (n, y, x)."""
    labels: NDArray[np.uint8]
    """Label maps (n, y, x)."""
    pixel_nm: float
    """Edge of a pixel in nanometres."""


@cache
def em_pair(seed: int = SEED) -> tuple[PairDomain, PairDomain]:
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
    stacks = np.stack(images), np.stack(masks).astype(np.uint8)
    for stack in stacks:
        stack.setflags(write=False)
    return PairDomain(name, *stacks, microscope.pixel_nm)
