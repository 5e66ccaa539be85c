"""Line integrals through a volume, differentiable, on any device."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_uda.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .geometry import XrayGeometry

CHUNK = 2**20
"""Samples taken at once, so that memory stays small."""


def line_integrals(
    volume: Tensor, voxel_size: Sequence[float], geometry: XrayGeometry
) -> Tensor:
    """Integrate volumes along the rays of a geometry.

    Joseph's method (IEEE Transactions on Medical Imaging 1982): a ray is sampled where
    it crosses the planes of voxels across its main direction, bilinearly within a
    plane, and each sample stands for the ray's length between two planes. Outside of
    the volume there is nothing.

    Parameters
    ----------
    volume
        (C, z, y, x), floating; gradients flow back to it.
    voxel_size
        Edges of a voxel (z, y, x) in mm.
    geometry
        Where the rays are.

    Returns
    -------
    Tensor
        (C, rows, columns): value times mm.

    Raises
    ------
    UserError
        If the volume does not fit between source and detector.
    """
    shape = volume.shape[1:]
    check_room(tuple(shape), voxel_size, geometry)
    points, directions = geometry.rays(volume.device, volume.dtype)
    middle = directions[geometry.size[0] // 2, geometry.size[1] // 2]
    main = int(middle.abs().argmax())
    others = [axis for axis in range(3) if axis != main]

    # On plane k of the main axis a ray is at start + k step, in units in which the
    # centres of the outermost voxels are at -1 and 1.
    size = [float(side) for side in voxel_size]
    slope = directions / directions[..., main : main + 1]
    first = -(shape[main] - 1) / 2 * size[main]
    starts, steps = [], []
    for axis in reversed(others):  # grid_sample wants x before y
        begin = points[..., axis] + (first - points[..., main]) * slope[..., axis]
        half = max(1.0, (shape[axis] - 1) / 2)  # one voxel alone has no extent
        starts.append(begin / (size[axis] * half))
        steps.append(slope[..., axis] * (size[main] / (size[axis] * half)))
    start, step = torch.stack(starts, -1), torch.stack(steps, -1)
    planes = volume.movedim(main + 1, 0)
    total = volume.new_zeros(volume.shape[0], *geometry.size)
    number = torch.arange(len(planes), device=volume.device, dtype=volume.dtype)
    chunk = max(1, CHUNK // math.prod(geometry.size))
    for some, which in zip(
        torch.split(planes, chunk), torch.split(number, chunk), strict=True
    ):
        grid = torch.addcmul(start, which[:, None, None, None], step)
        samples = F.grid_sample(
            some, grid, mode="bilinear", padding_mode="zeros", align_corners=True
        )
        total = total + samples.sum(0)
    length: Tensor = size[main] * slope.norm(dim=-1)
    return total * length


def check_room(
    shape: tuple[int, ...], voxel_size: Sequence[float], geometry: XrayGeometry
) -> None:
    """Refuse a volume that reaches the source or the detector.

    Raises
    ------
    UserError
        If its half diagonal is longer than the distance to either.
    """
    if geometry.kind == "parallel":
        return
    sides = [count * size for count, size in zip(shape, voxel_size, strict=True)]
    reach = math.hypot(*sides) / 2
    behind = geometry.source_detector - geometry.source_patient
    if reach > min(geometry.source_patient, behind):
        raise UserError(
            f"the volume reaches {reach:.0f} mm from its centre, but the source is "
            f"{geometry.source_patient:.0f} mm and the detector {behind:.0f} mm from "
            "it: enlarge source_patient or source_detector."
        )
