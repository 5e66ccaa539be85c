"""Settings of the source-only baseline with changed source images."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from napari_uda.core.spec.config import quantity

from .base import MethodConfig


class NoisyUnetConfig(MethodConfig):
    """Settings of the source-only baseline with changed source images."""

    title: ClassVar[str] = "Noisy U-Net"
    summary: ClassVar[str] = (
        "Trains on source images with noise or strong random changes of their look: "
        "what augmentation alone can do."
    )
    needs: ClassVar[str] = "Needs source labels; target images are only predicted."
    prefer: ClassVar[str] = (
        "Prefer it if the look varies and no target images are there yet, or as "
        "another baseline."
    )
    reference: ClassVar[str] = "Yan et al., MICCAI 2019"
    paper: ClassVar[dict[str, Any]] = {
        "steps": 14_000, "batch_size": 10, "patch_size": 192, "patch_depth": 32,
        "learning_rate": 1e-4, "segmenter": "lv_unet", "width": 32, "levels": 5,
        "norm": "batch", "ema": 0.999, "rotate": False, "flip": False,
        "schedule": "constant",
    }  # fmt: skip
    groups: ClassVar[dict[str, tuple[str, ...]]] = {
        "Data and patches": ("augmentation", "noise", "noise_probability"),
    }

    name: Literal["noisy_unet"] = "noisy_unet"
    """Method."""
    augmentation: Literal["none", "noise", "strong"] = "noise"
    """What source patches get: Gaussian noise, or, beside it, random gamma, brightness,
    contrast, blur or sharpening, lower resolution and shading."""
    noise: Annotated[float, quantity("intensity range", ge=0, le=1)] = 0.1
    """Largest standard deviation of the noise; each noisy patch has its own."""
    noise_probability: Annotated[float, quantity("probability", ge=0, le=1)] = 0.5
    """Probability that a source patch gets noise."""
