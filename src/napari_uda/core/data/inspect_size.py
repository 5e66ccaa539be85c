"""Whether the voxel size of a sample is known, and said once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uda.core.io import NANOMETRES, Geometry

from .inspection import Problem
from .load import voxel_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uda.core.io import Volume
    from napari_uda.core.spec.domain import Dataset, DomainName

TOLERANCE = 1.02
"""Ratio of two voxel sizes up to which they count as equal."""


def size_problems(dataset: Dataset, name: DomainName, volume: Volume) -> list[Problem]:
    """Return what is wrong with the voxel size of a sample."""
    domain, own = dataset.domain(name), volume.header.geometry
    size, unit = voxel_size(domain, volume)
    if size is None or unit is None:
        if dataset.voxel_size is not None:
            return [
                Problem(
                    "error",
                    "no_voxel_size",
                    "it has no voxel size, so it cannot be resampled: give its voxel "
                    "size and unit, or switch resampling off.",
                )
            ]
        return [
            Problem(
                "note",
                "no_voxel_size",
                "its voxel size is not known: distances such as HD95 are then in "
                "pixels, and it cannot be told whether both domains are magnified "
                "alike; give its voxel size and unit if you know them.",
            )
        ]
    said = Geometry(domain.voxel_size, domain.unit)
    if domain.voxel_size_first or not own.unit or not _contradict(own, said):
        return []
    return [
        Problem(
            "warning",
            "two_voxel_sizes",
            f"its file says {_by_size(own)}, dataset.yaml {_by_size(said)}: the file "
            "counts; correct dataset.yaml, or type the voxel size in the Data tab.",
        )
    ]


def _contradict(one: Geometry, other: Geometry) -> bool:
    """Tell whether two voxel sizes differ along an axis that both have."""
    if not (one.voxel_size and one.unit and other.voxel_size and other.unit):
        return False
    scale = NANOMETRES[one.unit] / NANOMETRES[other.unit]
    axes = min(len(one.voxel_size), len(other.voxel_size))
    sides = np.array(one.voxel_size[-axes:]) * scale
    return differ(sides, np.array(other.voxel_size[-axes:]))


def differ(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Tell whether two voxel sizes in one unit are not equal."""
    return bool(np.any(np.maximum(one / other, other / one) > TOLERANCE))


def _by_size(geometry: Geometry) -> str:
    sides = " x ".join(f"{side:.4g}" for side in geometry.voxel_size or ())
    return f"{sides} {geometry.unit}"
