"""Settings of methods that train segmenters, then translation, then a third stage."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import model_validator

from napari_uda.core.spec.config import quantity

from .translation import TranslationConfig


class PretrainedConfig(TranslationConfig):
    """What cycle_shape and the baseline of its paper, ada, have in common."""

    reference: ClassVar[str] = "Zhang, Yang and Zheng, CVPR 2018"
    target_labels: ClassVar[Literal["never", "optional", "required"]] = "optional"
    paper: ClassVar[dict[str, Any]] = {
        "dims": 3, "steps": 20_000, "batch_size": 1, "patch_size": 112,
        "patch_depth": 86, "flip": False, "rotate": False, "learning_rate": 2e-4,
        "width": 32, "norm": "none", "dice_weight": 0.0, "ema": 0.999,
        "generator_width": 32, "discriminator_width": 64, "identity_weight": 0.0,
        "translation_learning_rate": 2e-4, "translation_batch_size": 1,
        "segmenter_pretrain": 0.385, "translation_pretrain": 0.23,
    }  # fmt: skip
    quick_volumes: ClassVar[dict[str, Any]] = {
        "steps": 450, "patch_size": 48, "patch_depth": 16, "flip": False,
        "rotate": False, "width": 8, "learning_rate": 3e-3, "ema": 0.95,
        "batch_size": 2, "generator_width": 8,
        "cycle_weight": 3.0, "translation_learning_rate": 2e-3,
        "segmenter_pretrain": 0.27, "translation_pretrain": 0.22,
    }  # fmt: skip
    groups: ClassVar[dict[str, tuple[str, ...]]] = {
        "Data and patches": ("labelled_fraction",),
    }

    segmenter_pretrain: Annotated[float, quantity("fraction", ge=0, lt=1)] = 0.15
    """Part of the training in which the segmenters alone learn, from real images."""
    translation_pretrain: Annotated[float, quantity("fraction", ge=0, lt=1)] = 0.25
    """Part of the training, thereafter, in which generators and discriminators learn
    without any help of the segmenters."""
    labelled_fraction: Annotated[float, quantity("probability", ge=0, le=1)] = 0.5
    """Probability that a target patch comes from a labelled target sample, if any."""
    schedule: Literal["constant", "linear", "poly"] = "linear"
    """Learning rate over the last stage: constant, linear to zero in its second half,
    or poly."""
    generator: Literal["resnet", "skip"] = "skip"
    """Network that translates: resnet, as in CycleGAN; or skip, a U-Net, which keeps
    fine structures in place and is the better one for volumes."""
    discriminator_layers: Annotated[int, quantity("layers", ge=1, le=5)] = 2
    """Strided layers of patchgan discriminators: 1, 2, 3 see 16, 34, 70 pixels."""
    translation_learning_rate: Annotated[float, quantity("per step", gt=0, le=1)] = 1e-3
    """Learning rate of Adam for generators and discriminators."""

    @property
    def pretrained(self) -> float:
        """Part of the training after which all networks are pre-trained."""
        return self.segmenter_pretrain + self.translation_pretrain

    @property
    def stages(self) -> tuple[float, ...]:
        """Parts of the training after which a step does something else."""
        begins = {self.segmenter_pretrain, self.pretrained}
        return tuple(sorted(begins - {0.0}))

    @model_validator(mode="after")
    def _leaves_time(self) -> Self:
        if self.pretrained >= 1:
            raise ValueError(
                f"segmenter_pretrain = {self.segmenter_pretrain:g} and "
                f"translation_pretrain = {self.translation_pretrain:g} leave nothing "
                "of the training: their sum has to be less than 1."
            )
        return self
