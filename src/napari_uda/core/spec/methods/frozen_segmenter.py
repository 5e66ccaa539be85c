"""Settings of methods that translate for a segmenter that is trained first."""

from __future__ import annotations

from typing import Annotated, Literal

from napari_uda.core.spec.config import quantity

from .translation import TranslationConfig


class FrozenSegmenterConfig(TranslationConfig):
    """What td_gan and unet_gan have in common: the segmenter learns, then is frozen.

    Generators draw whole images through a bottleneck, which leaves out what the source
    has not, noise above all: generators of changes stay near the image, which the other
    losses are content with.
    """

    generator: Literal["resnet", "skip"] = "resnet"
    """Network that translates: resnet, as in CycleGAN; or skip, a U-Net, which keeps
    fine structures in place, and is the better one for volumes."""
    generator_width: Annotated[int, quantity("channels", ge=4, le=256)] = 16
    """Channels of the generators' first layer; four times as many in resnet's blocks,
    eight times as many in the deepest level of skip."""
    generator_output: Literal["change", "image"] = "image"
    """What generators compute: change, what is to be added to an image, at first
    hardly anything; image, the whole of it, as in the papers."""
    cycle_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 10.0
    """Weight of the difference between images and themselves, there and back again."""
    identity_weight: Annotated[float, quantity("weight", ge=0, le=1000)] = 5.0
    """Weight of what generators change about images that look right already; 0: off."""
