"""Former results of a generator, shown to a discriminator again."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """A history of generated images that keeps a discriminator from forgetting.

    Reference: Shrivastava et al., CVPR 2017, in CycleGAN's form: until the pool is
    full, images are stored and returned; from then on, half of them are returned as
    they are and half take the place of a random stored one, which is returned instead.

    It is a module so that checkpoints hold it. Draws come from torch's global
    generator of the processor, which checkpoints hold as well: no device has to wait.

    Parameters
    ----------
    size
        Images kept; 0: every image is returned as it is.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.images: list[Tensor] = []

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Return a batch (N, C, *spatial) in which some images are former ones."""
        if self.size == 0:
            return images.detach()
        if self.images and self.images[0].shape != images.shape[1:]:
            self.images.clear()  # the run goes on with other patches
        return torch.stack([self._exchange(image) for image in images.detach()])

    def _exchange(self, image: Tensor) -> Tensor:
        if len(self.images) < self.size:
            self.images.append(image.clone())
            return image
        if float(torch.rand(())) < 0.5:
            return image
        place = int(torch.randint(self.size, ()))
        former, self.images[place] = self.images[place], image.clone()
        return former

    def get_extra_state(self) -> list[Tensor]:
        """Return the stored images for a checkpoint."""
        return list(self.images)

    def set_extra_state(self, state: Any) -> None:
        """Take over the stored images of a checkpoint."""
        self.images = list(state)
