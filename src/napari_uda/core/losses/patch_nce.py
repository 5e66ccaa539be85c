"""Patch-wise contrastive loss: a patch resembles itself more than its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


def draw_places(features: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
    """Draw `count` different places of each layer, or all where there are fewer.

    Parameters
    ----------
    features
        (N, C, *spatial) of each layer.
    count
        Most places of a layer.

    Returns
    -------
    dict
        (P,) indices into the flattened spatial axes of each layer; the same places are
        drawn for all images of a batch.
    """
    return {
        name: torch.randperm(layer[0, 0].numel(), device=layer.device)[:count]
        for name, layer in features.items()
    }


def patch_nce(
    queries: Mapping[str, Tensor], keys: Mapping[str, Tensor], temperature: float
) -> Tensor:
    """Return the cross-entropy of finding each query's own key, meaned over layers.

    Zhou, Liu, Duncan 2021, equations 4 and 5, as in CUT (Park, Efros, Zhang, Zhu, ECCV
    2020): the other keys of the *same image* are the negatives, the mean is taken over
    the places, and no gradient reaches the keys. CUT appends the positive to a matrix
    of negatives of which the diagonal is -10; here the positive stays on the diagonal:
    what CUT adds to the sum, exp(-10 / temperature), is below the precision of float32
    at a temperature of 0.07.

    Parameters
    ----------
    queries, keys
        (N, P, C) vectors of length 1 of each layer: those of place p belong together.
    temperature
        Divides the scalar products.

    Returns
    -------
    Tensor
        Scalar, float32.
    """
    losses = []
    for name, query in queries.items():
        key = keys[name].detach().float()
        logits = query.float() @ key.transpose(1, 2) / temperature
        own = torch.arange(logits.shape[1], device=logits.device)
        own = own.expand(len(logits), -1)
        losses.append(F.cross_entropy(logits.transpose(1, 2), own))
    return torch.stack(losses).mean()
