"""Segmentation losses that leave unlabelled pixels out."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_uda.core.spec.domain import IGNORE


def segmentation_loss(
    logits: Tensor,
    labels: Tensor,
    dice_weight: float,
    structure_weight: float = 1.0,
    *,
    entropy_weight: float = 1.0,
) -> Tensor:
    """Return weighted cross-entropy plus soft Dice loss over the labelled pixels.

    Parameters
    ----------
    logits
        (N, outputs, *spatial).
    labels
        (N, *spatial) indices for exclusive classes, or (N, K, *spatial) masks for
        overlapping ones; 255 is left out. Without any labelled pixel the loss is 0.
    dice_weight
        Weight of the Dice term.
    structure_weight
        Weight of the pixels of structures in the cross-entropy, if one of the
        background has 1; a weighted mean, so that its scale stays.
    entropy_weight
        Weight of the cross-entropy.

    Returns
    -------
    Tensor
        Scalar, float32.
    """
    logits = logits.float()
    valid = labels != IGNORE
    weight = 1.0 + (structure_weight - 1.0) * (labels > 0)
    weight = weight * valid
    # Nothing labelled: the sum is zero, and so must the mean be.
    count = torch.where(valid.any(), weight.sum(), 1.0)
    if labels.ndim == logits.ndim:
        truth = labels.masked_fill(~valid, 0).float()
        terms = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
        entropy = (terms * weight).sum() / count
        chosen, chance = truth, torch.sigmoid(logits)
        mask = valid.float()
    else:
        # One-hot by comparison: cross_entropy over channels is slow on CPUs here.
        index = labels.masked_fill(~valid, 0).long().unsqueeze(1)
        log_chance = F.log_softmax(logits, dim=1)
        picked = log_chance.gather(1, index).squeeze(1)
        entropy = -(picked * weight).sum() / count
        mask = valid.unsqueeze(1).float()
        one_hot = torch.zeros_like(logits).scatter_(1, index, 1.0)
        chosen, chance = one_hot[:, 1:], log_chance.exp()[:, 1:]
    if dice_weight == 0:
        return entropy_weight * entropy
    return entropy_weight * entropy + dice_weight * dice_loss(chance, chosen, mask)


def dice_loss(chance: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Return one minus the soft Dice coefficient, pooled over the batch.

    Mean over the classes of 1 - 2 sum(p g) / (sum(p^2) + sum(g^2)), the form of
    Milletari, Navab, Ahmadi (3DV 2016); pixels where `mask` is 0 are left out.
    """
    axes = (0, *range(2, chance.ndim))
    chance, truth = chance * mask, truth * mask
    both = (chance * truth).sum(axes)
    total = (chance**2).sum(axes) + (truth**2).sum(axes)
    # Where nothing is labelled the loss must vanish together with its gradient.
    labelled = (mask.sum() > 0).float()
    return labelled * (1 - (2 * both + 1e-5) / (total + 1e-5)).mean()
