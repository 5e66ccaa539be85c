"""Translation to the target's look that keeps anatomy, and a segmenter of that look.

Reference: Zhou, Liu, Duncan, "Anatomy-constrained contrastive learning for synthetic
segmentation without ground-truth", MICCAI 2021. Minimises L_adv + L_idt + L_seg + L_PCT
+ L_AC (equation 7) over the generator G (`to_target`), the segmenter M_B (`segmenter`)
and the perceptrons H (`projection`): G deceives D, M_B(G(x_s)) fits y_s, each patch of
G(x_s) resembles the same patch of x_s more than others in the features of G's own
encoder, and MIND and correlation with x_s are kept. M_B alone segments target images.
Differences from the paper: where the authors' code disagrees it is followed: loss by
least squares, no identity loss unless chosen, 256 places of each layer, and
correlation 1 - r^2 (the printed sign would decorrelate), here image by image. MIND has
a maximum of 1 as in the paper, with unweighted patches, V the mean over direct
neighbours, and less reach in 3D. The features of G(x_s)'s making are its keys. H has a
group in the optimiser of G and M_B, which equals one of its own. M_B has an output for
the background; an average of the weights predicts; patches are not resized or tilted.
The quick preset is small, not anti-aliased, adds cross-entropy to Dice, and shows fewer
patches to G than to M_B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from napari_uda.core.losses.adversarial import discriminator_loss, generator_loss
from napari_uda.core.losses.correlation import correlation_loss
from napari_uda.core.losses.mind import mind_loss
from napari_uda.core.losses.patch_nce import draw_places, patch_nce
from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.method import Batch, Method, Stepper, Task
from napari_uda.core.networks.frozen import detached, frozen
from napari_uda.core.networks.patch_projection import PatchProjection
from napari_uda.core.networks.translation import (
    adam,
    new_discriminator,
    new_resnet_generator,
)
from napari_uda.core.spec.methods import AccsegConfig

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from napari_uda.core.spec.domain import DomainName


class Accseg(Method[AccsegConfig]):
    """Translate one way, keep the anatomy, and segment the translations."""

    losses: ClassVar[dict[str, tuple[str, ...]]] = {
        "segmentation": ("seg",),
        "adversarial": ("adversarial", "discriminator"),
        "contrastive": ("nce",),
        "anatomy": ("mind", "cc", "identity"),
    }
    averaged: ClassVar[tuple[str, ...]] = ("segmenter", "to_target")
    judged_by: ClassVar[tuple[str, ...]] = (*Method.judged_by, "cycle_dice")
    translates: ClassVar[tuple[DomainName, ...]] = ("target",)

    def __init__(self, config: AccsegConfig, task: Task) -> None:
        super().__init__(config, task)
        self.segmenter = self.new_segmenter()
        self.to_target = new_resnet_generator(config, task.channels)
        self.discriminator = new_discriminator(config, task.channels)
        widths = self.to_target.tap_widths()
        self.taps = tuple(widths)
        self.projection = PatchProjection(
            widths, config.projection_width, config.initial_weights
        )

    def optimizers(self) -> dict[str, Optimizer]:
        """Return one Adam for generator, segmenter and projection, one for D."""
        joint = adam(self.config, self.to_target, self.projection)
        rate = self.config.learning_rate
        joint.add_param_group({"params": self.segmenter.parameters(), "lr": rate})
        return {
            "discriminator": adam(self.config, self.discriminator),
            "generator": joint,
        }

    def step(self, batch: Batch, engine: Stepper) -> dict[str, Tensor]:
        """Update the discriminator, then generator, segmenter and projection."""
        config, mode = self.config, self.config.gan_mode
        few = config.translation_batch_size
        source, target = batch.source.image[:few], batch.target.image[:few]
        others = detached(self.to_target, batch.source.image[few:])
        keys = self.to_target(source, (*self.taps, "head"))
        fake = keys["head"]
        real, false = self.discriminator(torch.cat([target, fake.detach()])).chunk(2)
        loss_discriminator = discriminator_loss(real, false, mode)
        engine.update("discriminator", loss_discriminator)

        with frozen(self.discriminator):
            loss_adversarial = generator_loss(self.discriminator(fake), mode)
        logits = self.segmenter(torch.cat([fake, others]))
        weights = config.segmentation_weights
        loss_seg = segmentation_loss(logits, batch.source.label, **weights)
        loss_nce = loss_mind = loss_cc = loss_identity = torch.zeros_like(loss_seg)
        if config.nce_weight > 0:
            loss_nce = self._contrast(fake, keys)
        if config.mind_weight > 0:
            loss_mind = mind_loss(fake, source, config.mind_form)
        if config.cc_weight > 0:
            loss_cc = correlation_loss(fake, source, config.cc_form)
        if config.identity == "l2":
            loss_identity = mse_loss(self.to_target(target), target)
        elif config.identity == "nce":
            own = self.to_target(target, (*self.taps, "head"))
            loss_identity = self._contrast(own["head"], own)
        engine.update(
            "generator",
            config.adversarial_weight * loss_adversarial
            + config.seg_weight * loss_seg
            + config.nce_weight * loss_nce
            + config.mind_weight * loss_mind
            + config.cc_weight * loss_cc
            + config.identity_weight * loss_identity,
        )
        named = {"seg": loss_seg, "nce": loss_nce, "mind": loss_mind, "cc": loss_cc}
        named |= {"adversarial": loss_adversarial, "identity": loss_identity}
        named |= {"discriminator": loss_discriminator}
        return {name: loss.detach() for name, loss in named.items()}

    def _contrast(self, fake: Tensor, keys: dict[str, Tensor]) -> Tensor:
        """Return how badly patches of `fake` find those that they were made of."""
        queries = self.to_target(fake, self.taps)
        places = draw_places(queries, self.config.nce_places)
        with torch.no_grad():
            own = self.projection(keys, places)
        found = self.projection(queries, places)
        return patch_nce(found, own, self.config.nce_temperature)

    def segment(self, image: Tensor) -> Tensor:
        """Return logits of images of the target domain."""
        logits: Tensor = self.segmenter(image)
        return logits

    def segment_source(self, image: Tensor) -> Tensor:
        """Return logits of source images, in the look that the segmenter knows."""
        return self.segment(self.translate(image, "target"))

    def translate(self, image: Tensor, to: DomainName) -> Tensor:
        """Return source images with the look of the target."""
        fake: Tensor = self.to_target(image)
        return fake


METHOD = Accseg
