"""Settings of output-space adaptation with a gradient-reversal layer."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import model_validator

from napari_uda.core.spec.config import quantity

from .base import MethodConfig


class GrlConfig(MethodConfig):
    """Settings of output-space adaptation with a gradient-reversal layer."""

    title: ClassVar[str] = "Output-space GRL"
    summary: ClassVar[str] = (
        "Makes predicted masks of both domains alike by a domain classifier on the "
        "output; nothing is translated."
    )
    needs: ClassVar[str] = "Needs source labels; can use target labels."
    prefer: ClassVar[str] = (
        "Prefer it if time is short, or masks have speckle and gaps; EM and retina "
        "in 2D."
    )
    reference: ClassVar[str] = "Javanmardi and Tasdizen, ISBI 2018"
    target_labels: ClassVar[Literal["never", "optional", "required"]] = "optional"
    paper: ClassVar[dict[str, Any]] = {
        "steps": 30_000, "batch_size": 1, "patch_size": 512, "patch_depth": 32,
        "learning_rate": 1e-4, "width": 64, "levels": 5, "norm": "group", "ema": 0.999,
        "intensity": 0.3, "dice_weight": 0.0, "domain_learning_rate": 1e-4,
        "domain_width": 64, "domain_depth": 5,
    }  # fmt: skip
    groups: ClassVar[dict[str, tuple[str, ...]]] = {
        "Data and patches": ("labelled_fraction",),
    }

    name: Literal["grl"] = "grl"
    """Method."""
    domain_weight: Annotated[float, quantity("weight", ge=0, le=100)] = 0.1
    """Weight beta of the reversed gradient at the end of its ramp."""
    ramp_speed: Annotated[float, quantity("1/training", gt=0, le=100)] = 10.0
    """Steepness of the ramp beta (2 / (1 + exp(-speed * progress)) - 1)."""
    warm_up: Annotated[float, quantity("fraction", ge=0, lt=1)] = 0.0
    """Part of the training before the ramp starts."""
    domain_classifier: Literal["global", "fcn"] = "global"
    """What judges the domain: one verdict on the whole map, as in the paper, or one on
    each region of it (fcn), as AdaptSegNet's does."""
    domain_learning_rate: Annotated[float, quantity("per step", gt=0, le=1)] = 1e-3
    """Learning rate of Adam for the domain classifier."""
    domain_width: Annotated[int, quantity("channels", ge=4, le=256)] = 32
    """Channels of the domain classifier's first layer."""
    domain_depth: Annotated[int, quantity("layers", ge=2, le=6)] = 4
    """Strided layers of the domain classifier."""
    labelled_fraction: Annotated[float, quantity("probability", ge=0, le=1)] = 0.5
    """Probability that a target patch comes from a labelled target sample, if any."""

    @model_validator(mode="after")
    def _classifiable(self) -> Self:
        smallest = 2**self.domain_depth
        if self.patch_size < smallest:
            raise ValueError(
                f"patch_size = {self.patch_size} is too small for domain_depth = "
                f"{self.domain_depth}: give at least {smallest}, or fewer layers."
            )
        return self
