"""Generators that compute what is to change of an image, instead of the whole of it.

A generator of images spends most of a short training on learning to draw what it was
shown. One of changes starts with the image nearly as it is: a segmenter of translations
begins where no adaptation would leave it, fine structures need not pass a bottleneck,
and only what the losses ask for is learnt. Not from any of the papers.
"""

from __future__ import annotations

from torch import Tensor, nn


def changed(image: Tensor, change: Tensor) -> Tensor:
    """Return images in [-1, 1] with changes in [-1, 1], of which 1 is the whole range.

    Parameters
    ----------
    image, change
        (N, C, *spatial), of equal shape.
    """
    return (image + 2.0 * change).clamp(-1.0, 1.0)


def change_little(head: nn.Module) -> None:
    """Draw a generator's last convolution so that its first changes are of about 0.02.

    Not zero: losses that compare an image with its change have no gradient there.
    """
    for parameter in head.parameters():
        nn.init.normal_(parameter, 0.0, 0.001)
