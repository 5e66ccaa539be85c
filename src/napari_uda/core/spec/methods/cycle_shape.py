"""Settings of the cycle- and shape-consistency GAN."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from napari_uda.core.spec.config import quantity

from .pretrained import PretrainedConfig


class CycleShapeConfig(PretrainedConfig):
    """Settings of the cycle- and shape-consistency GAN."""

    title: ClassVar[str] = "Cycle- and shape-consistency GAN"
    summary: ClassVar[str] = (
        "Translates between both looks while segmenters watch that shapes stay, and "
        "learn from the translations."
    )
    needs: ClassVar[str] = "Needs source labels; can use target labels."
    prefer: ClassVar[str] = (
        "Prefer it for volumes of two modalities, such as CT and MR of a heart; "
        "images work as well."
    )

    name: Literal["cycle_shape"] = "cycle_shape"
    """Method."""
    shape_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 1.0
    """Weight gamma of how badly translated images are segmented; 0: off."""
    round_trip_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 1.0
    """Weight of how badly source images are segmented after the way there and back,
    which stands in for target labels; 0: off, as in the paper, which has some."""
