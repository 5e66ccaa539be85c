"""U-Net with concurrent squeeze and excitation at each level: AccSeg-Net's DuSEUNet."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .initialise import initialise_for_relu
from .unet import Norm, convolution, crop, double_convolution, pad_to_multiple


class DuseUNet(nn.Module):
    """U-Net that weighs the channels and the pixels of every level but the deepest.

    Reference: Zhou, Liu, Duncan, "Anatomy-constrained contrastive learning for
    synthetic segmentation without ground-truth", MICCAI 2021, with the layers of the
    authors' code: two convolutions a level, the two deepest levels equally wide, linear
    upsampling with aligned corners.

    Parameters
    ----------
    dims
        2 or 3.
    channels, outputs
        Channels of the image and of the logits.
    width
        Channels of the first level; doubled at each of the others but the last.
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
        wide = [width * 2**level for level in range(len(strides))]
        # What a level passes up is as wide as the level above, which it meets there.
        narrow = [width, *wide[:-1]]
        self.strides = strides
        self.encoder = nn.ModuleList(
            nn.Sequential(
                double_convolution(dims, before, after, norm),
                SqueezeExcitation(dims, after),
            )
            for before, after in zip([channels, *wide[:-1]], wide, strict=True)
        )
        self.bottleneck = double_convolution(dims, wide[-1], wide[-1], norm)
        self.decoder = nn.ModuleList(
            nn.Sequential(
                double_convolution(dims, 2 * before, after, norm),
                SqueezeExcitation(dims, after),
            )
            for before, after in zip(wide, narrow, strict=True)
        )
        self.head = convolution(dims)(width, outputs, 1)
        initialise_for_relu(self)

    def forward(self, image: Tensor) -> Tensor:
        """Map images (N, channels, *spatial) to logits (N, outputs, *spatial)."""
        features, shape = pad_to_multiple(image, self.strides)
        pool = F.max_pool2d if image.ndim == 4 else F.max_pool3d
        skips: list[Tensor] = []
        for stride, block in zip(self.strides, self.encoder, strict=True):
            skips.append(block(features))
            features = pool(skips[-1], stride)
        features = self.bottleneck(features)
        for skip, block in reversed(list(zip(skips, self.decoder, strict=True))):
            features = block(torch.cat([skip, raised_to(skip, features)], dim=1))
        return crop(self.head(features), shape)


class SqueezeExcitation(nn.Module):
    """Weights from the whole image for channels, from the channels for pixels.

    Reference: Roy, Navab, Wachinger, "Concurrent spatial and channel squeeze &
    excitation in fully convolutional networks", MICCAI 2018, combined by the maximum.

    Parameters
    ----------
    dims
        2 or 3.
    channels
        Channels of the features; half as many between the two layers of the channel
        weights.
    """

    def __init__(self, dims: int, channels: int) -> None:
        super().__init__()
        self.of_channels = nn.Sequential(
            nn.Linear(channels, channels // 2),
            nn.ReLU(),
            nn.Linear(channels // 2, channels),
            nn.Sigmoid(),
        )
        self.of_pixels = nn.Sequential(convolution(dims)(channels, 1, 1), nn.Sigmoid())

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, channels, *spatial) to the same shape."""
        weights = self.of_channels(features.flatten(2).mean(2))
        weights = weights.reshape(*weights.shape, *(1,) * (features.ndim - 2))
        return torch.maximum(features * weights, features * self.of_pixels(features))


def raised_to(finer: Tensor, features: Tensor) -> Tensor:
    """Return features at the size of finer ones, linearly, with aligned corners."""
    mode = "bilinear" if features.ndim == 4 else "trilinear"
    return F.interpolate(features, finer.shape[2:], mode=mode, align_corners=True)
