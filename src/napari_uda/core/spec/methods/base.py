"""Settings that every method has."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import model_validator

from napari_uda.core.spec.config import Config, quantity
from napari_uda.core.spec.domain import DomainName


class MethodConfig(Config):
    """What every method has: patches, augmentation, optimisation, segmenter."""

    title: ClassVar[str]
    """Name as the field writes it."""
    summary: ClassVar[str]
    """One sentence: what it does."""
    needs: ClassVar[str] = "Needs source labels, and target images without any."
    """Which data it needs."""
    prefer: ClassVar[str] = ""
    """When to prefer it."""
    reference: ClassVar[str]
    """Where the method was published."""
    target_labels: ClassVar[Literal["never", "optional", "required"]] = "never"
    """Whether target labels with role `train` take part in training."""
    translates: ClassVar[tuple[DomainName, ...]] = ()
    """Looks that trained runs can give to images; as `Method.translates`."""
    paper: ClassVar[dict[str, Any]] = {}
    """Values of the `paper` preset; the defaults are the `quick` preset."""
    quick_volumes: ClassVar[dict[str, Any]] = {
        "batch_size": 2, "patch_size": 64, "patch_depth": 16,
    }  # fmt: skip
    """What the `quick` preset has otherwise in 3D, so that processors can train it."""
    groups: ClassVar[dict[str, tuple[str, ...]]] = {
        "Training": (
            "steps", "batch_size", "learning_rate", "schedule", "gradient_clip", "ema",
        ),
        "Data and patches": (
            "dims", "patch_size", "patch_depth", "foreground", "flip", "rotate",
            "intensity",
        ),
        "Segmenter": ("segmenter", "width", "levels", "norm", "dice_weight"),
    }  # fmt: skip
    """Settings by the part of a form they are in, beside those of the base classes;
    what no class puts anywhere is what the method is about: Adaptation."""

    dims: Literal[2, 3] = 2
    """Train on 2D images (or slices of volumes), or on 3D volumes."""
    steps: Annotated[int, quantity("steps", ge=1, le=10_000_000)] = 400
    """Training steps in all."""
    batch_size: Annotated[int, quantity("patches", ge=1, le=1024)] = 8
    """Patches of each domain per step."""
    patch_size: Annotated[int, quantity("px", ge=16, le=4096)] = 128
    """Height and width of a training patch."""
    patch_depth: Annotated[int, quantity("px", ge=1, le=1024)] = 16
    """Slices of a training patch (3D only)."""
    foreground: Annotated[float, quantity("fraction", ge=0, le=1)] = 0.0
    """Part of the labelled patches centred on a structure instead of anywhere."""
    flip: bool = True
    """Mirror patches; switch off where left and right must not be exchanged."""
    rotate: bool = True
    """Turn patches by multiples of 90 degrees in the plane."""
    intensity: Annotated[float, quantity("strength", ge=0, le=1)] = 0.0
    """Random brightness, contrast, gamma and noise of source patches; 0: none."""
    learning_rate: Annotated[float, quantity("per step", gt=0, le=1)] = 1e-3
    """Learning rate of Adam for the segmenter."""
    schedule: Literal["constant", "linear", "poly"] = "poly"
    """Learning rate over time: constant, linear to zero in the second half, or poly."""
    gradient_clip: Annotated[float, quantity("norm", ge=0, le=1000)] = 0.0
    """Largest gradient norm of an update; 0: no limit."""
    ema: Annotated[float, quantity("per step", ge=0, lt=1)] = 0.98
    """Decay of the averaged weights used for prediction; 0: use the last weights."""
    segmenter: Literal[
        "unet", "attention_unet", "duse_unet", "r2u_net", "di2i", "lv_unet",
        "resnet6", "resnet9",
    ] = "unet"  # fmt: skip
    """Network that segments: U-Net; with attention gates, squeeze and excitation,
    recurrent units (r2u_net), dense blocks (di2i) or residual blocks (lv_unet); or a
    residual network of 6 or 9 blocks."""
    width: Annotated[int, quantity("channels", ge=4, le=256)] = 16
    """Channels of the segmenter's first level; doubled at each level, where each layer
    of di2i adds a third of it."""
    levels: Annotated[int, quantity("levels", ge=2, le=7)] = 4
    """Resolution levels of the segmenter."""
    norm: Literal["instance", "group", "batch", "none"] = "instance"
    """Normalisation layer of the segmenter; batch: with running statistics, which one
    network cannot share between two looks."""
    dice_weight: Annotated[float, quantity("weight", ge=0, le=100)] = 1.0
    """Weight of the soft Dice term beside cross-entropy in the segmentation loss."""

    @property
    def patch_shape(self) -> tuple[int, ...]:
        """Spatial shape of a training patch."""
        plane = (self.patch_size, self.patch_size)
        return plane if self.dims == 2 else (self.patch_depth, *plane)

    @property
    def stages(self) -> tuple[float, ...]:
        """Parts of the training after which a step does something else."""
        return ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        smallest = 2 ** (self.levels - 1)
        if self.patch_size < 2 * smallest:
            raise ValueError(
                f"patch_size = {self.patch_size} is too small for {self.levels} levels:"
                f" give at least {2 * smallest}, or fewer levels."
            )
        return self
