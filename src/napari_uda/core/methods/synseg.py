"""Synthesis and segmentation learnt end to end, for an unlabelled target.

Reference: Huo, Xu, Moon, Bao, Assad, Moyo, Savona, Abramson, Landman, "SynSeg-Net:
synthetic segmentation without target modality ground truth", IEEE TMI 2019. Minimises
L_GAN(G, D_T) + L_GAN(F, D_S) + lambda (|F(G(x_s)) - x_s| + |G(F(x_t)) - x_t|) +
L_seg(S(G(x_s)), y_s), where G is `to_target`, F `to_source` and S the segmenter. One
Adam updates G, F and S together, so that the gradient of L_seg reaches G; then each
discriminator has its own step. S alone segments the target. Order, pools, optimisers,
LSGAN and lambda = 10 are those of the authors' code.
Differences from the paper: no tanh before the softmax of the segmenter, which caps its
confidence; patches are cut without resizing; the schedule counts steps; averaged
networks predict; one weight for all structures stands for the authors' table of
weights of their seven classes, and a Dice term joins the cross-entropy instead of
replacing it; the quick preset is small, has a U-Net, the identity loss, and generators
of changes, which learn from a part of the patches that S learns from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from napari_uda.core.losses.adversarial import discriminator_loss, generator_loss
from napari_uda.core.losses.pool import ImagePool
from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.method import Batch, Method, Stepper, Task
from napari_uda.core.networks.frozen import detached, frozen
from napari_uda.core.networks.translation import adam, new_discriminator, new_generator
from napari_uda.core.spec.methods import SynsegConfig

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from napari_uda.core.spec.domain import DomainName


class Synseg(Method[SynsegConfig]):
    """Translate the source so that the segmenter learns the target's look from it."""

    losses: ClassVar[dict[str, tuple[str, ...]]] = {
        "segmentation": ("seg",),
        "adversarial": ("generators", "discriminator_target", "discriminator_source"),
        "reconstruction": ("cycle", "identity"),
    }
    averaged: ClassVar[tuple[str, ...]] = ("segmenter", "to_target", "to_source")
    judged_by: ClassVar[tuple[str, ...]] = (*Method.judged_by, "cycle_dice")
    translates: ClassVar[tuple[DomainName, ...]] = ("target", "source")

    def __init__(self, config: SynsegConfig, task: Task) -> None:
        super().__init__(config, task)
        self.segmenter = self.new_segmenter()
        self.to_target = new_generator(config, task.channels)
        self.to_source = new_generator(config, task.channels)
        self.discriminator_target = new_discriminator(config, task.channels)
        self.discriminator_source = new_discriminator(config, task.channels)
        self.pool_target = ImagePool(config.pool_size)
        self.pool_source = ImagePool(config.pool_size)

    def optimizers(self) -> dict[str, Optimizer]:
        """Return one Adam for generators and segmenter, and one per discriminator."""
        networks = adam(self.config, self.to_target, self.to_source)
        rate = self.config.learning_rate
        networks.add_param_group({"params": self.segmenter.parameters(), "lr": rate})
        return {
            "networks": networks,
            "discriminator_target": adam(self.config, self.discriminator_target),
            "discriminator_source": adam(self.config, self.discriminator_source),
        }

    def step(self, batch: Batch, engine: Stepper) -> dict[str, Tensor]:
        """Update generators and segmenter together, then each discriminator."""
        config, mode = self.config, self.config.gan_mode
        few = config.translation_batch_size
        source, target = batch.source.image[:few], batch.target.image[:few]
        others = detached(self.to_target, batch.source.image[few:])

        fake_target, fake_source = self.to_target(source), self.to_source(target)
        with frozen(self.discriminator_target, self.discriminator_source):
            loss_gan = generator_loss(self.discriminator_target(fake_target), mode)
            loss_gan += generator_loss(self.discriminator_source(fake_source), mode)
        loss_cycle = l1_loss(self.to_source(fake_target), source)
        loss_cycle += l1_loss(self.to_target(fake_source), target)
        loss_identity = torch.zeros_like(loss_cycle)
        if config.identity_weight > 0:
            loss_identity = l1_loss(self.to_source(source), source)
            loss_identity += l1_loss(self.to_target(target), target)
        # Not detached: the translation learns to keep what the segmenter needs.
        loss_seg = segmentation_loss(
            self.segmenter(torch.cat([fake_target, others])),
            batch.source.label,
            config.dice_weight,
            config.structure_weight,
        )
        engine.update(
            "networks",
            loss_gan
            + config.cycle_weight * loss_cycle
            + config.identity_weight * loss_identity
            + config.seg_weight * loss_seg,
        )

        loss_target = discriminator_loss(
            self.discriminator_target(target),
            self.discriminator_target(self.pool_target(fake_target)),
            mode,
        )
        engine.update("discriminator_target", loss_target)
        loss_source = discriminator_loss(
            self.discriminator_source(source),
            self.discriminator_source(self.pool_source(fake_source)),
            mode,
        )
        engine.update("discriminator_source", loss_source)
        return {
            "seg": loss_seg.detach(),
            "generators": loss_gan.detach(),
            "discriminator_target": loss_target.detach(),
            "discriminator_source": loss_source.detach(),
            "cycle": loss_cycle.detach(),
            "identity": loss_identity.detach(),
        }

    def segment(self, image: Tensor) -> Tensor:
        """Return logits of target images, whose look the segmenter knows."""
        logits: Tensor = self.segmenter(image)
        return logits

    def segment_source(self, image: Tensor) -> Tensor:
        """Return logits of source images by way of the target's look."""
        return self.segment(self.translate(image, "target"))

    def translate(self, image: Tensor, to: DomainName) -> Tensor:
        """Return images of the other domain with the look of `to`."""
        fake: Tensor = (self.to_target if to == "target" else self.to_source)(image)
        return fake


METHOD = Synseg
