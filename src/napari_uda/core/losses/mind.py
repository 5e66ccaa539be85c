"""The modality independent neighbourhood descriptor (MIND), and a loss on it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Literal

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor

MindForm = Literal["max", "sum"]
SEARCH = {2: 4, 3: 1}
"""Reach of the offsets in pixels: 9 x 9 of them in 2D, 3 x 3 x 3 in 3D."""
PATCH = {2: 3, 3: 1}
"""Reach of the compared patches in pixels: 7 x 7 in 2D, 3 x 3 x 3 in 3D."""
EPSILON = 1e-4
"""Added to the local variance: images within [-1, 1] that differ by half a percent of
that are taken for flat, so that noise there is no structure."""


def mind_loss(fake: Tensor, image: Tensor, form: MindForm = "max") -> Tensor:
    """Return the mean absolute difference of the descriptors of two images.

    Zhou, Liu, Duncan 2021, equation 6, second term. No gradient reaches `image`.

    Parameters
    ----------
    fake, image
        (N, C, *spatial), in [-1, 1].
    form
        As in `mind`.

    Returns
    -------
    Tensor
        Scalar, of the type of `mind`.
    """
    with torch.no_grad():
        wanted = mind(image, form)
    return (mind(fake, form) - wanted).abs().mean()


def mind(image: Tensor, form: MindForm = "max") -> Tensor:
    """Return how much each neighbourhood resembles those around it.

    F_a(x) = exp(-D(x, x + a) / V(x)) / Z (Heinrich et al., Medical Image Analysis 2012;
    Yang et al., TMI 2020), where D is the mean squared difference of the patches around
    two places and V the mean of D over the offsets to the direct neighbours. The offset
    0 is left out, its F being 1 everywhere. Values do not change where the image is
    scaled, inverted or shifted in intensity. Images go on by their edge.

    Parameters
    ----------
    image
        (N, C, *spatial), in [-1, 1].
    form
        max: Z makes the largest F of each place 1 (the paper); sum: Z makes their sum 1
        (the authors' code).

    Returns
    -------
    Tensor
        (N, offsets, *spatial), float32, or within 0.02 of it in the type of autocast,
        three times as fast on processors; the second half of the offsets are those of
        the first, reversed.
    """
    dims = image.ndim - 2
    half = _half_offsets(dims)
    distances = _distances(image.float(), half)
    near = [i for i, a in enumerate(half) if max(map(abs, a)) == 1]
    near += [i + len(half) for i in near]
    variance = distances[:, near].mean(1, keepdim=True) + EPSILON
    exponents = distances * (-1 / variance)
    if form == "sum":
        return exponents.softmax(1)
    return (exponents - exponents.amax(1, keepdim=True)).exp()


def _half_offsets(dims: int) -> list[tuple[int, ...]]:
    """Return the offsets of which the first value that is not 0 is positive."""
    reach = range(-SEARCH[dims], SEARCH[dims] + 1)
    return [a for a in itertools.product(reach, repeat=dims) if a > (0,) * dims]


def _distances(image: Tensor, half: list[tuple[int, ...]]) -> Tensor:
    """Return D(x, x + a) for all `half` offsets a, then for -a, as (N, A, *spatial)."""
    dims, shape = image.ndim - 2, image.shape[2:]
    search, patch = SEARCH[dims], PATCH[dims]
    # D(x, x - a) is D(y, y + a) at y = x - a, up to `search` outside of the image.
    apart = 2 * search + patch
    padded = F.pad(image, [apart] * (2 * dims), mode="replicate")
    sides = [side + 2 * (search + patch) for side in shape]
    here = _window(padded, [search] * dims, sides)
    shifted = [_window(padded, [search + s for s in a], sides) for a in half]
    squares = (torch.stack(shifted, dim=1) - here.unsqueeze(1)).square().mean(2)
    # A convolution per offset is six times faster here than average pooling.
    conv: Any = F.conv2d if dims == 2 else F.conv3d
    for axis in range(dims):
        line = [1] * dims
        line[axis] = 2 * patch + 1
        mean = squares.new_full((len(half), 1, *line), 1 / (2 * patch + 1))
        squares = conv(squares, mean, groups=len(half))
    there = _window(squares, [search] * dims, shape)
    back = torch.stack(
        [
            _window(squares[:, i], [search - s for s in a], shape, first=1)
            for i, a in enumerate(half)
        ],
        dim=1,
    )
    return torch.cat([there, back], dim=1)


def _window(image: Tensor, corner: Any, sides: Any, first: int = 2) -> Tensor:
    """Return the part of the spatial axes, which begin with `first`, at a corner."""
    for axis, (start, side) in enumerate(zip(corner, sides, strict=True), start=first):
        image = image.narrow(axis, start, side)
    return image
