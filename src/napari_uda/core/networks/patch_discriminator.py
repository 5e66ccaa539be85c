"""PatchGAN: tells for every patch of an image whether it is real."""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from .blur import BlurDown
from .initialise import Weights, initialise
from .unet import convolution


class PatchDiscriminator(nn.Module):
    """Strided convolutions to one logit per overlapping patch; no sigmoid.

    Reference: Isola, Zhu, Zhou, Efros, CVPR 2017; `layers` = 3 sees 70 x 70 pixels.

    Parameters
    ----------
    dims
        2 or 3.
    channels
        Channels of the image.
    width
        Channels of the first layer; doubled up to eight times that.
    layers
        Layers with a stride of 2.
    downsampling
        strided: strided convolutions; blur: convolutions at full resolution, blurred
        and then thinned out (`BlurDown`), as in CUT. Both have the same parameters.
    weights
        Distribution of the initial weights (`initialise`).
    """

    def __init__(
        self,
        dims: int,
        channels: int,
        width: int,
        layers: int,
        *,
        downsampling: Literal["strided", "blur"] = "strided",
        weights: Weights = "normal",
    ) -> None:
        super().__init__()
        step = 2 if downsampling == "strided" else 1
        thinned = [BlurDown((2,) * dims)] if downsampling == "blur" else []
        conv = convolution(dims)
        norm = nn.InstanceNorm2d if dims == 2 else nn.InstanceNorm3d
        self.least = 3 * 2**layers
        parts: list[nn.Module] = [
            conv(channels, width, 4, step, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            *thinned,
        ]
        before = width
        for i in range(1, layers + 1):
            after = width * min(2**i, 8)
            parts += [
                conv(before, after, 4, step if i < layers else 1, padding=1),
                norm(after),
                nn.LeakyReLU(0.2, inplace=True),
                *(thinned if i < layers else []),
            ]
            before = after
        self.layers = nn.Sequential(*parts, conv(before, 1, 4, padding=1))
        initialise(self, weights)

    def forward(self, image: Tensor) -> Tensor:
        """Map images (N, channels, *spatial) to logits (N, 1, *fewer)."""
        missing = [max(0, self.least - side) for side in image.shape[2:]]
        if any(missing):
            # Thin volumes would vanish before the last layer.
            ends = [x for gap in reversed(missing) for x in (gap // 2, gap - gap // 2)]
            image = F.pad(image, ends, mode="replicate")
        logits: Tensor = self.layers(image)
        return logits
