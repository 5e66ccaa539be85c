"""CycleGAN's residual generator in 2D and 3D, for images of any size."""

from __future__ import annotations

from typing import Any, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from .blur import BlurDown, BlurUp
from .changes import change_little, changed
from .initialise import Weights, initialise
from .unet import Norm, convolution, crop, normalisation, pad_to_multiple

Downsampling = Literal["strided", "blur"]
Upsampling = Literal["nearest", "transposed", "blur"]
SMALLEST = 8
"""Shortest side in the plane that every reflection padding fits into."""


class ResnetGenerator(nn.Module):
    """Convolution, two downsamplings, residual blocks, two upsamplings, tanh.

    Reference: Johnson, Alahi, Fei-Fei, ECCV 2016, as in CycleGAN (Zhu, Park, Isola,
    Efros, ICCV 2017): instance normalisation without affine parameters, reflection
    padding. Volumes are padded by their edge, because thin ones cannot be reflected.

    The parts are named in `stages` (stem, down0, down1, block0, ..., up0, up1, head),
    so that other losses may look at their features: see `forward`.

    Parameters
    ----------
    dims
        2 or 3.
    channels, outputs
        Channels of the image and of the result.
    width
        Channels of the stem; four times as many in the blocks.
    blocks
        Residual blocks: 9 for images of 256 pixels, 6 for 128 (CycleGAN).
    strides
        Strides of the downsamplings, one tuple of `dims` integers each.
    upsampling
        transposed: CycleGAN's transposed convolutions; nearest: repeated pixels and a
        convolution, which draws no checkerboard; blur: linear interpolation and a
        convolution, as in CUT. All have the same parameters.
    norm
        Normalisation after each convolution; plain: CycleGAN's, instance without
        affine parameters.
    bounded
        Whether a tanh ends it, for images; without, for logits.
    downsampling
        strided: CycleGAN's strided convolutions; blur: convolutions at full resolution,
        blurred and then thinned out (`BlurDown`), as in CUT. Both have the same
        parameters.
    weights
        Distribution of the initial weights (`initialise`).
    residual
        Whether it computes what is to change of the image, at first little
        (`changes.py`), instead of the whole image.
    """

    def __init__(
        self,
        dims: int,
        channels: int,
        outputs: int,
        width: int,
        blocks: int,
        strides: list[tuple[int, ...]],
        upsampling: Upsampling,
        norm: Norm | Literal["plain"] = "plain",
        *,
        bounded: bool = True,
        downsampling: Downsampling = "strided",
        weights: Weights = "normal",
        residual: bool = False,
    ) -> None:
        super().__init__()
        self.strides = strides
        self.residual = residual

        def end(width: int) -> tuple[nn.Module, nn.Module]:
            return _end(dims, width, norm)

        widths = [width * 2**level for level in range(len(strides) + 1)]
        stages: dict[str, nn.Module] = {
            "stem": nn.Sequential(_padded(dims, channels, width, 7), *end(width))
        }
        for i, stride in enumerate(strides):
            stages[f"down{i}"] = nn.Sequential(
                *_lower(dims, widths[i], widths[i + 1], stride, downsampling, norm)
            )
        for i in range(blocks):
            stages[f"block{i}"] = ResidualBlock(dims, widths[-1], norm)
        for i, stride in enumerate(reversed(strides)):
            before, after = widths[-1 - i], widths[-2 - i]
            stages[f"up{i}"] = nn.Sequential(
                *_raise(dims, before, after, stride, upsampling), *end(after)
            )
        last = [nn.Tanh()] if bounded else []
        stages["head"] = nn.Sequential(_padded(dims, width, outputs, 7), *last)
        self.stages = nn.ModuleDict(stages)
        initialise(self, weights)
        if residual:
            change_little(stages["head"])

    def tap_widths(self) -> dict[str, int]:
        """Return the taps of patch-wise contrastive learning, with their channels.

        CUT's: the image, both downsampling convolutions (before normalisation), and the
        first and the fifth of nine blocks: of fewer, the first and the middle one.
        """
        blocks = sum(name.startswith("block") for name in self.stages)
        stages: Any = self.stages
        downs = [name for name in stages if name.startswith("down")]
        widths = {name: stages[name][0].out_channels for name in downs}
        image, deep = stages["stem"][0].in_channels, widths[downs[-1]]
        return {"image": image, **widths, "block0": deep, f"block{blocks // 2}": deep}

    def forward(
        self, image: Tensor, taps: tuple[str, ...] = ()
    ) -> Tensor | dict[str, Tensor]:
        """Map images (N, channels, *spatial) to (N, outputs, *spatial).

        The result is in [-1, 1] if it is bounded.

        Parameters
        ----------
        image
            Images of any size.
        taps
            Without any, the result is returned. Otherwise a dictionary of these: names
            of stages, for what they give (of a downsampling its convolution, before
            normalisation; of the head the result), or "image" for the padded image.
            Stages after the last tap are not computed.
        """
        shape, original = image.shape[2:], image
        height, width = shape[-2:]
        missing = (0, max(0, SMALLEST - width), 0, max(0, SMALLEST - height))
        if any(missing):
            depth = (0, 0) * (len(shape) - 2)
            image = F.pad(image, missing + depth, mode="replicate")
        features, _ = pad_to_multiple(image, self.strides)
        tapped = {"image": features} if "image" in taps else {}
        stages: dict[str, Any] = dict(self.stages.items())
        for name, stage in stages.items():
            if taps and len(tapped) == len(taps):
                return tapped
            if name in taps and name.startswith("down"):
                tapped[name] = stage[0](features)
                features = stage[1:](tapped[name])
                continue
            features = stage(features)
            if name in taps:
                tapped[name] = features
        features = crop(features, tuple(shape))
        if self.residual:
            features = changed(original, features)
        return {**tapped, "head": features} if taps else features


