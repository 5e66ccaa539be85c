"""Every method's settings: one flat class each, the origin of forms, files and docs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from napari_uda.core.errors import UserError
from napari_uda.core.spec.config import parse

from .accseg import AccsegConfig
from .ada import AdaConfig
from .base import MethodConfig
from .cycle_shape import CycleShapeConfig
from .cyclegan import CycleganConfig
from .grl import GrlConfig
from .noisy_unet import NoisyUnetConfig
from .source_only import SourceOnlyConfig
from .supervised import SupervisedConfig
from .synseg import SynsegConfig
from .td_gan import TdGanConfig
from .translation import GeneratorConfig, TranslationConfig
from .unet_gan import UnetGanConfig

__all__ = [
    "METHODS",
    "PRESET_NAMES",
    "AccsegConfig",
    "AdaConfig",
    "AnyMethod",
    "CycleShapeConfig",
    "CycleganConfig",
    "GeneratorConfig",
    "GrlConfig",
    "MethodConfig",
    "NoisyUnetConfig",
    "Preset",
    "SourceOnlyConfig",
    "SupervisedConfig",
    "SynsegConfig",
    "TdGanConfig",
    "TranslationConfig",
    "UnetGanConfig",
    "method_config",
]

Preset = Literal["quick", "paper"]
PRESET_NAMES: tuple[Preset, ...] = get_args(Preset)

# The order of lists and menus: baselines, then by the year of the paper.
AnyMethod = Annotated[
    SourceOnlyConfig
    | SupervisedConfig
    | NoisyUnetConfig
    | CycleganConfig
    | TdGanConfig
    | GrlConfig
    | AdaConfig
    | CycleShapeConfig
    | SynsegConfig
    | UnetGanConfig
    | AccsegConfig,
    Field(discriminator="name"),
]
METHODS: dict[str, type[MethodConfig]] = {
    kind.model_fields["name"].default: kind for kind in get_args(get_args(AnyMethod)[0])
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
    if preset == "paper":
        values = kind.paper
    else:
        values = kind.quick_volumes if changes.get("dims") == 3 else {}
    return parse(kind, values | changes, where=f"method {name}")
