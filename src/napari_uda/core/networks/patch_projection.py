"""Vectors of patches, from a generator's features at drawn places."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .initialise import Weights, initialise


class PatchProjection(nn.Module):
    """One perceptron of two layers for each tapped layer; results have length 1.

    Reference: Park, Efros, Zhang, Zhu, "Contrastive learning for unpaired
    image-to-image translation", ECCV 2020 (the H_l of section 3).

    Parameters
    ----------
    tap_widths
        Channels of each tapped layer, by its name.
    width
        Length of the vectors.
    weights
        Distribution of the initial weights (`initialise`).
    """

    def __init__(
        self, tap_widths: dict[str, int], width: int, weights: Weights = "normal"
    ) -> None:
        super().__init__()
        self.perceptrons = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Linear(channels, width),
                    nn.ReLU(inplace=True),
                    nn.Linear(width, width),
                )
                for name, channels in tap_widths.items()
            }
        )
        initialise(self, weights)

    def forward(
        self, features: dict[str, Tensor], places: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """Return a vector (N, P, width), float32, for each place of each layer.

        Parameters
        ----------
        features
            (N, C, *spatial) of each layer.
        places
            (P,) indices into the flattened spatial axes of each layer.
        """
        vectors = {}
        for name, perceptron in self.perceptrons.items():
            patches = features[name].flatten(2)[:, :, places[name]].transpose(1, 2)
            vectors[name] = F.normalize(perceptron(patches).float(), dim=-1)
        return vectors
