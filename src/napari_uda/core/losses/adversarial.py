"""Adversarial losses and the gradient-reversal layer."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

GanMode = Literal["lsgan", "bce", "hinge"]
GUESSING: dict[GanMode, float] = {"lsgan": 0.25, "bce": math.log(2), "hinge": 1.0}
"""`discriminator_loss` of the best guess: 0.5 for all images, or 0 before a sigmoid."""
GUESSING_DOMAIN = math.log(2)
"""`domain_loss` of a classifier that can but guess."""


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
        (N, ...) scores; the first `sources` images are those of the source.
    sources
        Number of source images.
    """
    truth = torch.zeros_like(logits)
    truth[:sources] = 1.0
    return F.binary_cross_entropy_with_logits(logits.float(), truth.float())


def domain_accuracy(logits: Tensor, sources: int) -> Tensor:
    """Return the part of a domain classifier's scores that is right; 0.5 is guessing.

    Parameters
    ----------
    logits, sources
        As in `domain_loss`.
    """
    right = torch.cat([logits[:sources] > 0, logits[sources:] <= 0])
    return right.float().mean()


def generator_loss(fake: Tensor, mode: GanMode) -> Tensor:
    """Return how far a discriminator is from taking generated images for real.

    lsgan: mean((D - 1)^2) (Mao et al., ICCV 2017); bce: -log sigmoid(D), the
    non-saturating form (Goodfellow et al., 2014); hinge: -D (Lim & Ye, 2017).

    Parameters
    ----------
    fake
        Logits of generated images, any shape.
    mode
        Form of the loss.
    """
    fake = fake.float()
    match mode:
        case "lsgan":
            return ((fake - 1) ** 2).mean()
        case "bce":
            return F.softplus(-fake).mean()
        case "hinge":
            return -fake.mean()


def discriminator_loss(real: Tensor, fake: Tensor, mode: GanMode) -> Tensor:
    """Return how badly a discriminator tells real from generated images.

    Half the sum of both parts, as in CycleGAN: lsgan (D(real) - 1)^2 and D(fake)^2;
    bce with target 1 and 0; hinge max(0, 1 - D(real)) and max(0, 1 + D(fake)).

    Parameters
    ----------
    real, fake
        Logits of real and of generated images, any shape.
    mode
        Form of the loss.
    """
    real, fake = real.float(), fake.float()
    match mode:
        case "lsgan":
            parts = ((real - 1) ** 2).mean() + (fake**2).mean()
        case "bce":
            parts = F.softplus(-real).mean() + F.softplus(fake).mean()
        case "hinge":
            parts = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    return 0.5 * parts
