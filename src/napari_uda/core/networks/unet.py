"""U-Net in 2D and 3D, for images of any size."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .initialise import initialise_for_relu

if TYPE_CHECKING:
    from collections.abc import Callable

Norm = Literal["instance", "group", "batch", "none"]


def convolution(dims: int) -> type[nn.Conv2d] | type[nn.Conv3d]:
    """Return the convolution of a dimension."""
    return nn.Conv2d if dims == 2 else nn.Conv3d


def normalisation(norm: Norm, dims: int, channels: int) -> nn.Module:
    """Return a normalisation layer; only `batch` keeps running statistics."""
    match norm:
        case "instance":
            kind = nn.InstanceNorm2d if dims == 2 else nn.InstanceNorm3d
            return kind(channels, affine=True)
        case "group":
            return nn.GroupNorm(math.gcd(8, channels), channels)
        case "batch":
            return nn.BatchNorm2d(channels) if dims == 2 else nn.BatchNorm3d(channels)
        case "none":
            return nn.Identity()


def pooling_strides(patch_shape: tuple[int, ...], levels: int) -> list[tuple[int, ...]]:
    """Choose the stride of each downsampling: 2, but depth keeps at least 4 voxels.

    Thin volumes are thus pooled in the plane, and only as deep as the patch allows.
    """
    *depth, _, _ = patch_shape
    strides: list[tuple[int, ...]] = []
    for _ in range(levels - 1):
        strides.append((*(2 if side >= 8 else 1 for side in depth), 2, 2))
        depth = [side // 2 if side >= 8 else side for side in depth]
    return strides


class UNet(nn.Module):
    """U-Net with same-padding, two convolutions a level and nearest upsampling.

    Reference: Ronneberger, Fischer, Brox, MICCAI 2015 (valid padding and transposed
    convolutions there; checkerboard-free upsampling here).

    Parameters
    ----------
    dims
        2 or 3.
    channels, outputs
        Channels of the image and of the logits.
    width
        Channels of the first level; doubled at each of the `len(strides)` others.
    strides
        Downsampling of each level, one tuple of `dims` integers per step.
    norm
        Normalisation after each convolution.
    block
        What makes a level, given dims, channels before and after, and norm; by default
        two convolutions.
    nonlinearity
        As in `initialise_for_relu`.
    """

    def __init__(
        self,
        dims: int,
        channels: int,
        outputs: int,
        width: int,
        strides: list[tuple[int, ...]],
        norm: Norm = "instance",
        block: Callable[[int, int, int, Norm], nn.Module] | None = None,
        nonlinearity: Literal["relu", "linear"] = "relu",
    ) -> None:
        super().__init__()
        block = block or double_convolution
        widths = [width * 2**level for level in range(len(strides) + 1)]
        conv = convolution(dims)
        self.strides = strides
        self.encoder = nn.ModuleList(
            block(dims, before, after, norm)
            for before, after in zip([channels, *widths[:-1]], widths, strict=True)
        )
        pairs = list(itertools.pairwise(widths))
        self.up = nn.ModuleList(conv(deep, wide, 1) for wide, deep in pairs)
        self.decoder = nn.ModuleList(
            block(dims, 2 * wide, wide, norm) for wide, _ in pairs
        )
        self.head = conv(width, outputs, 1)
        initialise_for_relu(self, nonlinearity)

    def forward(self, image: Tensor) -> Tensor:
        """Map images (N, channels, *spatial) to logits (N, outputs, *spatial)."""
        padded, shape = pad_to_multiple(image, self.strides)
        pool = F.max_pool2d if image.ndim == 4 else F.max_pool3d
        skips: list[Tensor] = []
        features: Tensor = self.encoder[0](padded)
        for stride, block in zip(self.strides, self.encoder[1:], strict=True):
            skips.append(features)
            features = block(pool(features, stride))
        for stride, up, block in reversed(
            list(zip(self.strides, self.up, self.decoder, strict=True))
        ):
            # The 1x1 convolution commutes with nearest upsampling and is cheaper first.
            raised = F.interpolate(up(features), scale_factor=tuple(map(float, stride)))
            features = block(torch.cat([skips.pop(), raised], dim=1))
        logits: Tensor = self.head(features)
        return crop(logits, shape)


def pad_to_multiple(
    image: Tensor, strides: list[tuple[int, ...]]
) -> tuple[Tensor, tuple[int, ...]]:
    """Pad the end of each spatial axis by edge values so that all strides divide it.

    At least two voxels are left once all strides are applied.
    """
    shape = tuple(image.shape[2:])
    multiples = []
    for axis in range(len(shape)):
        multiple = 1
        for stride in strides:
            multiple *= stride[axis]
        multiples.append(multiple)
    missing = [-side % by for side, by in zip(shape, multiples, strict=True)]
    if all(s + gap == by for s, gap, by in zip(shape, missing, multiples, strict=True)):
        # Instance normalisation needs more than one voxel at the deepest level.
        missing[-1] += multiples[-1]
    if not any(missing):
        return image, shape
    padding = [value for side in reversed(missing) for value in (0, side)]
    return F.pad(image, padding, mode="replicate"), shape


def crop(features: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return the beginning of each spatial axis: what padding added is cut off."""
    for axis, side in enumerate(shape, start=2):
        features = features.narrow(axis, 0, side)
    return features


def double_convolution(dims: int, before: int, after: int, norm: Norm) -> nn.Sequential:
    """Return two convolutions of 3, each with a normalisation and a ReLU."""
    conv = convolution(dims)
    layers: list[nn.Module] = []
    for channels in (before, after):
        layers += [
            conv(channels, after, 3, padding=1),
            normalisation(norm, dims, after),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)
