"""Translation into the look of the source, driven by a frozen segmenter of that look.

Reference: Zhang, Miao, Mansi, Liao, "Task driven generative modeling for unsupervised
domain adaptation: application to X-ray image segmentation", MICCAI 2018. U is trained
on source images d (equation 1), then frozen. G1 (`to_target`) and G2 (`to_source`)
minimise L_DX + L_XD + 10 (L_XX + L_DD) + L_seg: L_DX with D1 on images; L_XD (equation
2) with D2 on pairs, (d, U(d)) against (G2(x), U(G2(x))); L1 cycles; L_seg (equation 3)
between U(G2(G1(d))) and the labels of d. Target images are segmented by U(G2(x)).
Differences from the paper: a softmax for classes that exclude each other; means for
sums, so w_i = 1/K; LSGAN as in CycleGAN, or the non-saturating log loss; pairs are
concatenated and pooled as pairs; layers of U, optimisers, sizes and the weight 1 of
L_seg are not in the paper; no cross-validation of U; averaged networks predict; quick
is small and short, with long skips, two fifths for U (a tenth in `paper`), 128 px,
with soft Dice, identity loss, and a warm-up of what U says of fakes.
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
from napari_uda.core.method import Batch, Method, Stepper, Task, part
from napari_uda.core.networks.against_background import AgainstBackground
from napari_uda.core.networks.conditional_discriminator import ConditionalDiscriminator
from napari_uda.core.networks.frozen import frozen
from napari_uda.core.networks.segmenters import new_segmenter
from napari_uda.core.networks.translation import adam, new_discriminator, new_generator
from napari_uda.core.spec.methods import TdGanConfig

if TYPE_CHECKING:
    from napari_uda.core.spec.domain import DomainName


class TdGan(Method[TdGanConfig]):
    """Train a segmenter, freeze it, and translate target images for it."""

    losses: ClassVar[dict[str, tuple[str, ...]]] = {
        "segmentation": ("seg", "cycle_seg"),
        "adversarial": ("generators", "discriminators"),
        "reconstruction": ("cycle", "identity"),
    }
    averaged: ClassVar[tuple[str, ...]] = ("segmenter", "to_target", "to_source")
    judged_by: ClassVar[tuple[str, ...]] = (*Method.judged_by, "cycle_dice")
    translates: ClassVar[tuple[DomainName, ...]] = ("target", "source")

    def __init__(self, config: TdGanConfig, task: Task) -> None:
        super().__init__(config, task)
        organs = len(task.structures)
        maps = new_segmenter(config, task.channels, 1 + organs)
        self.segmenter = AgainstBackground(maps, task.overlapping)
        self.to_target = new_generator(config, task.channels)
        self.to_source = new_generator(config, task.channels)
        self.discriminator_target = new_discriminator(config, task.channels)
        seen = task.channels + organs * config.conditional
        of_pairs = new_discriminator(config, seen)
        self.discriminator_source = ConditionalDiscriminator(of_pairs, task.channels)
        self.pool_target = ImagePool(config.pool_size)
        self.pool_source = ImagePool(config.pool_size)

    def optimizers(self) -> dict[str, Optimizer]:
        """Return one Adam for U, one for both generators, one for their opponents."""
        opponents = self.discriminator_target, self.discriminator_source
        return {
            "segmenter": Adam(self.segmenter.parameters(), self.config.learning_rate),
            "generators": adam(self.config, self.to_target, self.to_source),
            "discriminators": adam(self.config, *opponents),
        }

    def step(self, batch: Batch, engine: Stepper) -> dict[str, Tensor]:
        """Update U, and once it is frozen the generators, then the discriminators."""
        config, progress = self.config, engine.progress
        self.segmenter.train(progress < config.pretrain)
        if not self.segmenter.training:
            return self._adapt(batch, engine, part(progress, config.pretrain, 1))
        logits = self.segmenter(batch.source.image)
        loss = segmentation_loss(logits, batch.source.label, config.dice_weight)
        engine.update("segmenter", loss, part(progress, 0, config.pretrain))
        return {"seg": loss.detach()}

    def _adapt(self, batch: Batch, engine: Stepper, stage: float) -> dict[str, Tensor]:
        config, mode = self.config, self.config.gan_mode
        d_target, d_source = self.discriminator_target, self.discriminator_source
        trust = min(1.0, stage / config.warm_up) if config.warm_up else 1.0
        few = slice(config.translation_batch_size)
        source, target = batch.source.image[few], batch.target.image[few]
        label = batch.source.label[few]

        fake_target, fake_source = self.to_target(source), self.to_source(target)
        again, back = self.to_source(fake_target), self.to_target(fake_source)
        loss_cycle = l1_loss(again, source) + l1_loss(back, target)
        loss_same = loss_seg = torch.zeros_like(loss_cycle)
        if config.identity_weight > 0:
            loss_same = l1_loss(self.to_source(source), source)
            loss_same = loss_same + l1_loss(self.to_target(target), target)
        with frozen(self.segmenter, d_target, d_source):
            fake_pair = self._pair(fake_source)
            loss_gan = generator_loss(d_target(fake_target), mode)
            loss_gan += generator_loss(d_source(fake_pair, trust), mode)
            if config.segmentation_weight > 0:
                logits = self.segmenter(again)
                loss_seg = segmentation_loss(logits, label, config.dice_weight)
        loss = loss_gan + config.cycle_weight * loss_cycle
        loss += config.identity_weight * loss_same
        loss += trust * config.segmentation_weight * loss_seg
        engine.update("generators", loss, stage)

        with torch.no_grad():
            real = self._pair(source)
        old_image, old = self.pool_target(fake_target), self.pool_source(fake_pair)
        loss_d = discriminator_loss(d_target(target), d_target(old_image), mode)
        loss_d += discriminator_loss(d_source(real, trust), d_source(old, trust), mode)
        engine.update("discriminators", loss_d, stage)
        losses = {"cycle_seg": loss_seg, "cycle": loss_cycle, "identity": loss_same}
        losses |= {"generators": loss_gan, "discriminators": loss_d}
        return {name: loss.detach() for name, loss in losses.items()}

    def _pair(self, image: Tensor) -> Tensor:
        """Return images, followed by U's p_1 to p_K if D2 is conditional."""
        if not self.config.conditional:
            return image
        logits = self.segmenter(image)
        chance = logits.sigmoid() if self.task.overlapping else logits.softmax(1)[:, 1:]
        return torch.cat([image, chance], dim=1)

    def ready(self, progress: float) -> bool:
        """Tell whether the translation stage is past its warm-up."""
        return part(progress, self.config.pretrain, 1) > self.config.warm_up

    def segment(self, image: Tensor) -> Tensor:
        """Return logits of target images, in the look that the segmenter knows."""
        return self.segment_source(self.translate(image, "source"))

    def segment_source(self, image: Tensor) -> Tensor:
        """Return logits of source images."""
        return cast("Tensor", self.segmenter(image))

    def translate(self, image: Tensor, to: DomainName) -> Tensor:
        """Return images of the other domain with the look of `to`."""
        generator = self.to_target if to == "target" else self.to_source
        return cast("Tensor", generator(image))


METHOD = TdGan
