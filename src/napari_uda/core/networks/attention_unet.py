"""U-Net with attention gates on its skip connections."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .initialise import initialise_for_relu
from .unet import Norm, convolution, crop, double_convolution, pad_to_multiple


class AttentionUNet(nn.Module):
    """U-Net in which coarser features choose the pixels that a skip passes on.

    Reference: Oktay et al., "Attention U-Net: learning where to look for the pancreas",
    MIDL 2018. As there, the finest skip is not gated, unless it is the only one.
    Without the paper's deep supervision; upsampling as in `UNet`.

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
        Normalisation after each convolution; the paper's is `batch`.
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
        super().__init__()
        widths = [width * 2**level for level in range(len(strides) + 1)]
        pairs = list(itertools.pairwise(widths))
        conv = convolution(dims)
        self.strides = strides
        self.encoder = nn.ModuleList(
            double_convolution(dims, before, after, norm)
            for before, after in zip([channels, *widths[:-1]], widths, strict=True)
        )
        self.gates = nn.ModuleList(
            AttentionGate(dims, wide, deep, stride)
            if level > 0 or len(strides) == 1
            else _Open()
            for level, (stride, (wide, deep)) in enumerate(
                zip(strides, pairs, strict=True)
            )
        )
        self.up = nn.ModuleList(conv(deep, wide, 1) for wide, deep in pairs)
        self.decoder = nn.ModuleList(
            double_convolution(dims, 2 * wide, wide, norm) for wide, _ in pairs
        )
        self.head = conv(width, outputs, 1)
        initialise_for_relu(self)

    def forward(self, image: Tensor) -> Tensor:
        """Map images (N, channels, *spatial) to logits (N, outputs, *spatial)."""
        padded, shape = pad_to_multiple(image, self.strides)
        pool = F.max_pool2d if image.ndim == 4 else F.max_pool3d
        features: Tensor = self.encoder[0](padded)
        skips: list[Tensor] = []
        for stride, block in zip(self.strides, self.encoder[1:], strict=True):
            skips.append(features)
            features = block(pool(features, stride))
        levels = zip(skips, self.gates, self.up, self.decoder, strict=True)
        for skip, gate, up, block in reversed(list(levels)):
            raised = F.interpolate(up(features), skip.shape[2:])
            features = block(torch.cat([gate(skip, features), raised], dim=1))
        return crop(self.head(features), shape)


class AttentionGate(nn.Module):
    """Additive attention: alpha = sigmoid(psi(relu(W_x x + W_g g))), result alpha x.

    Equations 1 and 2 of Oktay et al.; alpha is found on the coarser grid of g, and x
    brought there by the stride of W_x.

    Parameters
    ----------
    dims
        2 or 3.
    channels, gating
        Channels of the gated and of the gating features.
    stride
        How much coarser the gating features are.
    """

    def __init__(
        self, dims: int, channels: int, gating: int, stride: tuple[int, ...]
    ) -> None:
        super().__init__()
        conv = convolution(dims)
        # Typed for both dimensions at once; the two take the same arguments.
        size: tuple[int, int] = stride  # type: ignore[assignment]
        self.of_skip = conv(channels, channels, size, size, bias=False)  # type: ignore[arg-type]
        self.of_gate = conv(gating, channels, 1)
        self.to_weight = conv(channels, 1, 1)

    def forward(self, skip: Tensor, gate: Tensor) -> Tensor:
        """Map (N, channels, *spatial) to the same shape, weighted by its pixels."""
        both = F.relu(self.of_skip(skip) + self.of_gate(gate))
        weight = torch.sigmoid(self.to_weight(both))
        mode = "bilinear" if skip.ndim == 4 else "trilinear"
        raised: Tensor = F.interpolate(weight, skip.shape[2:], mode=mode)
        return skip * raised


class _Open(nn.Module):
    def forward(self, skip: Tensor, gate: Tensor) -> Tensor:
        return skip
