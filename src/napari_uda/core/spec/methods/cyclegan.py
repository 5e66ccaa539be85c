"""Settings of translation by CycleGAN with a segmenter of one look."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from napari_uda.core.spec.config import quantity

from .skips import SkipsConfig


class CycleganConfig(SkipsConfig):
    """Settings of translation by CycleGAN with a segmenter of one look."""

    title: ClassVar[str] = "CycleGAN"
    summary: ClassVar[str] = (
        "Translates images between the looks of both domains and segments one of them."
    )
    prefer: ClassVar[str] = (
        "Prefer it if the domains differ in contrast and texture, not in shapes."
    )
    reference: ClassVar[str] = "Zhu, Park, Isola and Efros, ICCV 2017"
    paper: ClassVar[dict[str, Any]] = {
        "steps": 200_000, "batch_size": 1, "patch_size": 256, "patch_depth": 32,
        "learning_rate": 1e-4, "width": 64, "levels": 5, "ema": 0.999,
        "rotate": False, "generator_width": 64, "generator_blocks": 9,
        "upsampling": "transposed", "discriminator_width": 64, "identity_weight": 0.0,
        "translation_learning_rate": 2e-4, "translation_batch_size": 1,
        "generator": "resnet",
    }  # fmt: skip

    name: Literal["cyclegan"] = "cyclegan"
    """Method."""
    translation_learning_rate: Annotated[float, quantity("per step", gt=0, le=1)] = 1e-3
    """Learning rate of Adam for generators and discriminators."""
    schedule: Literal["constant", "linear", "poly"] = "linear"
    """Learning rate over time: constant, linear to zero in the second half, or poly."""
    route: Literal["translate_then_segment", "segment_on_fakes"] = "segment_on_fakes"
    """Segment target images in the look of the source, or train the segmenter on source
    images in the look of the target."""
