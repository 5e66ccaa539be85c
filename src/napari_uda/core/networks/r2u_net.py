"""U-Net of recurrent residual units."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .unet import Norm, UNet, convolution, normalisation

TIMES = 2
"""How often a convolution sees its own result: t = 2 in the paper."""


class R2UNet(UNet):
    """U-Net of which every block is a residual unit of two recurrent convolutions.

    Reference: Alom, Hasan, Yakopcic, Taha, Asari, "Recurrent residual convolutional
    neural network based on U-Net (R2U-Net) for medical image segmentation", 2018.

    Parameters
    ----------
    dims, channels, outputs, width, strides
        As in `UNet`.
    norm
        Normalisation after each convolution.
    """

    def __init__(
        self,
        dims: int,
        channels: int,
        outputs: int,
        width: int,
        strides: list[tuple[int, ...]],
        norm: Norm = "batch",
    ) -> None:
        # Sums of sums grow: with the usual variance, logits begin in the hundreds.
        super().__init__(
            dims, channels, outputs, width, strides, norm,
            block=RecurrentResidualUnit, nonlinearity="linear",
        )  # fmt: skip


class RecurrentResidualUnit(nn.Module):
    """Two recurrent convolutions, of which the result is added to the input.

    Equations 1 to 3 of Alom et al.; a convolution of 1 first gives the input its width.

    Parameters
    ----------
    dims
        2 or 3.
    before, after
        Channels of the input and of the result.
    norm
        Normalisation.
    """

    def __init__(self, dims: int, before: int, after: int, norm: Norm) -> None:
        super().__init__()
        self.widen = convolution(dims)(before, after, 1)
        self.layers = nn.Sequential(
            *(RecurrentConvolution(dims, after, norm) for _ in range(2))
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, before, *spatial) to (N, after, *spatial)."""
        features = self.widen(features)
        return features + self.layers(features)


class RecurrentConvolution(nn.Module):
    """O(t) = relu(W_f x + W_r O(t - 1) + b) with O(-1) = 0, up to t = TIMES.

    Equations 1 and 2 of Alom et al. Each time has a normalisation of its own: with one
    for all, running statistics would fit none of them.

    Parameters
    ----------
    dims
        2 or 3.
    width
        Channels.
    norm
        Normalisation.
    """

    def __init__(self, dims: int, width: int, norm: Norm) -> None:
        super().__init__()
        conv = convolution(dims)
        self.forwards = conv(width, width, 3, padding=1)
        self.recurrent = conv(width, width, 3, padding=1, bias=False)
        self.norms = nn.ModuleList(
            normalisation(norm, dims, width) for _ in range(TIMES + 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, width, *spatial) to the same shape."""
        given = self.forwards(features)
        result = F.relu(self.norms[0](given))
        for norm in self.norms[1:]:
            result = F.relu(norm(given + self.recurrent(result)))
        return result
