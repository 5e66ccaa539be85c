"""Overlapping organs of the chest: radiographs drawn from CT, and topograms."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .pair import PairDomain
from .radiology import frontal, radiograph, topogram
from .torso import ORGANS, torso

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Drawn = tuple[NDArray[np.uint16], dict[str, NDArray[np.uint8]]]

DESCRIPTION = (
    "lung, heart, liver, bone (overlapping) in drawn radiographs and topograms"
)
COLORS = ("#3cb44b", "#e6194b", "#f58231", "#4363d8")
CLASSES = {
    number: {"name": name, "color": color}
    for number, (name, color) in enumerate(zip(ORGANS, COLORS, strict=True), start=1)
}
SEED = 2018
SHAPE = (128, 44, 128)
DEPTH_MM = 6.0
PIXEL_MM = {"source": 3.0, "target": 3.5}
TRAIN = 24
TEST = 8
THRESHOLD_MM = 5.0
"""A pixel belongs to an organ where its ray runs more than this in it."""
SCALE = 4000
"""Grey values of the radiographs per unit of the attenuation integral."""


@cache
def draw(seed: int = SEED) -> tuple[PairDomain, ...]:
    """Draw the pair; all images are of different subjects.

    Parameters
    ----------
    seed
        The same seed gives the same pair.

    Returns
    -------
    tuple of PairDomain
        Source (radiographs drawn from CT) and target (topograms).
    """
    with ThreadPoolExecutor() as pool:  # numpy works outside the interpreter's lock
        return tuple(
            _domain(name, list(pool.map(_image, [name] * len(own), own)))
            for number, name in enumerate(PIXEL_MM)
            for own in [
                [np.random.default_rng((seed, number, k)) for k in range(TRAIN + TEST)]
            ]
        )


def _image(name: str, rng: np.random.Generator) -> Drawn:
    pixel = PIXEL_MM[name]
    body = torso(rng, SHAPE, (pixel, DEPTH_MM, pixel))
    paths = radiograph(body.hu, DEPTH_MM)
    masks = {
        organ: (frontal(part, DEPTH_MM) > THRESHOLD_MM).astype(np.uint8)
        for organ, part in body.parts.items()
    }
    if name == "target":
        return topogram(rng, paths, pixel), masks
    return np.rint(SCALE * paths).astype(np.uint16), masks


def _domain(name: str, drawn: list[Drawn]) -> PairDomain:
    extras: dict[str, Any] = {}
    return PairDomain(
        name=name,
        images=[image for image, _ in drawn],
        labels={organ: [masks[organ] for _, masks in drawn] for organ in ORGANS},
        voxel_size=(PIXEL_MM[name],) * 2,
        unit="mm",
        classes=CLASSES,
        train=TRAIN,
        extras=extras,
    )
