"""A method at work: its networks, their averages and optimisers on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from napari_uda.core.method import Batch

from . import device as devices
from .averaging import averaged_copy, update_average, warm_decay
from .precision import InPrecision, autocast
from .schedule import learning_rate_factor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor
    from torch.optim import Optimizer

    from napari_uda.core.method import Method, Patch
    from napari_uda.core.spec.domain import DomainName
    from napari_uda.core.spec.experiment import Training


class Learner:
    """Does the steps of a method; it is the `Stepper` that a method's step sees.

    `networks` and `optimizers` are the method's children and optimisers by name;
    `average` is the method with averaged copies of its networks that predict.

    Parameters
    ----------
    method
        A method with fresh weights; it is moved to the device.
    training
        Precision.
    device
        Where to compute.
    """

    def __init__(
        self, method: Method[Any], training: Training, device: torch.device
    ) -> None:
        self.config = method.config
        dims = self.config.dims
        self._device = device
        self.bfloat16 = devices.use_bfloat16(training, device, dims)
        self.method = devices.place(method, device, dims)
        self.average = averaged_copy(method)
        self.networks = dict(method.named_children())
        self.progress = 0.0
        """Part of the training that is done, in [0, 1)."""
        self.rate_scale = 1.0
        """Factor of all learning rates."""
        self.optimizers: dict[str, Optimizer] = method.optimizers()
        self._rates = {
            name: [group["lr"] for group in optimizer.param_groups]
            for name, optimizer in self.optimizers.items()
        }
        for name, network in self.networks.items():
            if any(p.requires_grad for p in network.parameters()):
                wrapped = InPrecision(network, device, bfloat16=self.bfloat16)
                setattr(method, name, wrapped)
        method.train()

    def autocast(self) -> torch.autocast:
        """Return a context in which the average computes as precisely as the rest."""
        return autocast(self._device, bfloat16=self.bfloat16)

    def update(
        self, optimizer: str, loss: Tensor, progress: float | None = None
    ) -> None:
        """Minimise a loss by one step of the named optimiser."""
        chosen = self.optimizers[optimizer]
        chosen.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        groups = chosen.param_groups
        if self.config.gradient_clip > 0:
            parameters = [p for group in groups for p in group["params"]]
            torch.nn.utils.clip_grad_norm_(parameters, self.config.gradient_clip)
        factor = self.rate_scale * learning_rate_factor(
            self.config.schedule, self.progress if progress is None else progress
        )
        for group, rate in zip(groups, self._rates[optimizer], strict=True):
            group["lr"] = rate * factor
        chosen.step()

    def learn(
        self, patches: Mapping[DomainName, Patch], step: int, steps: int
    ) -> dict[str, Tensor]:
        """Do step number `step` of `steps` with patches by domain; returns losses."""
        self.progress = step / steps
        only = next(iter(patches.values()))
        batch = Batch(patches.get("source", only), patches.get("target", only))
        losses: dict[str, Tensor] = self.method.step(batch, self)
        for name in self.method.averaged:
            update_average(
                self.average.get_submodule(name),
                self.networks[name],
                warm_decay(self.config.ema, step) if self.config.ema else 0.0,
            )
        return losses
