"""Getting ready to train before it is known what."""

from __future__ import annotations

import torch
from torch.optim import Adam


def warm_up() -> None:
    """Have PyTorch import what it leaves to the first step of the first optimiser."""
    weight = torch.zeros(1, requires_grad=True)
    weight.sum().backward()  # type: ignore[no-untyped-call]
    Adam([weight]).step()
