"""Structures that may overlap, each against one common background."""

from __future__ import annotations

from torch import Tensor, nn


class AgainstBackground(nn.Module):
    """A segmenter with a map of the background, x_0, beside those of K structures.

    Overlapping structures have the probability p_i = exp(x_i) / (exp(x_0) + exp(x_i)) =
    sigmoid(x_i - x_0) (Zhang, Miao, Mansi, Liao, MICCAI 2018, section 2.2): the
    differences are their logits. Where structures exclude each other, the maps
    themselves are the logits of a softmax.

    Parameters
    ----------
    network
        Images to 1 + K maps, the first that of the background.
    overlapping
        Whether structures may overlap.
    """

    def __init__(self, network: nn.Module, overlapping: bool) -> None:
        super().__init__()
        self.network = network
        self.overlapping = overlapping

    def forward(self, image: Tensor) -> Tensor:
        """Map images to logits of a task: (N, K or 1 + K, *spatial)."""
        maps: Tensor = self.network(image)
        return maps[:, 1:] - maps[:, :1] if self.overlapping else maps
