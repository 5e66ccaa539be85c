"""Settings of translation that a frozen segmenter watches over."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from napari_uda.core.spec.config import quantity

from .translation import TranslationConfig


class UnetGanConfig(TranslationConfig):
    """Settings of translation that a frozen segmenter watches over."""

    title: ClassVar[str] = "Unet-GAN"
    summary: ClassVar[str] = (
        "Trains a segmenter on the source, then translates target images to its look "
        "so that features and structure stay."
    )
    prefer: ClassVar[str] = "Prefer it between scanners or vendors of one modality."
    reference: ClassVar[str] = "Yan et al., MICCAI 2019"
    paper: ClassVar[dict[str, Any]] = {
        "steps": 100_000, "batch_size": 10, "patch_size": 192, "patch_depth": 32,
        "learning_rate": 1e-4, "width": 32, "norm": "batch", "ema": 0.999,
        "rotate": False, "flip": False, "schedule": "constant", "pretrain": 0.14,
        "generator_width": 64, "generator_blocks": 9, "upsampling": "transposed",
        "discriminator_width": 64, "translation_learning_rate": 1e-5,
        "cycle_weight": 0.0, "identity_weight": 0.0, "feature_warm_up": 0.0,
    }  # fmt: skip

    name: Literal["unet_gan"] = "unet_gan"
    """Method."""
    steps: Annotated[int, quantity("steps", ge=1, le=10_000_000)] = 600
    """Training steps in all."""
    batch_size: Annotated[int, quantity("patches", ge=1, le=1024)] = 8
    """Patches of each domain per step."""
    patch_size: Annotated[int, quantity("px", ge=16, le=4096)] = 96
    """Height and width of a training patch."""
    schedule: Literal["constant", "linear", "poly"] = "linear"
    """Learning rate over each stage: constant, linear to zero in its second half, or
    poly."""
    segmenter: Literal["lv_unet"] = "lv_unet"
    """Network that segments; its residual blocks 7 and 9 are what is compared."""
    levels: Annotated[int, quantity("levels", ge=4, le=7)] = 5
    """Resolution levels of the segmenter: block 7 is on the fourth, block 9 on the
    fifth, and with four levels block 7 alone is compared."""
    pretrain: Annotated[float, quantity("fraction", ge=0.01, le=0.9)] = 0.4
    """Part of the steps that train the segmenter, which is left alone afterwards."""
    translation_learning_rate: Annotated[float, quantity("per step", gt=0, le=1)] = 1e-3
    """Learning rate of Adam for generators and discriminators."""
    feature_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 15.0
    """Weight of how far the segmenter's features of a translation are off."""
    feature_warm_up: Annotated[float, quantity("fraction", ge=0, le=1)] = 0.2
    """Part of the translation's training in which that weight rises from 0."""
    ssim_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 5.0
    """Weight of what translations lose of their originals' structure."""
    luminance_exponent: Annotated[float, quantity("exponent", ge=0, le=10)] = 0.1
    """Exponent alpha of local brightness in the structural similarity."""
    contrast_exponent: Annotated[float, quantity("exponent", ge=0, le=10)] = 0.1
    """Exponent beta of local contrast in the structural similarity."""
    structure_exponent: Annotated[float, quantity("exponent", ge=0, le=10)] = 1.0
    """Exponent gamma of local structure in the structural similarity."""
    cycle_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 10.0
    """Weight of the difference between images and themselves, there and back again; 0:
    equation 5 of the paper to the letter."""

    @property
    def stages(self) -> tuple[float, ...]:
        """Parts of the training after which a step does something else."""
        return (self.pretrain,)
