"""Translation to the source's look under the eyes of the segmenter that waits there.

Reference: Yan et al., "The domain shift problem of medical image segmentation and
vendor-adaptation by Unet-GAN", MICCAI 2019. A segmenter U is trained on the source and
frozen; then generators minimise L_GAN + 15 L_Unet + 5 L_SSIM (equation 5), the last two
between originals and translations, both ways. U(G_S(x)) segments; G_S is `to_source`.
Differences from the paper: `cycle_weight` and `identity_weight`, on in the quick preset
because nothing else couples the generators, add CycleGAN's terms; the paper preset is
equation 5. There, the weight of L_Unet need not rise from 0. The paper misprints L_GAN
and SSIM's structure, and leaves open loss and layers of U (cross-entropy and soft Dice;
two residual blocks a level) and the translation's networks, batch and duration
(CycleGAN's, with least squares and pools). Label-free scores replace early stopping;
averaged weights predict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import l1_loss
from torch.optim import Adam

from napari_uda.core.losses.adversarial import discriminator_loss, generator_loss
from napari_uda.core.losses.features import feature_loss
from napari_uda.core.losses.pool import ImagePool
from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.losses.ssim import ssim_loss
from napari_uda.core.method import Batch, Method, Stepper, Task, part
from napari_uda.core.networks.frozen import frozen
from napari_uda.core.networks.translation import adam, new_discriminator, new_generator
from napari_uda.core.spec.methods import UnetGanConfig

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from napari_uda.core.spec.domain import DomainName


class UnetGan(Method[UnetGanConfig]):
    """Train a segmenter, freeze it, and translate to where it works."""

    losses: ClassVar[dict[str, tuple[str, ...]]] = {
        "segmentation": ("seg",),
        "adversarial": ("generators", "discriminators"),
        "likeness to the original": ("feature", "ssim"),
        "reconstruction": ("cycle", "identity"),
    }
    averaged: ClassVar[tuple[str, ...]] = ("segmenter", "to_target", "to_source")
    judged_by: ClassVar[tuple[str, ...]] = (*Method.judged_by, "cycle_dice")
    translates: ClassVar[tuple[DomainName, ...]] = ("target", "source")

    def __init__(self, config: UnetGanConfig, task: Task) -> None:
        super().__init__(config, task)
        self.segmenter = self.new_segmenter()
        self.taps = ("block7", "block9") if config.levels > 4 else ("block7",)
        self.to_target = new_generator(config, task.channels)
        self.to_source = new_generator(config, task.channels)
        self.discriminator_target = new_discriminator(config, task.channels)
        self.discriminator_source = new_discriminator(config, task.channels)
        self.pool_target = ImagePool(config.pool_size)
        self.pool_source = ImagePool(config.pool_size)

    def optimizers(self) -> dict[str, Optimizer]:
        """Return one Adam for the segmenter, generators, and discriminators each."""
        opponents = self.discriminator_target, self.discriminator_source
        return {
            "segmenter": Adam(self.segmenter.parameters(), self.config.learning_rate),
            "generators": adam(self.config, self.to_target, self.to_source),
            "discriminators": adam(self.config, *opponents),
        }

    def ready(self, progress: float) -> bool:
        """Tell whether there is a translation yet."""
        return progress > self.config.pretrain

    def step(self, batch: Batch, engine: Stepper) -> dict[str, Tensor]:
        """Update the segmenter at first, generators and discriminators afterwards."""
        c, few = self.config, self.config.translation_batch_size
        pretraining = engine.progress < c.pretrain
        self.segmenter.train(pretraining)  # or its running statistics would go on
        if pretraining:
            logits = self.segmenter(batch.source.image)
            loss_seg = segmentation_loss(logits, batch.source.label, c.dice_weight)
            engine.update("segmenter", loss_seg, part(engine.progress, 0, c.pretrain))
            return {"seg": loss_seg.detach()}

        source, target = batch.source.image[:few], batch.target.image[:few]
        forth = self._translation_losses(source, target, "target", "source")
        back = self._translation_losses(target, source, "source", "target")
        losses = {name: forth[name] + back[name] for name in forth}
        done = part(engine.progress, c.pretrain, 1)
        warm = part(done, 0, c.feature_warm_up) if c.feature_warm_up else 1.0
        loss_generators = (
            losses["generators"]
            + c.feature_weight * warm * losses["feature"]
            + c.ssim_weight * losses["ssim"]
            + c.cycle_weight * losses["cycle"]
            + c.identity_weight * losses["identity"]
        )
        engine.update("generators", loss_generators, done)
        engine.update("discriminators", losses["discriminators"], done)
        return {name: loss.detach() for name, loss in losses.items()}

    def _translation_losses(
        self, image: Tensor, other: Tensor, to: DomainName, back: DomainName
    ) -> dict[str, Tensor]:
        """Return what it costs both sides to give `image` the look of `other`."""
        c, there = self.config, self.get_submodule(f"to_{to}")
        judge = self.get_submodule(f"discriminator_{to}")
        fake = there(image)
        former = self.get_submodule(f"pool_{to}")(fake)
        with torch.no_grad():
            wanted = self.segmenter(image, taps=self.taps)
        with frozen(self.segmenter, judge):
            found = self.segmenter(fake, taps=self.taps)
            loss_gan = generator_loss(judge(fake), c.gan_mode)
        again = self.translate(fake, back) if c.cycle_weight else image
        same = there(other) if c.identity_weight else other
        exponents = c.luminance_exponent, c.contrast_exponent, c.structure_exponent
        loss_judge = discriminator_loss(judge(other), judge(former), c.gan_mode)
        return {
            "generators": loss_gan, "discriminators": loss_judge,
            "feature": feature_loss(wanted, found),
            "ssim": ssim_loss(image, fake, *exponents),
            "cycle": l1_loss(again, image), "identity": l1_loss(same, other),
        }  # fmt: skip

    def segment(self, image: Tensor) -> Tensor:
        """Return logits of target images, in the look that the segmenter knows."""
        return self.segment_source(self.to_source(image))

    def segment_source(self, image: Tensor) -> Tensor:
        """Return logits of source images."""
        logits: Tensor = self.segmenter(image)
        return logits

    def translate(self, image: Tensor, to: DomainName) -> Tensor:
        """Return images of the other domain with the look of `to`."""
        fake: Tensor = (self.to_target if to == "target" else self.to_source)(image)
        return fake


METHOD = UnetGan
