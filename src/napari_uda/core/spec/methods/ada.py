"""Settings of ad-hoc augmentation by translated images."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from napari_uda.core.spec.config import quantity

from .pretrained import PretrainedConfig


class AdaConfig(PretrainedConfig):
    """Settings of ad-hoc augmentation by translated images."""

    title: ClassVar[str] = "ADA (ad-hoc translated data)"
    summary: ClassVar[str] = (
        "Translates first, then fine-tunes segmenters on real and translated images: "
        "tells what the joint training of cycle_shape is worth."
    )
    needs: ClassVar[str] = "Needs source labels; can use target labels."
    prefer: ClassVar[str] = "Train it as the baseline of cycle_shape."

    quick_volumes: ClassVar[dict[str, Any]] = {
        **PretrainedConfig.quick_volumes, "translation_pretrain": 0.4,
    }  # fmt: skip

    name: Literal["ada"] = "ada"
    """Method."""
    translation_pretrain: Annotated[float, quantity("fraction", gt=0, lt=1)] = 0.4
    """Part of the training, thereafter, in which generators and discriminators learn;
    then they are frozen."""
