"""Image-level classifier of the domain a probability map comes from."""

from __future__ import annotations

from torch import Tensor, nn

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
        conv = convolution(dims)
        layers: list[nn.Module] = []
        for i in range(depth):
            after = width * 2 ** min(i, 3)
            # A kernel of 3 keeps thin volumes alive where 4 would not fit.
            kernel = 4 if dims == 2 else 3
            layers += [
                conv(channels, after, kernel, stride=2, padding=1),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            channels = after
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(channels, 1)

    def forward(self, probabilities: Tensor) -> Tensor:
        """Map (N, channels, *spatial) to logits (N,): positive means source."""
        features = self.features(probabilities).flatten(2).mean(2)
        logits: Tensor = self.head(features).squeeze(1)
        return logits
