"""U-Net of densely connected blocks, for images of any size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .initialise import initialise_for_relu
from .unet import Norm, convolution, crop, normalisation, pad_to_multiple

BOTTOM = 7
"""Layers of the deepest block."""


class DenseUNet(nn.Module):
    """Encoder and decoder of dense blocks: every layer sees all before it in its block.

    Reference: the Dense Image-to-Image network (DI2I) of Zhang, Miao, Mansi, Liao
    (MICCAI 2018), who only name its ingredients: a U-Net with dense blocks after Huang
    et al. (CVPR 2017) and Jegou et al. (CVPRW 2017). The layout is ours: blocks of 4,
    4, 5, 5, ... layers of norm, ReLU and convolution, 7 at the bottom; transitions of
    norm, ReLU, 1-wide convolution and maximum pooling; only what a block adds is
    raised, by nearest pixels, and meets the skip connection.

    Parameters
    ----------
    dims
        2 or 3.
    channels, outputs
        Channels of the image and of the logits.
    width
        Channels of the stem; each layer of a block adds a third of it.
    strides
        Downsampling of each level, one tuple of `dims` integers per step.
    norm
        Normalisation before each convolution of a block.
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
        conv = convolution(dims)
        growth = width // 3
        depths = [4 if level < 2 else 5 for level in range(len(strides))]
        self.strides = strides
        self.stem = conv(channels, width, 3, padding=1)
        self.encoder, self.down = nn.ModuleList(), nn.ModuleList()
        skips: list[int] = []
        before = width
        for depth in depths:
            self.encoder.append(DenseBlock(dims, before, growth, depth, norm))
            before += depth * growth
            skips.append(before)
            self.down.append(_layer(dims, before, before, 1, norm))
        self.bottom = DenseBlock(dims, before, growth, BOTTOM, norm)
        self.up, self.decoder = nn.ModuleList(), nn.ModuleList()
        added = BOTTOM * growth
        for depth, skip in zip(reversed(depths), reversed(skips), strict=True):
            self.up.append(conv(added, added, 1))
            before = skip + added
            self.decoder.append(DenseBlock(dims, before, growth, depth, norm))
            added = depth * growth
        self.head = conv(before + added, outputs, 1)
        initialise_for_relu(self)

    def forward(self, image: Tensor) -> Tensor:
        """Map images (N, channels, *spatial) to logits (N, outputs, *spatial)."""
        padded, shape = pad_to_multiple(image, self.strides)
        pool = F.max_pool2d if image.ndim == 4 else F.max_pool3d
        features: Tensor = self.stem(padded)
        skips: list[Tensor] = []
        for stride, block, down in zip(
            self.strides, self.encoder, self.down, strict=True
        ):
            skips.append(torch.cat([features, block(features)], dim=1))
            features = pool(down(skips[-1]), stride)
        added: Tensor = self.bottom(features)
        for stride, up, block in zip(
            reversed(self.strides), self.up, self.decoder, strict=True
        ):
            # The 1x1 convolution commutes with nearest upsampling and is cheaper first.
            raised = F.interpolate(up(added), scale_factor=tuple(map(float, stride)))
            features = torch.cat([skips.pop(), raised], dim=1)
            added = block(features)
        return crop(self.head(torch.cat([features, added], dim=1)), shape)


class DenseBlock(nn.Module):
    """Layers that each see the input and what all layers before them added.

    Parameters
    ----------
    dims
        2 or 3.
    channels
        Channels of the input.
    growth
        Channels that each layer adds.
    layers
        Number of layers.
    norm
        Normalisation before each convolution.
    """

    def __init__(
        self, dims: int, channels: int, growth: int, layers: int, norm: Norm
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            _layer(dims, channels + i * growth, growth, 3, norm) for i in range(layers)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, channels, *spatial) to what is added, (N, layers * growth, ...)."""
        known = [features]
        for layer in self.layers:
            known.append(layer(torch.cat(known, dim=1)))
        return torch.cat(known[1:], dim=1)


def _layer(dims: int, before: int, after: int, kernel: int, norm: Norm) -> nn.Module:
    conv = convolution(dims)
    return nn.Sequential(
        normalisation(norm, dims, before),
        # With norm "none" this is the features themselves, which others see as well.
        nn.ReLU(inplace=norm != "none"),
        conv(before, after, kernel, padding=kernel // 2),
    )
