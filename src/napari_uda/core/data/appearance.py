"""Other scanners, imitated: random intensities of patches, each image its own.

The functions take and return images (N, 1, *spatial) in [0, 1]; numbers of which each
image has its own are (N, 1, 1, ...).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

Kind = Literal["none", "noise", "strong"]
RADIUS = 5
"""Pixels that a blur looks to each side; 3.3 standard deviations of the widest."""
COARSE = 4
"""Points per axis that a field of shading is drawn at."""


@dataclass(frozen=True)
class Appearance:
    """How patches are made to look as if from elsewhere.

    Attributes
    ----------
    kind
        none; noise: Gaussian noise; strong: also gamma, brightness and contrast, blur
        or sharpening, lower resolution, and shading, each for about half the images.
    noise
        Largest standard deviation of the noise, as a part of the intensity range.
    chance
        Probability that an image gets noise.
    """

    kind: Kind = "none"
    noise: float = 0.1
    chance: float = 0.5

    def __call__(self, images: Tensor, random: np.random.Generator) -> Tensor:
        """Change patches (N, 1, *spatial) in [-1, 1]; they stay in that range."""
        if self.kind == "none":
            return images
        draws = Draws(images, random)
        changed = (images + 1) / 2
        if self.kind == "strong":
            changed = shaded(changed, draws.some(0.0, 0.6), draws)
            changed = changed.clamp(0, 1) ** draws.some(-0.7, 0.7).exp()
            changed = with_contrast(changed, draws.some(-0.5, 0.5).exp())
            changed = changed + draws.some(-0.2, 0.2)
            width = draws.some(0.5, 1.5, chance=1.0)
            changed = blurred(changed, width, draws.some(-1.0, 1.0))
            changed = coarser(changed, 1 + draws.numbers(0.0, 1.0, chance=0.25))
        sigma = draws.some(0.0, self.noise, self.chance)
        changed = changed + sigma * draws.normal(images.shape)
        return (2 * changed - 1).clamp(-1, 1)


class Draws:
    """Random numbers on the device of a batch, from the sampler's generator alone.

    Parameters
    ----------
    images
        (N, 1, *spatial): where, how many, and how they are to be shaped.
    random
        Generator of the batch.
    """

    def __init__(self, images: Tensor, random: np.random.Generator) -> None:
        self._images = images
        self._random = random
        self._noise = torch.Generator(images.device)
        self._noise.manual_seed(int(random.integers(2**62)))

    def numbers(
        self, low: float, high: float, chance: float = 0.5
    ) -> NDArray[np.float64]:
        """Return (N,) numbers, uniform in [low, high) for some images, else 0."""
        count = len(self._images)
        values = self._random.uniform(low, high, count)
        return values * (self._random.random(count) < chance)

    def some(self, low: float, high: float, chance: float = 0.5) -> Tensor:
        """Return such numbers as (N, 1, 1, ...)."""
        shape = (-1,) + (1,) * (self._images.ndim - 1)
        values = torch.as_tensor(self.numbers(low, high, chance))
        return values.to(self._images).view(shape)

    def normal(self, shape: tuple[int, ...]) -> Tensor:
        """Return normal noise of any shape."""
        return torch.randn(shape, generator=self._noise, device=self._images.device).to(
            self._images
        )


def with_contrast(images: Tensor, factor: Tensor) -> Tensor:
    """Stretch the intensities of each image around their mean."""
    mean = images.mean(tuple(range(1, images.ndim)), keepdim=True)
    return mean + factor * (images - mean)


def shaded(images: Tensor, strength: Tensor, draws: Draws) -> Tensor:
    """Multiply by exp(strength * field), a smooth random field within [-1, 1].

    Coils near the object make such shading in MR, uneven illumination in microscopy.
    """
    dims = images.ndim - 2
    field = draws.normal((len(images), 1, *(COARSE,) * dims)).clamp(-2, 2) / 2
    mode = "bicubic" if dims == 2 else "trilinear"
    smooth = F.interpolate(
        field, size=images.shape[2:], mode=mode, align_corners=True
    ).clamp(-1, 1)
    return images * torch.exp(strength * smooth)


def blurred(images: Tensor, sigma: Tensor, amount: Tensor) -> Tensor:
    """Mix with a Gaussian blur in the plane; a negative amount sharpens instead.

    Parameters
    ----------
    images
        (N, 1, *spatial).
    sigma
        Standard deviation in pixels, (N, 1, 1, ...), at most 1.5.
    amount
        1: the blur; 0: the image; -1: the image and what blurring takes from it.
    """
    offsets = torch.arange(-RADIUS, RADIUS + 1, device=images.device)
    weights = torch.exp(-(offsets**2) / (2 * sigma.flatten()[:, None] ** 2))
    weights = weights / weights.sum(1, keepdim=True)
    # Each slice is an image and each image a channel, with a blur of its own.
    soft = images.flatten(1, -3).transpose(0, 1)
    soft = F.pad(soft, (RADIUS,) * 4, mode="replicate")
    for shape in ((-1, 1, 2 * RADIUS + 1, 1), (-1, 1, 1, 2 * RADIUS + 1)):
        soft = F.conv2d(soft, weights.view(shape), groups=len(images))
    return images + amount * (soft.transpose(0, 1).reshape(images.shape) - images)


def coarser(images: Tensor, factors: NDArray[np.float64]) -> Tensor:
    """Take away resolution in the plane, by a factor of at least 1 for each image."""
    size = images.shape[-2:]
    results = []
    for image, factor in zip(images, factors, strict=True):
        if factor > 1:
            less = [max(1, round(side / factor)) for side in size]
            planes = image.view(1, -1, *size)
            planes = F.interpolate(planes, less, mode="bilinear", antialias=True)
            planes = F.interpolate(planes, size, mode="bilinear")
            results.append(planes.view(image.shape))
        else:
            results.append(image)
    return torch.stack(results)


AS_IT_IS = Appearance()
