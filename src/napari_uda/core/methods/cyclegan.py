"""Translation between the looks of both domains, and a segmenter of one of them.

Reference: Zhu, Park, Isola, Efros, "Unpaired image-to-image translation using
cycle-consistent adversarial networks", ICCV 2017. Minimises L_GAN(G, D_T) +
L_GAN(F, D_S) + lambda (|F(G(x_s)) - x_s| + |G(F(x_t)) - x_t|) (equation 3), where G is
`to_target` and F `to_source`, optionally with the identity loss of section 5.2. Order,
pools and optimisers are those of the authors' code. As a baseline of adaptation it has
two routes: `translate_then_segment` segments F(x_t) by a segmenter of source images;
`segment_on_fakes` trains the segmenter on G(x_s) with the labels of x_s.
Differences from the paper: the segmenter, which is none of CycleGAN's, learns beside
the translation instead of afterwards, and no gradient of it reaches the generators;
averaged generators translate; patches are cut without resizing; the schedule counts
steps; the quick preset is small, with the identity loss and generators of changes, for
which fewer patches count than for the segmenter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import l1_loss
from torch.optim import Adam

from napari_uda.core.losses.adversarial import discriminator_loss, generator_loss
from napari_uda.core.losses.pool import ImagePool
from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.method import Batch, Method, Stepper, Task
from napari_uda.core.networks.frozen import detached, frozen
from napari_uda.core.networks.translation import adam, new_discriminator, new_generator
from napari_uda.core.spec.methods import CycleganConfig

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from napari_uda.core.spec.domain import DomainName


class Cyclegan(Method[CycleganConfig]):
    """Translate there and back again; segment one of the looks."""

    losses: ClassVar[dict[str, tuple[str, ...]]] = {
        "segmentation": ("seg",),
        "adversarial": ("generators", "discriminators"),
        "reconstruction": ("cycle", "identity"),
    }
    averaged: ClassVar[tuple[str, ...]] = ("segmenter", "to_target", "to_source")
    judged_by: ClassVar[tuple[str, ...]] = (*Method.judged_by, "cycle_dice")
    translates: ClassVar[tuple[DomainName, ...]] = ("target", "source")

    def __init__(self, config: CycleganConfig, task: Task) -> None:
        super().__init__(config, task)
        self.segmenter = self.new_segmenter()
        self.to_target = new_generator(config, task.channels)
        self.to_source = new_generator(config, task.channels)
        self.discriminator_target = new_discriminator(config, task.channels)
        self.discriminator_source = new_discriminator(config, task.channels)
        self.pool_target = ImagePool(config.pool_size)
        self.pool_source = ImagePool(config.pool_size)

    def optimizers(self) -> dict[str, Optimizer]:
        """Return one Adam for both generators, one for their opponents, one more."""
        opponents = self.discriminator_target, self.discriminator_source
        return {
            "generators": adam(self.config, self.to_target, self.to_source),
            "discriminators": adam(self.config, *opponents),
            "segmenter": Adam(self.segmenter.parameters(), self.config.learning_rate),
        }

    def step(self, batch: Batch, engine: Stepper) -> dict[str, Tensor]:
        """Update the generators, then the discriminators, then the segmenter."""
        config, mode = self.config, self.config.gan_mode
        few = config.translation_batch_size
        source, target = batch.source.image[:few], batch.target.image[:few]

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
        engine.update(
            "generators",
            loss_gan
            + config.cycle_weight * loss_cycle
            + config.identity_weight * loss_identity,
        )

        fake_target, fake_source = fake_target.detach(), fake_source.detach()
        loss_discriminators = discriminator_loss(
            self.discriminator_target(target),
            self.discriminator_target(self.pool_target(fake_target)),
            mode,
        ) + discriminator_loss(
            self.discriminator_source(source),
            self.discriminator_source(self.pool_source(fake_source)),
            mode,
        )
        engine.update("discriminators", loss_discriminators)

        look = batch.source.image
        if config.route == "segment_on_fakes":
            look = torch.cat([fake_target, detached(self.to_target, look[few:])])
        logits = self.segmenter(look)
        loss_seg = segmentation_loss(logits, batch.source.label, config.dice_weight)
        engine.update("segmenter", loss_seg)
        return {
            "seg": loss_seg.detach(),
            "generators": loss_gan.detach(),
            "discriminators": loss_discriminators.detach(),
            "cycle": loss_cycle.detach(),
            "identity": loss_identity.detach(),
        }

    def segment(self, image: Tensor) -> Tensor:
        """Return logits of target images, in the look that the segmenter knows."""
        if self.config.route == "translate_then_segment":
            image = self.translate(image, "source")
        logits: Tensor = self.segmenter(image)
        return logits

    def segment_source(self, image: Tensor) -> Tensor:
        """Return logits of source images, in the look that the segmenter knows."""
        if self.config.route == "segment_on_fakes":
            image = self.translate(image, "target")
        logits: Tensor = self.segmenter(image)
        return logits

    def translate(self, image: Tensor, to: DomainName) -> Tensor:
        """Return images of the other domain with the look of `to`."""
        fake: Tensor = (self.to_target if to == "target" else self.to_source)(image)
        return fake


METHOD = Cyclegan
