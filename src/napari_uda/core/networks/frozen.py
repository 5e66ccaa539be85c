"""Networks that take part in a step but are not trained by it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Within, what networks compute is differentiable in their input alone.

    The opponent of a generator need not compute gradients of its own weights, and must
    not keep any of them.
    """
    try:
        for network in networks:
            network.requires_grad_(False)
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)


@torch.no_grad()
def detached(network: nn.Module, images: Tensor) -> Tensor:
    """Return what a network makes of images (N, ...), possibly none, to teach others.

    No gradient reaches the network.
    """
    return network(images) if len(images) else images
