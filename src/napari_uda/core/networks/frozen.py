"""Networks that a loss passes through but does not train."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn


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
