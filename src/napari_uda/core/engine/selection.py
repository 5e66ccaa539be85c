"""Choosing the best checkpoint without target labels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_uda.core.spec.domain import IGNORE

if TYPE_CHECKING:
    from collections.abc import Sequence

VETO = 0.9
"""A checkpoint is out if it forgets the source: below this part of the best Dice."""


def is_best(
    history: list[dict[str, float]], judged_by: Sequence[str], veto: float = VETO
) -> bool:
    """Tell whether the newest scores are the best of the history.

    Scores are compared by the mean of their ranks (Musgrave et al. find no single
    validator reliable). Checkpoints that lost more than a tenth of the best source
    Dice are out; ties go to the newest. Without scores to judge by, the newest wins.

    Parameters
    ----------
    history
        Scores of every validation so far, the newest last; higher is better.
    judged_by
        Names of the scores that count.
    veto
        Part of the best source Dice that must be kept.
    """
    if not judged_by:
        return True
    floor = veto * max(scores["source_dice"] for scores in history)
    if history[-1]["source_dice"] < floor:
        return False
    rivals = [scores for scores in history if scores["source_dice"] >= floor]

    def mean_rank(scores: dict[str, float]) -> float:
        worse = [
            sum(rival[name] < scores[name] for rival in rivals) for name in judged_by
        ]
        return sum(worse) / len(worse)

    return mean_rank(rivals[-1]) >= max(map(mean_rank, rivals))


def information(chance: Tensor) -> tuple[float, float]:
    """Return mutual information and confidence of predictions, both in [0, 1].

    Confidence is 1 - H(p)/log C averaged over the pixels; mutual information is
    (H(mean p) - mean H(p)) / log C, which also asks for all classes to occur
    (Shi & Sha, ICML 2012).

    Parameters
    ----------
    chance
        Probabilities (C, pixels) that add up to 1 over C.
    """
    scale = math.log(len(chance))
    entropy = _entropy(chance).mean()
    marginal = _entropy(chance.mean(1, keepdim=True)).mean()
    return float((marginal - entropy) / scale), float(1 - entropy / scale)


def _entropy(chance: Tensor) -> Tensor:
    safe = chance.clamp(min=1e-7)
    return -(safe * safe.log()).sum(0)


def dice_scores(
    prediction: Tensor, truth: Tensor, structures: int, overlapping: bool
) -> list[float]:
    """Return the Dice of each structure over all labelled pixels; NaN if absent.

    Parameters
    ----------
    prediction, truth
        (N, *spatial) indices, or (N, K, *spatial) masks where `overlapping`; 255 in
        `truth` is left out.
    structures
        Number of structures K.
    overlapping
        Whether there is one mask per structure.
    """
    scores = []
    for i in range(structures):
        mine = prediction[:, i] == 1 if overlapping else prediction == i + 1
        theirs = truth[:, i] == 1 if overlapping else truth == i + 1
        valid = (truth[:, i] if overlapping else truth) != IGNORE
        both = int((mine & theirs & valid).sum())
        total = int((mine & valid).sum()) + int((theirs & valid).sum())
        scores.append(2 * both / total if total else float("nan"))
    return scores


def morphology(shares: Tensor, expected: Tensor) -> float:
    """Return how alike the areas of the structures are to those of the source labels.

    Mean over the structures of min(a, b) / max(a, b) of their shares of all pixels.
    """
    low, high = torch.minimum(shares, expected), torch.maximum(shares, expected)
    return float((low.clamp(min=1e-6) / high.clamp(min=1e-6)).mean())
