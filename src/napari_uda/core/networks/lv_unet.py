"""Residual, asymmetric encoder-decoder whose encoder's blocks can be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .unet import Norm, convolution, normalisation, pad_to_multiple

if TYPE_CHECKING:
    from collections.abc import Sequence


class LVUnet(nn.Module):
    """Two residual blocks a level on the way down, one on the way up.

    Reference: Yan et al., "The domain shift problem of medical image segmentation and
    vendor-adaptation by Unet-GAN", MICCAI 2019, which draws the network without giving
    its sizes. It takes features from the 7th and 9th residual block, "after three
    max-pooling operations": with two blocks a level these are the first blocks after
    the third and the fourth pooling.

    The encoder's blocks are named block1, block2, ... in the order they are passed.

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
        Normalisation after each convolution of a block.
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
        conv = convolution(dims)
        self.strides = strides
        blocks: dict[str, nn.Module] = {}
        before = channels
        for level, wide in enumerate(widths):
            blocks[f"block{2 * level + 1}"] = PlainResidual(dims, before, wide, norm)
            blocks[f"block{2 * level + 2}"] = PlainResidual(dims, wide, wide, norm)
            before = wide
        self.encoder = nn.ModuleDict(blocks)
        self.up = nn.ModuleList(conv(2 * wide, wide, 1) for wide in widths[:-1])
        self.decoder = nn.ModuleList(
            PlainResidual(dims, 2 * wide, wide, norm) for wide in widths[:-1]
        )
        self.head = conv(width, outputs, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        for module in self.modules():
            if isinstance(module, PlainResidual):
                # The sum of both ways is to be no larger than its input.
                for weight in (
                    *module.layers[3].parameters(), *module.shortcut.parameters()
                ):  # fmt: skip
                    weight.data.mul_(0.5**0.5)

    def forward(
        self, image: Tensor, taps: Sequence[str] = ()
    ) -> Tensor | dict[str, Tensor]:
        """Map images (N, channels, *spatial) to logits (N, outputs, *spatial).

        With `taps`, names of blocks of the encoder, nothing beyond the last of them is
        computed, and what these blocks return is the result, by name.

        Raises
        ------
        ValueError
            If there is no such block.
        """
        if unknown := set(taps) - set(self.encoder.keys()):
            raise ValueError(
                f"there is no {', '.join(sorted(unknown))}: the blocks are "
                f"block1 to block{len(self.encoder)}."
            )
        features, shape = pad_to_multiple(image, self.strides)
        pool = F.max_pool2d if image.ndim == 4 else F.max_pool3d
        seen: dict[str, Tensor] = {}
        skips: list[Tensor] = []
        for number, (name, block) in enumerate(self.encoder.items()):
            level, second = divmod(number, 2)
            if level > 0 and not second:
                skips.append(features)
                features = pool(features, self.strides[level - 1])
            features = block(features)
            if name in taps:
                seen[name] = features
                if len(seen) == len(set(taps)):
                    return seen
        for stride, up, block in reversed(
            list(zip(self.strides, self.up, self.decoder, strict=True))
        ):
            # The 1x1 convolution commutes with nearest upsampling and is cheaper first.
            raised = F.interpolate(up(features), scale_factor=tuple(map(float, stride)))
            features = block(torch.cat([skips.pop(), raised], dim=1))
        logits: Tensor = self.head(features)
        for axis, side in enumerate(shape, start=2):
            logits = logits.narrow(axis, 0, side)
        return logits


class PlainResidual(nn.Module):
    """Two convolutions, added to a 1x1 convolution of the input, and a ReLU.

    Reference: He, Zhang, Ren, Sun, CVPR 2016, with the projection shortcut.

    Parameters
    ----------
    dims
        2 or 3.
    before, after
        Channels of the input and of the result.
    norm
        Normalisation after each convolution of three pixels.
    """

    def __init__(self, dims: int, before: int, after: int, norm: Norm) -> None:
        super().__init__()
        conv = convolution(dims)
        self.layers = nn.Sequential(
            conv(before, after, 3, padding=1),
            normalisation(norm, dims, after),
            nn.ReLU(inplace=True),
            conv(after, after, 3, padding=1),
            normalisation(norm, dims, after),
        )
        self.shortcut = conv(before, after, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, before, *spatial) to (N, after, *spatial)."""
        return F.relu(self.layers(features) + self.shortcut(features))
