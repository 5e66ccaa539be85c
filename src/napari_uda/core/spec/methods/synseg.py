"""Settings of end-to-end synthesis and segmentation."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from napari_uda.core.spec.config import quantity

from .skips import SkipsConfig


class SynsegConfig(SkipsConfig):
    """Settings of end-to-end synthesis and segmentation."""

    title: ClassVar[str] = "SynSeg-Net"
    summary: ClassVar[str] = (
        "Translates source images to the look of the target and trains the segmenter "
        "on them, end to end."
    )
    prefer: ClassVar[str] = "Prefer it to CycleGAN if translations lose structures."
    reference: ClassVar[str] = "Huo et al., IEEE TMI 2019"
    paper: ClassVar[dict[str, Any]] = {
        "steps": 200_000, "batch_size": 4, "patch_size": 256, "patch_depth": 32,
        "flip": False, "rotate": False, "learning_rate": 2e-4, "ema": 0.999,
        "segmenter": "resnet9", "width": 64, "levels": 3, "dice_weight": 0.0,
        "generator_width": 64, "generator_blocks": 9, "upsampling": "transposed",
        "discriminator_width": 64, "identity_weight": 0.0,
        "translation_learning_rate": 2e-4, "translation_batch_size": 4,
        "generator": "resnet",
    }  # fmt: skip

    name: Literal["synseg"] = "synseg"
    """Method."""
    schedule: Literal["constant", "linear", "poly"] = "linear"
    """Learning rate over time: constant, linear to zero in the second half, or poly."""
    translation_learning_rate: Annotated[float, quantity("per step", gt=0, le=1)] = 1e-3
    """Learning rate of Adam for generators and discriminators."""
    seg_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 1.0
    """Weight of the segmentation loss of translated images, which the generator to the
    target's look minimises, too."""
    structure_weight: Annotated[float, quantity("weight", gt=0, le=1000)] = 1.0
    """Weight of a pixel of a structure in the cross-entropy, if one of the background
    has 1; raise it where structures are small."""
