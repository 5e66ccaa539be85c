"""Segmenters fine-tuned on what translators, trained before and then frozen, produce.

Reference: the ad-hoc approach (ADA) of Zhang, Yang, Zheng, "Translating and segmenting
multimodal medical volumes with cycle- and shape-consistency generative adversarial
network", CVPR 2018, section 5.3. First segmenters S_A and S_B learn from real images,
then generators minimise L_GAN(G_A, D_A) + L_GAN(G_B, D_B) + 10 L_cyc and are frozen;
then S is fine-tuned on batches of which one half is real, the other synthetic, such as
G_B(x_A), or reconstructed, as G_B(G_A(x_B)). A is the source, B the target.
Differences from the paper: labels of B are optional. Without them the real half of S_B,
in the first stage as in the last, is source images, the only labelled real ones there
are, and its other half G_B(x_A); that of S_A is G_A(G_B(x_A)). Patches are translated
as they are drawn, not whole volumes once: each batch is new, augmented before it is
translated, normalised by its own statistics. Halves are weights of two losses, not
counts. The learning rate of G follows its own stage. Quick has an identity loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import torch
from torch import Tensor
from torch.nn.functional import l1_loss
from torch.optim import Adam, Optimizer

from napari_uda.core.losses.adversarial import discriminator_loss, generator_loss
from napari_uda.core.losses.pool import ImagePool
from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.method import Batch, Method, Patch, Stepper, Task, part
from napari_uda.core.networks.frozen import frozen
from napari_uda.core.networks.translation import adam, new_discriminator, new_generator
from napari_uda.core.spec.methods import AdaConfig

if TYPE_CHECKING:
    from torch import nn

    from napari_uda.core.spec.domain import DomainName


class Ada(Method[AdaConfig]):
    """Train segmenters, then translators, then segmenters on translations."""

    losses: ClassVar[dict[str, tuple[str, ...]]] = {
        "segmentation": ("seg_real", "seg_generated"),
        "adversarial": ("generators", "discriminators"),
        "reconstruction": ("cycle", "identity"),
    }
    averaged: ClassVar[tuple[str, ...]] = (
        "segmenter", "source_segmenter", "to_target", "to_source",
    )  # fmt: skip
    judged_by: ClassVar[tuple[str, ...]] = (*Method.judged_by, "cycle_dice")
    translates: ClassVar[tuple[DomainName, ...]] = ("target", "source")

    def __init__(self, config: AdaConfig, task: Task) -> None:
        super().__init__(config, task)
        self.segmenter = self.new_segmenter()
        self.source_segmenter = self.new_segmenter()
        self.to_target = new_generator(config, task.channels)
        self.to_source = new_generator(config, task.channels)
        self.discriminator_target = new_discriminator(config, task.channels)
        self.discriminator_source = new_discriminator(config, task.channels)
        self.pool_target = ImagePool(config.pool_size)
        self.pool_source = ImagePool(config.pool_size)

    def optimizers(self) -> dict[str, Optimizer]:
        """Return one Adam for both segmenters, one for G, one for D."""
        s = (*self.segmenter.parameters(), *self.source_segmenter.parameters())
        opponents = self.discriminator_target, self.discriminator_source
        return {
            "segmenters": Adam(s, self.config.learning_rate),
            "generators": adam(self.config, self.to_target, self.to_source),
            "discriminators": adam(self.config, *opponents),
        }

    def step(self, batch: Batch, engine: Stepper) -> dict[str, Tensor]:
        """Update the networks whose stage it is."""
        a, b = batch.source, batch.target
        first, second = self.config.segmenter_pretrain, self.config.pretrained
        if first <= engine.progress < second:
            few = self.config.translation_batch_size
            return self._translation(a.image[:few], b.image[:few], engine)
        real = b if b.labelled else a
        loss_real = self._mean(self.segmenter, (real.image, real))
        loss_real += self._mean(self.source_segmenter, (a.image, a))
        if engine.progress < first:
            engine.update("segmenters", loss_real, 0.0)
            return {"seg_real": loss_real.detach()}
        with torch.no_grad():
            fake_b, fake_a = self.to_target(a.image), self.to_source(b.image)
            again_a, again_b = self.to_source(fake_b), self.to_target(fake_a)
        loss = self._mean(self.segmenter, (fake_b, a), (again_b, b))
        loss += self._mean(self.source_segmenter, (fake_a, b), (again_a, a))
        engine.update("segmenters", loss_real + loss, part(engine.progress, second, 1))
        return {"seg_real": loss_real.detach(), "seg_generated": loss.detach()}

    def _translation(self, a: Tensor, b: Tensor, engine: Stepper) -> dict[str, Tensor]:
        config, mode = self.config, self.config.gan_mode
        d_target, d_source = self.discriminator_target, self.discriminator_source
        stage = part(engine.progress, config.segmenter_pretrain, config.pretrained)
        fake_b, fake_a = self.to_target(a), self.to_source(b)
        with frozen(d_target, d_source):
            loss_gan = generator_loss(d_target(fake_b), mode)
            loss_gan += generator_loss(d_source(fake_a), mode)
        loss_cycle = l1_loss(self.to_source(fake_b), a)
        loss_cycle += l1_loss(self.to_target(fake_a), b)
        loss_same = torch.zeros_like(loss_cycle)
        if config.identity_weight:
            loss_same = l1_loss(self.to_source(a), a) + l1_loss(self.to_target(b), b)
        loss = loss_gan + config.cycle_weight * loss_cycle
        engine.update("generators", loss + config.identity_weight * loss_same, stage)

        real, fake = d_target(b), d_target(self.pool_target(fake_b))
        loss_d = discriminator_loss(real, fake, mode)
        real, fake = d_source(a), d_source(self.pool_source(fake_a))
        loss_d += discriminator_loss(real, fake, mode)
        engine.update("discriminators", loss_d, stage)
        losses = {"generators": loss_gan, "discriminators": loss_d}
        losses |= {"cycle": loss_cycle, "identity": loss_same}
        return {name: loss.detach() for name, loss in losses.items()}

    def _mean(self, network: nn.Module, *pairs: tuple[Tensor, Patch]) -> Tensor:
        """Return half the mean loss of images of, or made of, patches with labels."""
        weight = self.config.dice_weight
        losses = [
            segmentation_loss(network(image), patch.label, weight)
            for image, patch in pairs
            if patch.labelled
        ]
        return 0.5 * torch.stack(losses).mean()

    def ready(self, progress: float) -> bool:
        """Tell whether the segmenters see translations."""
        return part(progress, self.config.pretrained, 1) > 0

    def segment(self, image: Tensor) -> Tensor:
        """Return logits of target images."""
        return cast("Tensor", self.segmenter(image))

    def segment_source(self, image: Tensor) -> Tensor:
        """Return logits of source images."""
        return cast("Tensor", self.source_segmenter(image))

    def translate(self, image: Tensor, to: DomainName) -> Tensor:
        """Return images of the other domain with the look of `to`."""
        generator = self.to_target if to == "target" else self.to_source
        return cast("Tensor", generator(image))


METHOD = Ada
