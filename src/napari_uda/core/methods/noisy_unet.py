"""Source-only segmentation of images made to look otherwise: the noisy U-Net.

Reference: Yan et al., "The domain shift problem of medical image segmentation and
vendor-adaptation by Unet-GAN", MICCAI 2019, scenario 2 of section 3.2: a U-Net trained
on source images "added with random noise", which shows how far augmentation alone goes.
Differences from the paper: it gives neither kind nor strength of the noise: here it is
Gaussian, sigma ~ U(0, 0.1) of the intensity range, for half of the patches; nor the
loss: cross-entropy and soft Dice; `augmentation` = strong imitates other scanners in
more ways; averaged weights predict; the quick preset has the network of `source_only`,
so that nothing but the noise makes the difference between the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.method import Batch, Method, Stepper, Task
from napari_uda.core.spec.methods import NoisyUnetConfig

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from napari_uda.core.spec.domain import DomainName


class NoisyUnet(Method[NoisyUnetConfig]):
    """Train a segmenter on polluted source patches, as the sampler makes them."""

    domains: ClassVar[tuple[DomainName, ...]] = ("source",)
    losses: ClassVar[dict[str, tuple[str, ...]]] = {"segmentation": ("seg",)}
    judged_by: ClassVar[tuple[str, ...]] = ("source_dice",)

    def __init__(self, config: NoisyUnetConfig, task: Task) -> None:
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
        """Return logits of images of either domain, as they are."""
        logits: Tensor = self.segmenter(image)
        return logits


METHOD = NoisyUnet
