"""SimGAN's local discriminator: small, and blind to all but the near surroundings."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .initialise import Weights, initialise
from .unet import convolution

LEAST = 8
"""Shortest side in the plane that leaves more than one logit."""


class LocalDiscriminator(nn.Module):
    """Two strided convolutions, a maximum, three more convolutions; no sigmoid.

    Reference: Shrivastava et al., CVPR 2017, appendix: convolutions of 3 with a stride
    of 2 to 96 and 64 channels, a maximum over 3 with a stride of 1, a convolution of 3
    to 32 and one of 1 to 32. There a last one gives two classes; here it gives one
    logit, as all our adversarial losses want. Zhang, Yang, Zheng (CVPR 2018) add
    instance normalisation and LeakyReLU: 0.225 million parameters in 3D.

    Parameters
    ----------
    dims
        2 or 3.
    channels
        Channels of the image.
    width
        64 gives the channels above; others are in proportion.
    weights
        How they are drawn at first.
    """

    def __init__(
        self, dims: int, channels: int, width: int, weights: Weights = "normal"
    ) -> None:
        super().__init__()
        conv = convolution(dims)
        norm = nn.InstanceNorm2d if dims == 2 else nn.InstanceNorm3d
        pool = nn.MaxPool2d if dims == 2 else nn.MaxPool3d
        wide, narrow = width * 3 // 2, width // 2

        def end(channels: int) -> tuple[nn.Module, nn.Module]:
            return norm(channels), nn.LeakyReLU(0.2, inplace=True)

        self.layers = nn.Sequential(
            conv(channels, wide, 3, 2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            conv(wide, width, 3, 2, padding=1),
            *end(width),
            pool(3, 1, padding=1),
            conv(width, narrow, 3, padding=1),
            *end(narrow),
            conv(narrow, narrow, 1),
            *end(narrow),
            conv(narrow, 1, 1),
        )
        initialise(self, weights)

    def forward(self, image: Tensor) -> Tensor:
        """Map images (N, channels, *spatial) to logits (N, 1, *a quarter of it)."""
        height, width = image.shape[-2:]
        missing = (0, max(0, LEAST - width), 0, max(0, LEAST - height))
        if any(missing):
            depth = (0, 0) * (image.ndim - 4)
            image = F.pad(image, missing + depth, mode="replicate")
        logits: Tensor = self.layers(image)
        return logits
