"""Exponential moving averages of networks, for evaluation and prediction."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn

    from napari_uda.core.method import Method
    from napari_uda.core.spec.methods import MethodConfig


def averaged_copy(method: Method[MethodConfig]) -> Method[MethodConfig]:
    """Return a method whose `averaged` networks are copies; the others are shared."""
    shadow = copy.copy(method)
    shadow._modules = {
        name: copy.deepcopy(child) if name in method.averaged else child
        for name, child in method._modules.items()
    }
    for name in method.averaged:
        child = shadow.get_submodule(name)
        child.requires_grad_(False)
        child.eval()
    return shadow


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move every weight of `average` towards that of `network` by 1 - decay."""
    torch._foreach_lerp_(
        list(average.parameters()), list(network.parameters()), 1.0 - decay
    )
    for mine, theirs in zip(average.buffers(), network.buffers(), strict=True):
        mine.copy_(theirs)


def warm_decay(decay: float, step: int) -> float:
    """Return the decay at a step: small at first, so that the start is forgotten."""
    return min(decay, (1 + step) / (10 + step))