class ResidualBlock(nn.Module):
    """Two convolutions, of which the result is added to the input.

    Parameters
    ----------
    dims
        2 or 3.
    width
        Channels.
    norm
        As in `ResnetGenerator`.
    """

    def __init__(
        self, dims: int, width: int, norm: Norm | Literal["plain"] = "plain"
    ) -> None:
        super().__init__()
        first, second = (_padded(dims, width, width, 3) for _ in range(2))
        last = _end(dims, width, norm)[0]
        self.layers = nn.Sequential(first, *_end(dims, width, norm), second, last)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, width, *spatial) to the same shape."""
        return features + self.layers(features)


def _padded(dims: int, before: int, after: int, kernel: int) -> nn.Module:
    return convolution(dims)(
        before,
        after,
        kernel,
        padding=kernel // 2,
        padding_mode="reflect" if dims == 2 else "replicate",
    )


def _end(
    dims: int, width: int, norm: Norm | Literal["plain"]
) -> tuple[nn.Module, nn.Module]:
    if norm != "plain":
        return normalisation(norm, dims, width), nn.ReLU(inplace=True)
    plain = nn.InstanceNorm2d if dims == 2 else nn.InstanceNorm3d
    return plain(width), nn.ReLU(inplace=True)


def _lower(
    dims: int,
    before: int,
    after: int,
    stride: tuple[int, ...],
    downsampling: Downsampling,
    norm: Norm | Literal["plain"],
) -> list[nn.Module]:
    conv: Any = convolution(dims)
    if downsampling == "strided":
        return [conv(before, after, 3, stride, padding=1), *_end(dims, after, norm)]
    whole = conv(before, after, 3, padding=1)
    return [whole, *_end(dims, after, norm), BlurDown(stride)]


def _raise(
    dims: int, before: int, after: int, stride: tuple[int, ...], upsampling: Upsampling
) -> list[nn.Module]:
    if upsampling == "transposed":
        kind: Any = nn.ConvTranspose2d if dims == 2 else nn.ConvTranspose3d
        more = tuple(step - 1 for step in stride)
        return [kind(before, after, 3, stride, padding=1, output_padding=more)]
    larger: nn.Module
    if upsampling == "nearest":
        larger = nn.Upsample(scale_factor=tuple(map(float, stride)), mode="nearest")
    else:
        larger = BlurUp(stride)
    return [larger, convolution(dims)(before, after, 3, padding=1)]
