"""Every method's settings: one flat class each, the origin of forms, files and docs."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from napari_uda.core.errors import UserError

from .config import Config, parse, quantity

Preset = Literal["quick", "paper"]
PRESET_NAMES: tuple[Preset, ...] = ("quick", "paper")


class MethodConfig(Config):
    """What every method has: patches, augmentation, optimisation, segmenter."""

    title: ClassVar[str]
    """Name as the field writes it."""
    summary: ClassVar[str]
    """One sentence: what it does, what it needs, when to prefer it."""
    reference: ClassVar[str]
    """Where the method was published."""
    target_labels: ClassVar[Literal["never", "optional", "required"]] = "never"
    """Whether target labels with role `train` take part in training."""
    paper: ClassVar[dict[str, Any]] = {}
    """Values of the `paper` preset; the defaults are the `quick` preset."""

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
    width: Annotated[int, quantity("channels", ge=4, le=256)] = 16
    """Channels of the segmenter's first level; doubled at each level."""
    levels: Annotated[int, quantity("levels", ge=2, le=7)] = 4
    """Resolution levels of the segmenter."""
    norm: Literal["instance", "group", "none"] = "instance"
    """Normalisation layer of the segmenter."""
    dice_weight: Annotated[float, quantity("weight", ge=0, le=100)] = 1.0
    """Weight of the soft Dice term beside cross-entropy in the segmentation loss."""

    @property
    def patch_shape(self) -> tuple[int, ...]:
        """Spatial shape of a training patch."""
        plane = (self.patch_size, self.patch_size)
        return plane if self.dims == 2 else (self.patch_depth, *plane)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        smallest = 2 ** (self.levels - 1)
        if self.patch_size < 2 * smallest:
            raise ValueError(
                f"patch_size = {self.patch_size} is too small for {self.levels} levels:"
                f" give at least {2 * smallest}, or fewer levels."
            )
        return self


class SourceOnlyConfig(MethodConfig):
    """Settings of the source-only baseline."""

    title: ClassVar[str] = "Source only"
    summary: ClassVar[str] = (
        "Trains a U-Net on the labelled source alone: the baseline that every "
        "adaptation has to beat."
    )
    reference: ClassVar[str] = "Ronneberger, Fischer, Brox, MICCAI 2015"
    paper: ClassVar[dict[str, Any]] = {
        "steps": 30_000, "batch_size": 4, "patch_size": 256, "patch_depth": 32,
        "learning_rate": 1e-4, "width": 64, "levels": 5, "ema": 0.999,
        "intensity": 0.3,
    }  # fmt: skip

    name: Literal["source_only"] = "source_only"
    """Method."""


class SupervisedConfig(MethodConfig):
    """Settings of the supervised upper bound."""

    title: ClassVar[str] = "Supervised (upper bound)"
    summary: ClassVar[str] = (
        "Trains the same U-Net on target labels: not an adaptation, but the score that "
        "an adaptation could reach at best."
    )
    reference: ClassVar[str] = SourceOnlyConfig.reference
    target_labels: ClassVar[Literal["never", "optional", "required"]] = "required"
    paper: ClassVar[dict[str, Any]] = SourceOnlyConfig.paper

    name: Literal["supervised"] = "supervised"
    """Method."""


class GrlConfig(MethodConfig):
    """Settings of output-space adaptation with a gradient-reversal layer."""

    title: ClassVar[str] = "Output-space GRL"
    summary: ClassVar[str] = (
        "Makes predicted masks of both domains alike through a domain classifier on "
        "the output; fast, no translation; prefer it for EM and retina in 2D."
    )
    reference: ClassVar[str] = "Javanmardi and Tasdizen, ISBI 2018"
    target_labels: ClassVar[Literal["never", "optional", "required"]] = "optional"
    paper: ClassVar[dict[str, Any]] = {
        "steps": 30_000, "batch_size": 1, "patch_size": 512, "patch_depth": 32,
        "learning_rate": 1e-4, "width": 64, "levels": 5, "norm": "group", "ema": 0.999,
        "intensity": 0.3, "dice_weight": 0.0, "domain_learning_rate": 1e-4,
        "domain_width": 64, "domain_depth": 5,
    }  # fmt: skip

    name: Literal["grl"] = "grl"
    """Method."""
    domain_weight: Annotated[float, quantity("weight", ge=0, le=100)] = 0.1
    """Weight beta of the reversed gradient at the end of its ramp."""
    ramp_speed: Annotated[float, quantity("1/training", gt=0, le=100)] = 10.0
    """Steepness of the ramp beta (2 / (1 + exp(-speed * progress)) - 1)."""
    warm_up: Annotated[float, quantity("fraction", ge=0, lt=1)] = 0.0
    """Part of the training before the ramp starts."""
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


