"""Settings of methods whose segmenter learns beside translation there and back."""

from __future__ import annotations

from typing import Annotated, Literal

from napari_uda.core.spec.config import quantity

from .translation import TranslationConfig


class BesideConfig(TranslationConfig):
    """What cyclegan and synseg have in common: generators with skips in `quick`.

    From the first step on, the segmenter learns from what generators make, which should
    be worth it by then: what skips carry need not be learnt.
    """

    generator: Literal["resnet", "skip"] = "skip"
    """Network that translates: resnet, as in CycleGAN; or skip, a U-Net, which keeps
    fine structures in place."""
    generator_width: Annotated[int, quantity("channels", ge=4, le=256)] = 8
    """Channels of the generators' first layer; four times as many in resnet's blocks,
    eight times as many in the deepest level of skip."""
