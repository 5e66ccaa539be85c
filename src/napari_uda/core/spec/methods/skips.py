"""Settings of methods whose `quick` generators are U-Nets."""

from __future__ import annotations

from typing import Annotated, Literal

from napari_uda.core.spec.config import quantity

from .translation import TranslationConfig


class SkipsConfig(TranslationConfig):
    """What cyclegan, synseg and td_gan have in common: generators with long skips.

    A few hundred steps do not teach a residual network to draw fine structures; what
    skips carry need not be learnt.
    """

    generator: Literal["resnet", "skip"] = "skip"
    """Network that translates: resnet, as in CycleGAN; or skip, a U-Net, which keeps
    fine structures in place."""
    generator_width: Annotated[int, quantity("channels", ge=4, le=256)] = 8
    """Channels of the generators' first layer; four times as many in resnet's blocks,
    eight times as many in the deepest level of skip."""
