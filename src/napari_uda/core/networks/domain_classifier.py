"""Classifiers of the domain a probability map comes from: of images or of regions."""

from __future__ import annotations

from torch import Tensor, nn

from .initialise import initialise_for_relu
from .unet import convolution


class DomainClassifier(nn.Module):
    """Strided convolutions, global average pooling and one logit per image.

    Javanmardi & Tasdizen (2018) classify the *whole* output map, in contrast to
    receptive-field-level discriminators; they do not give the layers.

    Parameters
    ----------
    dims
        2 or 3.
    channels
        Channels of the probability map.
    width
        Channels of the first layer; doubled up to eight times that.
    depth
        Number of strided layers.
    """

    def __init__(self, dims: int, channels: int, width: int, depth: int) -> None:
        super().__init__()
        self.features, channels = _strided(dims, channels, width, depth)
        self.head = nn.Linear(channels, 1)
        initialise_for_relu(self)

    def forward(self, probabilities: Tensor) -> Tensor:
        """Map (N, channels, *spatial) to logits (N,): positive means source."""
        features = self.features(_centred(probabilities)).flatten(2).mean(2)
        logits: Tensor = self.head(features).squeeze(1)
        return logits


class RegionClassifier(nn.Module):
    """Strided convolutions to one logit per region, which overlaps its neighbours.

    AdaptSegNet's fully convolutional discriminator (Tsai et al., CVPR 2018), with 64,
    128, 256, 512 and 1 channels and no normalisation.

    Parameters
    ----------
    dims
        2 or 3.
    channels
        Channels of the probability map.
    width
        Channels of the first layer; doubled up to eight times that.
    depth
        Number of strided layers, the last of which gives the logits.
    """

    def __init__(self, dims: int, channels: int, width: int, depth: int) -> None:
        super().__init__()
        self.features, channels = _strided(dims, channels, width, depth - 1)
        self.head = _convolution(dims, channels, 1)
        initialise_for_relu(self)

    def forward(self, probabilities: Tensor) -> Tensor:
        """Map (N, channels, *spatial) to logits (N, *fewer): positive means source."""
        features = self.features(_centred(probabilities))
        logits: Tensor = self.head(features).squeeze(1)
        return logits


def _centred(probabilities: Tensor) -> Tensor:
    # Without this and weights that keep the variance, logits of all maps begin equal to
    # the third digit, and hundreds of steps go by before they differ.
    return 2 * probabilities - 1


def _strided(
    dims: int, channels: int, width: int, depth: int
) -> tuple[nn.Sequential, int]:
    """Return the layers and the channels of their result."""
    layers: list[nn.Module] = []
    for i in range(depth):
        after = width * 2 ** min(i, 3)
        layers += [
            _convolution(dims, channels, after),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        channels = after
    return nn.Sequential(*layers), channels


def _convolution(dims: int, before: int, after: int) -> nn.Module:
    # A kernel of 3 keeps thin volumes alive where 4 would not fit.
    kernel = 4 if dims == 2 else 3
    return convolution(dims)(before, after, kernel, stride=2, padding=1)
