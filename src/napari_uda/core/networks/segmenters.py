"""Segmenters as the settings of a method want them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .unet import UNet, pooling_strides

if TYPE_CHECKING:
    from torch import nn

    from napari_uda.core.spec.methods import MethodConfig

SEGMENTERS: dict[str, Any] = {
    "unet": UNet,
}
"""Networks by their name in the settings; all are made by the same arguments:
dims, channels, outputs, width, strides, norm."""


def new_segmenter(config: MethodConfig, channels: int, outputs: int) -> nn.Module:
    """Return a fresh segmenter: images of `channels` channels to logits."""
    strides = pooling_strides(config.patch_shape, config.levels)
    made: nn.Module = SEGMENTERS[config.segmenter](
        config.dims, channels, outputs, config.width, strides, config.norm
    )
    return made
