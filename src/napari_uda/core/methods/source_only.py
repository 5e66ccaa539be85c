"""Source-only U-Net: the baseline without adaptation.

Reference: Ronneberger, Fischer, Brox, "U-Net", MICCAI 2015.
Differences from the paper: same-padding, normalisation, nearest upsampling, and a soft
Dice term beside cross-entropy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.method import Batch, Method, Stepper, Task
from napari_uda.core.spec.methods import SourceOnlyConfig

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from napari_uda.core.spec.domain import DomainName


class SourceOnly(Method[SourceOnlyConfig]):
    """Train a segmenter on the source and hope."""

    domains: ClassVar[tuple[DomainName, ...]] = ("source",)
    losses: ClassVar[dict[str, tuple[str, ...]]] = {"segmentation": ("seg",)}
    judged_by: ClassVar[tuple[str, ...]] = ("source_dice",)

    def __init__(self, config: SourceOnlyConfig, task: Task) -> None:
        super().__init__(config, task)
        self.segmenter = self.new_segmenter()

    def optimizers(self) -> dict[str, Optimizer]:
        """Return Adam over the segmenter."""
        rate = self.config.learning_rate
        return {"segmenter": torch.optim.Adam(self.segmenter.parameters(), rate)}

    def step(self, batch: Batch, engine: Stepper) -> dict[str, Tensor]:
        """Minimise the segmentation loss on the source."""
        logits = self.segmenter(batch.source.image)
        loss_seg = segmentation_loss(
            logits, batch.source.label, self.config.dice_weight
        )
        engine.update("segmenter", loss_seg)
        return {"seg": loss_seg.detach()}

    def segment(self, image: Tensor) -> Tensor:
        """Return logits of images of either domain."""
        logits: Tensor = self.segmenter(image)
        return logits


METHOD = SourceOnly