class TranslationConfig(MethodConfig):
    """What every method that translates images has: generators and discriminators."""

    generator_width: Annotated[int, quantity("channels", ge=4, le=256)] = 16
    """Channels of the generators' first layer; four times as many in their blocks."""
    generator_blocks: Annotated[int, quantity("blocks", ge=1, le=16)] = 3
    """Residual blocks of the generators."""
    upsampling: Literal["nearest", "transposed"] = "nearest"
    """How generators upsample: nearest pixel and convolution, which draws no
    checkerboard, or transposed convolution, as CycleGAN does."""
    discriminator_width: Annotated[int, quantity("channels", ge=4, le=256)] = 16
    """Channels of the discriminators' first layer; doubled up to eight times that."""
    discriminator_layers: Annotated[int, quantity("layers", ge=1, le=5)] = 3
    """Strided layers of the discriminators: 1, 2, 3 see 16, 34, 70 pixels."""
    gan_mode: Literal["lsgan", "bce", "hinge"] = "lsgan"
    """Form of the adversarial losses."""
    cycle_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 10.0
    """Weight of the difference between images and themselves, there and back again."""
    identity_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 5.0
    """Weight of what generators change about images that look right already; 0: off."""
    pool_size: Annotated[int, quantity("images", ge=0, le=10_000)] = 50
    """Former translations that each discriminator is shown again; 0: none."""
    translation_learning_rate: Annotated[float, quantity("per step", gt=0, le=1)] = 2e-4
    """Learning rate of Adam for generators and discriminators."""


class CycleganConfig(TranslationConfig):
    """Settings of translation by CycleGAN with a segmenter of one look."""

    title: ClassVar[str] = "CycleGAN"
    summary: ClassVar[str] = (
        "Translates images between the looks of both domains and segments one of them; "
        "prefer it where the domains differ in contrast and texture, not in shape."
    )
    reference: ClassVar[str] = "Zhu, Park, Isola and Efros, ICCV 2017"
    paper: ClassVar[dict[str, Any]] = {
        "steps": 200_000, "batch_size": 1, "patch_size": 256, "patch_depth": 32,
        "learning_rate": 1e-4, "width": 64, "levels": 5, "ema": 0.999,
        "rotate": False, "generator_width": 64, "generator_blocks": 9,
        "upsampling": "transposed", "discriminator_width": 64, "identity_weight": 0.0,
        "translation_learning_rate": 2e-4,
    }  # fmt: skip

    name: Literal["cyclegan"] = "cyclegan"
    """Method."""
    steps: Annotated[int, quantity("steps", ge=1, le=10_000_000)] = 600
    """Training steps in all."""
    batch_size: Annotated[int, quantity("patches", ge=1, le=1024)] = 2
    """Patches of each domain per step."""
    patch_size: Annotated[int, quantity("px", ge=16, le=4096)] = 96
    """Height and width of a training patch."""
    translation_learning_rate: Annotated[float, quantity("per step", gt=0, le=1)] = 1e-3
    """Learning rate of Adam for generators and discriminators."""
    schedule: Literal["constant", "linear", "poly"] = "linear"
    """Learning rate over time: constant, linear to zero in the second half, or poly."""
    route: Literal["translate_then_segment", "segment_on_fakes"] = "segment_on_fakes"
    """Segment target images in the look of the source, or train the segmenter on source
    images in the look of the target."""


AnyMethod = Annotated[
    SourceOnlyConfig | SupervisedConfig | GrlConfig | CycleganConfig,
    Field(discriminator="name"),
]
METHODS: dict[str, type[MethodConfig]] = {
    "source_only": SourceOnlyConfig,
    "supervised": SupervisedConfig,
    "grl": GrlConfig,
    "cyclegan": CycleganConfig,
}


def method_config(name: str, preset: str = "quick", **changes: Any) -> MethodConfig:
    """Return the settings of a method's preset, with some values changed.

    Raises
    ------
    UserError
        If there is no such method, preset or setting, or a value is not allowed.
    """
    if name not in METHODS:
        raise UserError(
            f"there is no method '{name}': choose one of {', '.join(METHODS)}."
        )
    if preset not in PRESET_NAMES:
        raise UserError(
            f"there is no preset '{preset}': choose {' or '.join(PRESET_NAMES)}."
        )
    kind = METHODS[name]
    values = dict(kind.paper) if preset == "paper" else {}
    return parse(kind, values | changes, where=f"method {name}")
