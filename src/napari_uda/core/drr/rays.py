"""Line integrals through a volume, differentiable, on any device.

A ray is followed slab by slab along the axis on which it crosses voxels fastest, so
that it leaves at most one voxel sideways per axis and slab. A volume is either

- linear between voxels: interpolated in the middle plane of a slab and counted with the
  ray's length in the slab (P. M. Joseph, "An improved algorithm for reprojecting rays
  through pixel images", IEEE Trans. Med. Imaging 1(3), 1982), or
- constant in each voxel: weighted with the exact lengths in the at most three voxels of
  a slab that the ray meets (R. L. Siddon, "Fast calculation of the exact radiological
  path for a three-dimensional CT array", Med. Phys. 12(2), 1985, defines the quantity).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import grid_sample
from torch.utils.checkpoint import checkpoint

from napari_uda.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .geometry import XrayGeometry

Between = Literal["linear", "constant"]

CHUNK = 2**20
"""Samples taken at once, so that memory stays small."""
RAYS = 2**16
"""Rays followed at once."""
_NONE = -1
_STRAIGHT = 1e-9  # voxels per slab: stands for none where a division needs some


def line_integrals(
    volume: Tensor,
    voxel_size: Sequence[float],
    geometry: XrayGeometry,
    between: Between = "linear",
) -> Tensor:
    """Integrate volumes along the rays of a geometry. Outside of them is nothing.

    Parameters
    ----------
    volume
        (C, z, y, x); gradients flow back to it if it is floating.
    voxel_size
        Edges of a voxel (z, y, x) in mm.
    geometry
        Where the rays are.
    between
        What a volume is between the centres of voxels, see `integrate`.

    Returns
    -------
    Tensor
        (C, rows, columns): value times mm, of the volume's type or float32.

    Raises
    ------
    UserError
        If the volume does not fit between source and detector.
    """
    check_room(tuple(volume.shape[1:]), voxel_size, geometry)
    dtype = volume.dtype if volume.is_floating_point() else torch.float32
    points, directions = (
        ray.reshape(-1, 3) for ray in geometry.rays(volume.device, dtype)
    )
    found = integrate(volume, voxel_size, points, directions, between)
    return found.view(len(volume), *geometry.size)


def integrate(
    volume: Tensor,
    voxel_size: Sequence[float],
    points: Tensor,
    directions: Tensor,
    between: Between = "linear",
) -> Tensor:
    """Integrate volumes along any rays.

    Differentiable in the volume and in the rays. Without gradients in the volume, what
    is zero around its content costs next to nothing. Memory does not grow with the
    number of slabs, not even for gradients.

    Parameters
    ----------
    volume
        Values of voxels, (C, z, y, x), any type; zero outside.
    voxel_size
        Edges of a voxel (z, y, x) in mm.
    points, directions
        Of R rays, (R, 3), in mm from the centre of the volume; directions of length 1.
        On the device of the volume; in the type to compute with.
    between
        What a volume is between the centres of voxels: `linear`, or `constant` in each
        voxel, for masks: a ray is exactly 0 long in a mask that it misses.

    Returns
    -------
    Tensor
        (C, R): value times mm.
    """
    side = points.new_tensor(voxel_size)
    middle = (points.new_tensor(volume.shape[1:]) - 1) / 2
    places = points / side + middle
    slopes = directions / side
    fastest = slopes.detach().abs().argmax(1)
    if not volume.requires_grad:
        fastest[~_meeting(volume, places.detach(), slopes.detach())] = _NONE
    result = points.new_zeros(len(volume), len(points))
    for axis in range(3):
        turned = volume.movedim(axis + 1, 1)
        order = [axis, *(other for other in range(3) if other != axis)]
        along = (fastest == axis).nonzero()[:, 0]
        for first in range(0, len(along), RAYS):
            some = along[first : first + RAYS]
            found = _march(
                turned, places[some][:, order], slopes[some][:, order], between
            )
            result = result.index_copy(1, some, found)
    return result


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


def _meeting(volume: Tensor, places: Tensor, slopes: Tensor) -> Tensor:
    """Tell which rays come near a voxel that is not zero, by the box around those."""
    solid = volume.any(0)
    low, high = places.new_empty(3), places.new_empty(3)
    for axis in range(3):
        others = [other for other in range(3) if other != axis]
        layers = solid.any(others[1]).any(others[0]).nonzero()[:, 0]
        if not len(layers):
            return torch.zeros(len(places), dtype=torch.bool, device=places.device)
        low[axis], high[axis] = layers[0] - 1, layers[-1] + 1
    # A ray along a side of the box divides 0 by 0; it is too far away to count.
    sides = torch.stack([(low - places) / slopes, (high - places) / slopes])
    return sides.amin(0).amax(1) <= sides.amax(0).amin(1)


def _march(volume: Tensor, places: Tensor, slopes: Tensor, between: Between) -> Tensor:
    """Integrate along rays that are fastest along the first axis of the volume.

    Volume (C, n, height, width); places and slopes (R, 3) in voxels and voxels per mm.
    """
    slabs = volume.shape[1]
    step = slopes[:, 1:] / slopes[:, :1]
    start = places[:, 1:] - places[:, :1] * step
    if not step.requires_grad and not step.any():
        # Rays along the axis meet the same voxels in every slab.
        volume, slabs = volume.to(places.dtype).sum(1, keepdim=True), 1
    learned = torch.is_grad_enabled() and any(
        tensor.requires_grad for tensor in (volume, start, step)
    )
    integrate: Any = _linear if between == "linear" else _constant
    total = places.new_zeros(len(volume), len(places))
    count = max(1, CHUNK // len(places))
    for k in range(0, slabs, count):
        some = volume[:, k : k + count]
        if learned:
            part = checkpoint(integrate, some, start, step, k, use_reentrant=False)
            total = total + part
        elif some.any():
            total += integrate(some, start, step, k)
    return total / slopes[:, 0].abs()


def _linear(slabs: Tensor, start: Tensor, step: Tensor, k: int) -> Tensor:
    """Integrate over slabs k, k + 1, ... (C, n, height, width): (C, R), in slabs."""
    scale = _scale(slabs, start)
    grid = _along(start * scale + scale / 2 - 1, step * scale, k, slabs.shape[1])
    return _sampled(slabs, grid, "bilinear").sum(0)


def _constant(slabs: Tensor, start: Tensor, step: Tensor, k: int) -> Tensor:
    """As `_linear`, of voxels that are constant."""
    # Here sides of voxels are at whole numbers.
    enter = _along(start - step / 2 + 0.5, step, k, slabs.shape[1])
    move = torch.where(step.abs() < _STRAIGHT, _STRAIGHT, step)
    sides = torch.maximum(enter, enter + move).detach().floor()
    crossings = ((sides - enter) / move).clamp(0, 1)
    first, second = crossings.amin(-1), crossings.amax(-1)
    zero, one = torch.zeros_like(first), torch.ones_like(first)
    total = start.new_zeros(slabs.shape[0], len(start))
    for begin, end in ((zero, first), (first, second), (second, one)):
        inside = enter + ((begin + end) / 2)[..., None] * step
        grid = (inside * _scale(slabs, start) - 1).detach()
        values = _sampled(slabs, grid, "nearest")
        total = total + (values * (end - begin)[:, None]).sum(0)
    return total


def _along(start: Tensor, step: Tensor, k: int, count: int) -> Tensor:
    """Return start + k * step, start + (k + 1) * step, ...: (count, R, 2)."""
    numbers = torch.arange(k, k + count, device=start.device, dtype=start.dtype)
    return start + numbers[:, None, None] * step


def _scale(slabs: Tensor, like: Tensor) -> Tensor:
    """Return units of `grid_sample` per voxel; it has -1 to 1 from side to side."""
    return 2 / like.new_tensor(slabs.shape[2:])


def _sampled(
    slabs: Tensor, grid: Tensor, mode: Literal["bilinear", "nearest"]
) -> Tensor:
    """Sample slabs (C, n, height, width) at (n, R, 2) places of a slab: (n, C, R)."""
    planes = slabs.transpose(0, 1).to(grid.dtype).contiguous()
    # x goes before y there.
    places = grid.flip(-1)[:, :, None]
    return grid_sample(planes, places, mode=mode, align_corners=False)[..., 0]
