"""What the tests of inspections share: a pair of domains, and ways to spoil it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.data.inspection import Inspection, Problem
    from napari_uda.core.spec.domain import Dataset

SHAPE = (160, 160)


def image(seed: int, shape: tuple[int, ...] = SHAPE) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def labels(shape: tuple[int, ...] = SHAPE, *values: int) -> NDArray[np.uint8]:
    drawn = np.zeros(shape, np.uint8)
    for index, value in enumerate(values or (1,)):
        drawn[..., 10 + 20 * index : 20 + 20 * index] = value
    return drawn


def write(folder: Path, name: str, array: NDArray[Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.npy"
    np.save(path, array)
    return path


def with_sample(data: Dataset, domain: str, number: int = 0, **changes: Any) -> Dataset:
    """Change one sample, without the checks that a real file would pass."""
    old = getattr(data, domain)
    samples = list(old.samples)
    samples[number] = samples[number].model_copy(update=changes)
    return with_domain(data, domain, samples=tuple(samples))


def with_domain(data: Dataset, domain: str, **changes: Any) -> Dataset:
    new = getattr(data, domain).model_copy(update=changes)
    return data.model_copy(update={domain: new})


def only(inspection: Inspection, code: str) -> Problem:
    found = [item for item in inspection.problems if item.code == code]
    assert len(found) == 1, [item.code for item in inspection.problems]
    return found[0]
