"""Liver in abdominal CT, cone-beam CT with metal, and MR."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .abdomen import LIVER, axial_slice
from .fields import ellipsoid, step
from .magnet import Scanner, record
from .pair import PairDomain
from .tomograph import METAL, ConeBeam, fan_scan, hounsfield

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .canvas import Canvas

    Array = NDArray[np.floating[Any]]

DESCRIPTION = "liver in CT, in cone-beam CT with metal streaks, and in MR (two targets)"
CLASSES = {LIVER: {"name": "liver", "color": "#e6194b"}}
SEED = 2021
SHAPE = (128, 144)
PIXEL_MM = 2.5
TRAIN = 24
TEST = 8
WINDOW = {"normalise": {"window": [-150, 250]}}

PORTAL = {
    "lung": (-830, 25), "fat": (-105, 6), "muscle": (58, 6),
    "liver": (108, 11), "spleen": (118, 11), "kidney": (170, 20), "blood": (155, 14),
    "marrow": (190, 35), "bone": (560, 60), "fluid": (8, 5), "food": (38, 15),
}  # fmt: skip
"""Hounsfield units, mean and spread over subjects, in the portal venous phase."""
NATIVE = PORTAL | {
    "liver": (60, 6), "spleen": (50, 5), "kidney": (34, 4), "blood": (42, 4),
}  # fmt: skip
"""The same without a contrast agent."""
CONE_BEAM = ConeBeam()
MAGNET = Scanner(
    "spoiled", flip=70, repetition=150, resolution=(2.9, 2.6), noise=0.03,
    shading=0.28, coil=(0.0, 0.0), fat=0.15, flow=0.1, gain=900,
)  # fmt: skip
"""T1-weighted spoiled gradient echo with incomplete suppression of fat."""


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
        Source (CT), target (cone-beam CT) and target-b (MR). Outside the round field
        of view of the cone-beam scanner nothing is labelled.
    """
    with ThreadPoolExecutor() as pool:  # numpy works outside the interpreter's lock
        ct = list(pool.map(_ct, _generators((seed, 0))))
        cone = list(pool.map(_cone, _generators((seed, 1))))
        mr = list(pool.map(_mr, _generators((seed, 2))))
    rng = np.random.default_rng(seed)
    slices, seen = CONE_BEAM.scan(rng, [body for body, _ in cone], PIXEL_MM)
    masks = [np.where(seen, labels, np.uint8(0)) for _, labels in cone]
    return (
        _domain("source", *_unzipped(ct), WINDOW),
        _domain("target", slices, masks, WINDOW),
        _domain("target-b", *_unzipped(mr), {}),
    )


def _generators(seed: tuple[int, int]) -> list[np.random.Generator]:
    return [np.random.default_rng((*seed, k)) for k in range(TRAIN + TEST)]


def _unzipped(samples: list[Any]) -> tuple[list[Any], list[Any]]:
    return [image for image, _ in samples], [labels for _, labels in samples]


def _ct(rng: np.random.Generator) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    body = axial_slice(rng, SHAPE, PIXEL_MM)
    image = hounsfield(rng, body, PORTAL)
    return fan_scan(rng, image, PIXEL_MM, blur=1.5, noise=11), body.labels


def _mr(rng: np.random.Generator) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    body = axial_slice(rng, SHAPE, PIXEL_MM)
    return record(rng, body, MAGNET), body.labels


def _cone(rng: np.random.Generator) -> tuple[Array, NDArray[np.uint8]]:
    """Return what the cone-beam scanner will see, and the labels."""
    body = axial_slice(rng, SHAPE, PIXEL_MM)
    image = hounsfield(rng, body, NATIVE)
    if rng.random() < 0.7:
        _coils(rng, body, image)
    return image, body.labels


def _coils(rng: np.random.Generator, body: Canvas, image: Array) -> None:
    """Put embolisation coils beside the liver or a stent in it."""
    for _ in range(rng.integers(1, 4)):
        centre = rng.uniform((-35, -60), (30, 25))
        coil = ellipsoid(body.grid, centre, rng.uniform(1.2, 3.0, 2))
        part = 0.5 * step(coil / PIXEL_MM)
        image += part * (METAL - image)


def _domain(
    name: str, images: list[Any], labels: list[Any], extras: dict[str, Any]
) -> PairDomain:
    return PairDomain(
        name=name,
        images=images,
        labels=labels,
        voxel_size=(PIXEL_MM, PIXEL_MM),
        unit="mm",
        classes=CLASSES,
        train=TRAIN,
        extras=extras,
    )
