"""Resampling that blurs, so that nothing is aliased: fixed kernels, not trained."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

DOWN = (1.0, 2.0, 1.0)
"""Binomial kernel applied before pixels are left out."""
UP = (1.0, 3.0, 3.0, 1.0)
"""Binomial kernel between repeated pixels: linear interpolation."""


class BlurDown(nn.Module):
    """Blur by [1, 2, 1] along each strided axis, and keep every second pixel.

    Reference: Zhang, "Making convolutional networks shift-invariant again", ICML 2019,
    as in CUT (Park, Efros, Zhang, Zhu, ECCV 2020). Planes are padded by reflection and
    volumes by their edge, because thin ones cannot be reflected.

    Parameters
    ----------
    stride
        1 or 2 for each spatial axis; an axis of stride 1 is left as it is.
    """

    kernel: Tensor

    def __init__(self, stride: tuple[int, ...]) -> None:
        super().__init__()
        self.stride = stride
        self.register_buffer("kernel", _kernel(DOWN, stride, 1.0), persistent=False)
        self.padding = [p for step in reversed(stride) for p in (step - 1, step - 1)]
        self.mode = "reflect" if len(stride) == 2 else "replicate"

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, C, *spatial) to (N, C, *spatial / stride), rounded up."""
        conv: Any = F.conv2d if len(self.stride) == 2 else F.conv3d
        channels = features.shape[1]
        weight = self.kernel.expand(channels, *self.kernel.shape[1:])
        padded = F.pad(features, self.padding, mode=self.mode)
        blurred: Tensor = conv(padded, weight, stride=self.stride, groups=channels)
        return blurred


class BlurUp(nn.Module):
    """Put pixels apart and blur by [1, 3, 3, 1] along each strided axis.

    Reference: as `BlurDown`.

    Parameters
    ----------
    stride
        1 or 2 for each spatial axis; an axis of stride 1 is left as it is.
    """

    kernel: Tensor

    def __init__(self, stride: tuple[int, ...]) -> None:
        super().__init__()
        self.stride = stride
        self.register_buffer("kernel", _kernel(UP, stride, 2.0), persistent=False)
        self.padding = [p for step in reversed(stride) for p in (step - 1, step - 1)]
        self.cut = tuple(3 * (step - 1) for step in stride)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, C, *spatial) to (N, C, *spatial * stride)."""
        conv: Any = F.conv_transpose2d if len(self.stride) == 2 else F.conv_transpose3d
        channels = features.shape[1]
        weight = self.kernel.expand(channels, *self.kernel.shape[1:])
        padded = F.pad(features, self.padding, mode="replicate")
        raised: Tensor = conv(
            padded, weight, stride=self.stride, padding=self.cut, groups=channels
        )
        return raised


def _kernel(taps: tuple[float, ...], stride: tuple[int, ...], total: float) -> Tensor:
    """Return the kernel (1, 1, *sides); it sums to `total` for each strided axis."""
    kernel = torch.ones(())
    for step in stride:
        line = [total * tap / sum(taps) for tap in taps] if step == 2 else [1.0]
        kernel = kernel.unsqueeze(-1) * torch.tensor(line)
    return kernel.expand(1, 1, *kernel.shape).clone()
