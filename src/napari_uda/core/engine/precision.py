"""How precisely networks compute."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def autocast(device: torch.device, *, bfloat16: bool) -> torch.autocast:
    """Return a context in which networks on a device compute in bfloat16, or do not."""
    return torch.autocast(device.type, torch.bfloat16, enabled=bfloat16)


class InPrecision(nn.Module):
    """A network that may compute in bfloat16, and answers in single precision.

    So losses are exact, whatever a network computes in. Only `forward` can be called.

    Parameters
    ----------
    network
        What computes.
    device
        Where it is.
    bfloat16
        Whether its products are made in bfloat16.
    """

    def __init__(
        self, network: nn.Module, device: torch.device, *, bfloat16: bool
    ) -> None:
        super().__init__()
        self.network = network
        self._device = device
        self._bfloat16 = bfloat16

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Return what the network returns, all of it in single precision."""
        with autocast(self._device, bfloat16=self._bfloat16):
            return _single(self.network(*inputs, **options))


def _single(output: Any) -> Any:
    """Convert tensors, also within tuples, lists and dictionaries."""
    if isinstance(output, Tensor):
        return output.float() if output.is_floating_point() else output
    if isinstance(output, dict):
        return {name: _single(value) for name, value in output.items()}
    if isinstance(output, tuple | list):
        return type(output)(map(_single, output))
    return output
