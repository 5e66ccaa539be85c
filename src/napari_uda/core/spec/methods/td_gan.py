"""Settings of TD-GAN: translation to the look of a frozen source segmenter."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from napari_uda.core.spec.config import quantity

from .skips import SkipsConfig


class TdGanConfig(SkipsConfig):
    """Settings of TD-GAN: translation to the look of a frozen source segmenter.

    The four rows of the paper's table: CGAN is `conditional` off and
    `segmentation_weight` 0, TD-GAN-A `conditional` alone, TD-GAN-S
    `segmentation_weight` alone, TD-GAN both.
    """

    title: ClassVar[str] = "TD-GAN"
    summary: ClassVar[str] = (
        "Translates target images to the look of the source, guided by a segmenter of "
        "source images that is trained first and then frozen."
    )
    prefer: ClassVar[str] = (
        "Prefer it if a source segmenter is good already, and from virtual to real "
        "X-ray."
    )
    reference: ClassVar[str] = "Zhang, Miao, Mansi and Liao, MICCAI 2018"
    paper: ClassVar[dict[str, Any]] = {
        "steps": 180_000, "batch_size": 8, "translation_batch_size": 1,
        "patch_size": 256,
        "patch_depth": 32, "pretrain": 0.1, "warm_up": 0.0, "learning_rate": 1e-3,
        "segmenter": "di2i", "width": 48, "levels": 5, "norm": "batch", "ema": 0.999,
        "dice_weight": 0.0, "generator_width": 64, "generator_blocks": 7,
        "upsampling": "transposed", "discriminator_width": 64, "identity_weight": 0.0,
        "rotate": False, "translation_learning_rate": 2e-4, "generator": "resnet",
    }  # fmt: skip
    quick_volumes: ClassVar[dict[str, Any]] = {
        **SkipsConfig.quick_volumes, "pretrain": 0.3, "translation_batch_size": 2,
    }  # fmt: skip

    name: Literal["td_gan"] = "td_gan"
    """Method."""
    steps: Annotated[int, quantity("steps", ge=1, le=10_000_000)] = 600
    """Training steps in all."""
    batch_size: Annotated[int, quantity("patches", ge=1, le=1024)] = 8
    """Patches of each domain per step while the segmenter learns."""
    translation_batch_size: Annotated[int, quantity("patches", ge=1, le=1024)] = 1
    """How many of them there are per step once it is frozen."""
    patch_size: Annotated[int, quantity("px", ge=16, le=4096)] = 128
    """Height and width of a training patch; smaller than the images, the segmenter that
    is frozen knows neither their borders nor what is around a structure."""
    pretrain: Annotated[float, quantity("fraction", gt=0, lt=1)] = 0.4
    """Part of the training in which the segmenter learns; then it is frozen."""
    conditional: bool = True
    """Show images together with their masks to the discriminator of the source."""
    segmentation_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 1.0
    """Weight of how badly reconstructed source images are segmented; 0: off."""
    warm_up: Annotated[float, quantity("fraction", ge=0, lt=1)] = 0.1
    """Part of the translation stage in which that weight and the masks that the
    discriminator sees grow from nothing: early fakes mislead the segmenter."""
    schedule: Literal["constant", "linear", "poly"] = "linear"
    """Learning rate over each stage: constant, linear to zero in its second half, or
    poly."""
    translation_learning_rate: Annotated[float, quantity("per step", gt=0, le=1)] = 1e-3
    """Learning rate of Adam for generators and discriminators."""

    @property
    def stages(self) -> tuple[float, ...]:
        """Parts of the training after which a step does something else."""
        return (self.pretrain,)
