"""Translation of volumes that segmenters keep in shape, and that teaches them.

Reference: Zhang, Yang, Zheng, "Translating and segmenting multimodal medical volumes
with cycle- and shape-consistency generative adversarial network", CVPR 2018. Generators
minimise L_GAN(G_A, D_A) + L_GAN(G_B, D_B) + 10 L_cyc + gamma L_shape (equation 3), of
which L_shape (equation 2) is how badly S_A and S_B, held fixed, segment G_A(x_B) and
G_B(x_A). Then S_A and S_B learn from real, synthetic and reconstructed images (section
3.5; not in equation 3). A is the source, B the target. First S is trained alone, then G
and D with gamma = 0, then all together (section 4.2).
Differences from the paper: labels of B are optional. Without them what needs them is 0:
L_shape of G_A(x_B), and S_B on x_B and G_B(G_A(x_B)); S_B is then pre-trained on x_A,
and L_shape gains S_A on G_A(G_B(x_A)). Kinds of images weigh 1:1:1. S and D see the
translations that G was updated with. Averaged networks predict; quick is small, with
instance norm, soft Dice, identity loss, stages of other lengths; few patches teach G.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss
from torch.optim import Adam, Optimizer

from napari_uda.core.losses.adversarial import discriminator_loss, generator_loss
from napari_uda.core.losses.pool import ImagePool
from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.method import Batch, Method, Patch, Stepper, Task, part
from napari_uda.core.networks.frozen import detached, frozen
from napari_uda.core.networks.translation import adam, new_discriminator, new_generator
from napari_uda.core.spec.methods import CycleShapeConfig

if TYPE_CHECKING:
    from napari_uda.core.spec.domain import DomainName


class CycleShape(Method[CycleShapeConfig]):
    """Translate both ways; segment both looks; let each help the other."""

    losses: ClassVar[dict[str, tuple[str, ...]]] = {
        "segmentation": ("seg_real", "seg_synthetic", "seg_reconstructed"),
        "shape": ("shape", "round_trip"),
        "adversarial": ("generators", "discriminators"),
        "reconstruction": ("cycle", "identity"),
    }
    averaged: ClassVar[tuple[str, ...]] = (
        "segmenter", "source_segmenter", "to_target", "to_source",
    )  # fmt: skip
    judged_by: ClassVar[tuple[str, ...]] = (*Method.judged_by, "cycle_dice")
    translates: ClassVar[tuple[DomainName, ...]] = ("target", "source")

    def __init__(self, config: CycleShapeConfig, task: Task) -> None:
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
        """Update the generators, then, with these fixed, segmenters and opponents."""
        config, mode, of = self.config, self.config.gan_mode, self._segmentation
        s_target, s_source = self.segmenter, self.source_segmenter
        d_target, d_source = self.discriminator_target, self.discriminator_source
        a, b = batch.source, batch.target
        stage = part(engine.progress, config.pretrained, 1)
        if engine.progress < config.segmenter_pretrain:
            real = b if b.labelled else a
            loss_real = of(s_source, a.image, a) + of(s_target, real.image, real)
            engine.update("segmenters", loss_real, stage)
            return {"seg_real": loss_real.detach()}
        all_a, few = a, config.translation_batch_size
        a, b = a.first(few), b.first(few)
        fake_b, fake_a = self.to_target(a.image), self.to_source(b.image)
        again_a, again_b = self.to_source(fake_b), self.to_target(fake_a)
        loss_cycle = l1_loss(again_a, a.image) + l1_loss(again_b, b.image)
        loss_same = loss_shape = loss_trip = torch.zeros_like(loss_cycle)
        joint = engine.progress >= config.pretrained
        if config.identity_weight > 0 and not joint:
            same_a, same_b = self.to_source(a.image), self.to_target(b.image)
            loss_same = l1_loss(same_a, a.image) + l1_loss(same_b, b.image)
        with frozen(d_target, d_source, s_target, s_source):
            loss_gan = generator_loss(d_target(fake_b), mode)
            loss_gan += generator_loss(d_source(fake_a), mode)
            if joint:
                loss_shape = of(s_target, fake_b, a) + of(s_source, fake_a, b)
                loss_trip = of(s_source, again_a, a)
        loss = loss_gan + config.cycle_weight * loss_cycle
        loss += config.identity_weight * loss_same + config.shape_weight * loss_shape
        loss += config.round_trip_weight * loss_trip
        engine.update("generators", loss, stage)
        losses = {"shape": loss_shape, "cycle": loss_cycle, "round_trip": loss_trip}
        losses |= {"identity": loss_same, "generators": loss_gan}
        fake_b, fake_a = fake_b.detach(), fake_a.detach()
        if joint:
            more_b = torch.cat([fake_b, detached(self.to_target, all_a.image[few:])])
            loss_real = of(s_source, a.image, a) + of(s_target, b.image, b)
            loss_synthetic = of(s_target, more_b, all_a) + of(s_source, fake_a, b)
            loss_again = of(s_source, again_a.detach(), a)
            loss_again += of(s_target, again_b.detach(), b)
            engine.update("segmenters", loss_real + loss_synthetic + loss_again, stage)
            losses |= {"seg_real": loss_real, "seg_synthetic": loss_synthetic}
            losses["seg_reconstructed"] = loss_again

        old_b, old_a = self.pool_target(fake_b), self.pool_source(fake_a)
        loss_d = discriminator_loss(d_target(b.image), d_target(old_b), mode)
        loss_d += discriminator_loss(d_source(a.image), d_source(old_a), mode)
        engine.update("discriminators", loss_d, stage)
        losses["discriminators"] = loss_d
        return {name: loss.detach() for name, loss in losses.items()}

    def _segmentation(self, network: nn.Module, image: Tensor, by: Patch) -> Tensor:
        """Return how badly the image of a patch, or one made of it, is segmented."""
        if not by.labelled:
            return image.new_zeros(())
        return segmentation_loss(network(image), by.label, self.config.dice_weight)

    def ready(self, progress: float) -> bool:
        """Tell whether all networks learn together."""
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


METHOD = CycleShape
