"""Adversarial losses and the gradient-reversal layer."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


class _ReverseGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.weight * gradients[0], None


def reverse_gradient(values: Tensor, weight: float) -> Tensor:
    """Return `values`; the gradient is multiplied by `-weight` on its way back.

    Ganin & Lempitsky, ICML 2015, equations 11 and 12.
    """
    reversed_: Tensor = _ReverseGradient.apply(values, weight)  # type: ignore[no-untyped-call]
    return reversed_


def ramp(progress: float, speed: float = 10.0) -> float:
    """Return 2 / (1 + exp(-speed p)) - 1, rising from 0 to 1 (Ganin & Lempitsky)."""
    return 2.0 / (1.0 + math.exp(-speed * progress)) - 1.0


def domain_loss(logits: Tensor, sources: int) -> Tensor:
    """Return the cross-entropy of a domain classifier: source is 1, target 0.

    Parameters
    ----------
    logits
        (N,) scores; the first `sources` belong to the source.
    sources
        Number of source images.
    """
    truth = torch.zeros_like(logits)
    truth[:sources] = 1.0
    return F.binary_cross_entropy_with_logits(logits.float(), truth.float())
