"""CycleGAN's residual generator as a segmenter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .initialise import initialise_for_relu
from .resnet_generator import ResnetGenerator

if TYPE_CHECKING:
    from .unet import Norm


class ResnetSegmenter(ResnetGenerator):
    """Residual generator that ends in logits.

    Reference: Huo et al., "SynSeg-Net: synthetic segmentation without target modality
    ground truth", IEEE TMI 2019. The authors' code ends the network in a tanh, which
    holds logits in [-1, 1] and thus the confidence of 7 classes below 0.56: there is
    none here. Normalisation has affine parameters, as in all segmenters.

    Parameters
    ----------
    dims
        2 or 3.
    channels, outputs
        Channels of the image and of the logits.
    width
        Channels of the first level.
    strides
        Downsampling of each level, one tuple of `dims` integers per step; only the
        first two count, as the generator has no more.
    norm
        Normalisation after each convolution; the paper's is `instance`.
    blocks
        Residual blocks.
    """

    def __init__(
        self,
        dims: int,
        channels: int,
        outputs: int,
        width: int,
        strides: list[tuple[int, ...]],
        norm: Norm = "instance",
        blocks: int = 9,
    ) -> None:
        super().__init__(
            dims,
            channels,
            outputs,
            width,
            blocks,
            strides[:2],
            "nearest",
            norm,
            bounded=False,
        )
        initialise_for_relu(self, "linear")
