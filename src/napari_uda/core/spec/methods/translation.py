"""Settings of methods that translate images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from napari_uda.core.spec.config import quantity

from .base import MethodConfig

if TYPE_CHECKING:
    from napari_uda.core.spec.domain import DomainName


class GeneratorConfig(MethodConfig):
    """What every method that translates images has: generators and discriminators."""

    translates: ClassVar[tuple[DomainName, ...]] = ("target",)
    quick_volumes: ClassVar[dict[str, Any]] = {
        "batch_size": 2, "patch_size": 48, "patch_depth": 16, "generator_width": 8,
    }  # fmt: skip
    groups: ClassVar[dict[str, tuple[str, ...]]] = {
        "Translation": (
            "generator", "generator_width", "generator_blocks", "generator_output",
            "downsampling", "upsampling", "discriminator", "discriminator_width",
            "discriminator_layers", "initial_weights", "gan_mode",
            "translation_batch_size", "translation_learning_rate",
        ),
    }  # fmt: skip

    batch_size: Annotated[int, quantity("patches", ge=1, le=1024)] = 4
    """Patches of each domain per step."""
    generator: Literal["resnet", "skip"] = "resnet"
    """Network that translates: resnet, as in CycleGAN; or skip, a U-Net, which keeps
    fine structures in place and is the better one for volumes."""
    generator_width: Annotated[int, quantity("channels", ge=4, le=256)] = 16
    """Channels of the generators' first layer; four times as many in resnet's blocks,
    eight times as many in the deepest level of skip."""
    generator_blocks: Annotated[int, quantity("blocks", ge=1, le=16)] = 3
    """Residual blocks of resnet generators."""
    generator_output: Literal["image", "change"] = "image"
    """What generators compute: image, the whole of it, as in the papers; change, what
    is to be added to an image, at first hardly anything, so that training starts where
    no adaptation would end, and stays near it: not for noise of one domain alone."""
    downsampling: Literal["strided", "blur"] = "strided"
    """How resnet and patchgan downsample: strided convolution, or convolution
    at full resolution and blur, as CUT does, which is slower but aliases nothing."""
    upsampling: Literal["nearest", "transposed", "blur"] = "nearest"
    """How resnet generators upsample: nearest pixel and convolution, which draws no
    checkerboard; transposed convolution, as CycleGAN does; or linear interpolation and
    convolution, as CUT does."""
    discriminator: Literal["patchgan", "simgan"] = "patchgan"
    """Network that tells translated from real patches: patchgan, or simgan, which is
    small and sees 23 pixels."""
    discriminator_width: Annotated[int, quantity("channels", ge=4, le=256)] = 16
    """Channels of the discriminators' first layer; doubled up to eight times that."""
    discriminator_layers: Annotated[int, quantity("layers", ge=1, le=5)] = 3
    """Strided layers of patchgan discriminators: 1, 2, 3 see 16, 34, 70 pixels."""
    initial_weights: Literal["normal", "xavier"] = "normal"
    """Initial weights of generators and discriminators: normal with a deviation of 0.02
    (CycleGAN), or Xavier's with a gain of 0.02 (CUT)."""
    gan_mode: Literal["lsgan", "bce", "hinge"] = "lsgan"
    """Form of the adversarial losses."""
    translation_batch_size: Annotated[int, quantity("patches", ge=1, le=1024)] = 2
    """Patches of each domain that generators and discriminators learn from in a step:
    the first of `batch_size`, all of which the segmenter learns from."""
    translation_learning_rate: Annotated[float, quantity("per step", gt=0, le=1)] = 2e-4
    """Learning rate of Adam for generators and discriminators."""


class TranslationConfig(GeneratorConfig):
    """What every method that translates there and back again has."""

    translates: ClassVar[tuple[DomainName, ...]] = ("target", "source")
    groups: ClassVar[dict[str, tuple[str, ...]]] = {"Translation": ("pool_size",)}

    cycle_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 10.0
    """Weight of the difference between images and themselves, there and back again."""
    identity_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 5.0
    """Weight of what generators change about images that look right already; 0: off."""
    pool_size: Annotated[int, quantity("images", ge=0, le=10_000)] = 50
    """Former translations that each discriminator is shown again; 0: none."""
