"""Settings of AccSeg-Net."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from napari_uda.core.spec.config import quantity

from .translation import GeneratorConfig


class AccsegConfig(GeneratorConfig):
    """Settings of AccSeg-Net."""

    title: ClassVar[str] = "AccSeg-Net"
    summary: ClassVar[str] = (
        "Gives source images the look of the target while their anatomy stays, and "
        "trains a segmenter on them."
    )
    prefer: ClassVar[str] = (
        "Prefer it if contrast may be inverted, as between CT and MR."
    )
    reference: ClassVar[str] = "Zhou, Liu and Duncan, MICCAI 2021"
    paper: ClassVar[dict[str, Any]] = {
        "steps": 70_000, "batch_size": 4, "patch_size": 256, "patch_depth": 32,
        "learning_rate": 2e-4, "translation_learning_rate": 2e-4, "width": 64,
        "levels": 5, "segmenter": "duse_unet", "norm": "batch", "ema": 0.999,
        "flip": False, "rotate": False,
        "generator_width": 64, "generator_blocks": 9, "downsampling": "blur",
        "upsampling": "blur", "discriminator_width": 64, "initial_weights": "xavier",
        "entropy_weight": 0.0, "projection_width": 256, "translation_batch_size": 4,
        "generator_output": "image",
    }  # fmt: skip

    name: Literal["accseg"] = "accseg"
    """Method."""
    generator: Literal["resnet"] = "resnet"
    """Network that translates: resnet, whose features PatchNCE compares."""
    translation_learning_rate: Annotated[float, quantity("per step", gt=0, le=1)] = 1e-3
    """Learning rate of Adam for generator, discriminator and projection."""
    schedule: Literal["constant", "linear", "poly"] = "linear"
    """Learning rate over time: constant, linear to zero in the second half, or poly."""
    entropy_weight: Annotated[float, quantity("weight", ge=0, le=100)] = 1.0
    """Weight of cross-entropy in the segmentation loss; 0: soft Dice alone."""
    adversarial_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 1.0
    """Weight of what gives translations away to the discriminator."""
    seg_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 1.0
    """Weight of the segmentation loss of translations, which trains the generator,
    too."""
    nce_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 1.0
    """Weight of the patch-wise contrastive loss; 0: off."""
    mind_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 1.0
    """Weight of the difference between MIND descriptors of images and translations; 0:
    off."""
    cc_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 1.0
    """Weight of what images and translations lack in correlation; 0: off."""
    identity: Literal["none", "l2", "nce"] = "none"
    """What keeps target images as they are: nothing, as in the authors' code; squared
    difference, as in the paper; or the patch-wise contrastive loss, as in CUT."""
    identity_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 1.0
    """Weight of what the generator changes about target images."""
    cc_form: Literal["squared", "signed"] = "squared"
    """Correlation that counts: r^2, which allows inverted contrast, or r."""
    mind_form: Literal["max", "sum"] = "max"
    """Descriptors are scaled to a largest value (the paper) or a sum (the authors'
    code, much weaker) of 1."""
    nce_places: Annotated[int, quantity("places", ge=2, le=65_536)] = 256
    """Places of each layer that the contrastive loss compares."""
    nce_temperature: Annotated[float, quantity("scale", ge=0.01, le=10)] = 0.07
    """Temperature of the contrastive loss: small values look at close rivals only."""
    projection_width: Annotated[int, quantity("channels", ge=4, le=1024)] = 64
    """Length of the vectors that the contrastive loss compares."""

    @property
    def segmentation_weights(self) -> dict[str, float]:
        """Weights of soft Dice and of cross-entropy in the segmentation loss."""
        return {
            "dice_weight": self.dice_weight,
            "entropy_weight": self.entropy_weight,
        }
