"""Random geometry and intensity of patches, driven by a numpy generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


@dataclass(frozen=True)
class Augmentation:
    """What may change in a patch without changing its meaning.

    Attributes
    ----------
    flip
        Mirror along any axis.
    rotate
        Turn by multiples of 90 degrees in the plane.
    intensity
        Strength in [0, 1] of random contrast, brightness, gamma and noise.
    """

    flip: bool
    rotate: bool
    intensity: float

    def geometry(
        self, image: Tensor, label: Tensor, random: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Flip and turn a patch (*spatial) together with its labels."""
        dims = image.ndim
        if self.flip:
            mirrored = [axis - dims for axis in range(dims) if random.random() < 0.5]
            image, label = image.flip(mirrored), label.flip(mirrored)
        if self.rotate:
            turns = int(random.integers(4))
            image = image.rot90(turns, (-2, -1))
            label = label.rot90(turns, (-2, -1))
        return image, label

    def intensities(self, images: Tensor, random: np.random.Generator) -> Tensor:
        """Change the intensities of patches (N, 1, *spatial) in [-1, 1]."""
        if self.intensity == 0:
            return images
        strength, count = self.intensity, len(images)
        seed = int(random.integers(2**62))
        noise_source = torch.Generator(images.device).manual_seed(seed)

        def draw(low: float, high: float) -> Tensor:
            values = random.uniform(low, high, count)
            shape = (count,) + (1,) * (images.ndim - 1)
            return torch.as_tensor(values, dtype=images.dtype).view(shape).to(images)

        gamma = torch.exp(draw(-0.7 * strength, 0.7 * strength))
        contrast = torch.exp(draw(-0.5 * strength, 0.5 * strength))
        shift = draw(-0.4 * strength, 0.4 * strength)
        sigma = draw(0.0, 0.2 * strength)
        bent = 2.0 * ((images + 1.0) / 2.0).clamp(0, 1) ** gamma - 1.0
        noise = torch.randn(
            images.shape, generator=noise_source, device=images.device
        ).to(images)
        return (contrast * bent + shift + sigma * noise).clamp(-1, 1)
