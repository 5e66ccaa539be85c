"""Supervised U-Net on target labels: the upper bound, not an adaptation.

Reference: Ronneberger, Fischer, Brox, "U-Net", MICCAI 2015.
Differences from the paper: those of `source_only`, whose network and loss it shares so
that the two scores can be compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.method import Batch, Method, Stepper, Task
from napari_uda.core.spec.methods import SupervisedConfig

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from napari_uda.core.spec.domain import DomainName


class Supervised(Method[SupervisedConfig]):
    """Train a segmenter on the target's own labels."""

    domains: ClassVar[tuple[DomainName, ...]] = ("target",)
    losses: ClassVar[dict[str, tuple[str, ...]]] = {"segmentation": ("seg",)}
    judged_by: ClassVar[tuple[str, ...]] = ()

    def __init__(self, config: SupervisedConfig, task: Task) -> None:
        super().__init__(config, task)
        self.segmenter = self.new_segmenter()

    def optimizers(self) -> dict[str, Optimizer]:
        """Return Adam over the segmenter."""
        rate = self.config.learning_rate
        return {"segmenter": torch.optim.Adam(self.segmenter.parameters(), rate)}

    def step(self, batch: Batch, engine: Stepper) -> dict[str, Tensor]:
        """Minimise the segmentation loss on labelled target patches."""
        logits = self.segmenter(batch.target.image)
        loss_seg = segmentation_loss(
            logits, batch.target.label, self.config.dice_weight
        )
        engine.update("segmenter", loss_seg)
        return {"seg": loss_seg.detach()}

    def segment(self, image: Tensor) -> Tensor:
        """Return logits of target images."""
        logits: Tensor = self.segmenter(image)
        return logits


METHOD = Supervised
