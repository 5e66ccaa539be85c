"""A generator with long skip connections, in 2D and 3D, for images of any size."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .changes import change_little, changed
from .initialise import Weights, initialise
from .unet import convolution, crop, pad_to_multiple


class SkipGenerator(nn.Module):
    """Strided convolutions down, nearest upsampling, long skips, tanh.

    Reference: Zhang, Yang, Zheng, CVPR 2018, section 4.1: three downsamplings by
    convolutions of 3 with a stride of 2, two convolutions at each resolution (the
    strided one is the first of two on the way down), nearest upsampling followed by a
    convolution that changes the channels, instance normalisation without affine
    parameters and ReLU. Widths and tanh are not in the paper; with 32 channels at first
    it has 6.42 million parameters in 3D.

    Parameters
    ----------
    dims
        2 or 3.
    channels, outputs
        Channels of the image and of the result.
    width
        Channels of the first level; doubled at each of the others.
    strides
        Strides of the downsamplings, one tuple of `dims` integers each.
    weights
        How they are drawn at first.
    residual
        Whether it computes what is to change of the image, at first little
        (`changes.py`), instead of the whole image.
    """

    def __init__(
        self,
        dims: int,
        channels: int,
        outputs: int,
        width: int,
        strides: list[tuple[int, ...]],
        weights: Weights = "normal",
        *,
        residual: bool = False,
    ) -> None:
        super().__init__()
        self.residual = residual
        ones = (1,) * dims
        widths = [width * 2**level for level in range(len(strides) + 1)]
        pairs = list(itertools.pairwise(widths))
        self.strides = strides
        self.stem = _level(dims, [channels, width, width], ones)
        self.down = nn.ModuleList(
            _level(dims, [wide, deep, deep], stride)
            for (wide, deep), stride in zip(pairs, strides, strict=True)
        )
        self.up = nn.ModuleList(
            _level(dims, [deep, wide], ones) for wide, deep in pairs
        )
        self.merge = nn.ModuleList(
            _level(dims, [2 * wide, wide, wide], ones) for wide, _ in pairs
        )
        self.head = convolution(dims)(width, outputs, 3, padding=1)
        initialise(self, weights)
        if residual:
            change_little(self.head)

    def forward(self, image: Tensor) -> Tensor:
        """Map images (N, channels, *spatial) to (N, outputs, *spatial) in [-1, 1]."""
        padded, shape = pad_to_multiple(image, self.strides)
        levels = [self.stem(padded)]
        for down in self.down:
            levels.append(down(levels[-1]))
        features = levels.pop()
        for stride, up, merge in reversed(
            list(zip(self.strides, self.up, self.merge, strict=True))
        ):
            raised = F.interpolate(features, scale_factor=tuple(map(float, stride)))
            features = merge(torch.cat([levels.pop(), up(raised)], dim=1))
        result = crop(torch.tanh(self.head(features)), shape)
        return changed(image, result) if self.residual else result


def _level(dims: int, widths: list[int], stride: tuple[int, ...]) -> nn.Sequential:
    """Return convolutions through `widths`, of which the first is strided."""
    norm = nn.InstanceNorm2d if dims == 2 else nn.InstanceNorm3d
    layers: list[nn.Module] = []
    for i, (before, after) in enumerate(itertools.pairwise(widths)):
        conv = convolution(dims)(before, after, 3, 1 if i else stride, padding=1)  # type: ignore[arg-type]
        layers += [conv, norm(after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)
