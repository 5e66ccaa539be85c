"""A discriminator of images together with maps of what they show."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConditionalDiscriminator(nn.Module):
    """A discriminator of pairs, in which the maps can be made to count less.

    Parameters
    ----------
    network
        Discriminator of all channels of a pair.
    channels
        Channels of the image, which are the first of a pair.
    """

    def __init__(self, network: nn.Module, channels: int) -> None:
        super().__init__()
        self.network = network
        self.channels = channels

    def forward(self, pair: Tensor, weight: float = 1.0) -> Tensor:
        """Map images and their maps times `weight`, (N, channels + K, *), to logits."""
        image, maps = pair.tensor_split([self.channels], dim=1)
        logits: Tensor = self.network(torch.cat([image, weight * maps], dim=1))
        return logits
