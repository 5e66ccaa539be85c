"""Segmenters as the settings of a method want them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .attention_unet import AttentionUNet
from .dense_unet import DenseUNet
from .duse_unet import DuseUNet
from .lv_unet import LVUnet
from .r2u_net import R2UNet
from .resnet_segmenter import ResnetSegmenter
from .unet import UNet, pooling_strides

if TYPE_CHECKING:
    from torch import nn

    from napari_uda.core.spec.methods import MethodConfig

SEGMENTERS: dict[str, Any] = {
    "unet": UNet,
    "attention_unet": AttentionUNet,
    "duse_unet": DuseUNet,
    "r2u_net": R2UNet,
    "di2i": DenseUNet,
    "lv_unet": LVUnet,
    "resnet6": partial(ResnetSegmenter, blocks=6),
    "resnet9": partial(ResnetSegmenter, blocks=9),
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
