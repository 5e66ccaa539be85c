"""How far two images are from depending linearly on each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

CorrelationForm = Literal["squared", "signed"]
EPSILON = 1e-8
"""Product of two variances below which images count as constant: uncorrelated."""


def correlation_loss(
    image: Tensor, other: Tensor, form: CorrelationForm = "squared"
) -> Tensor:
    """Return one minus the (squared) correlation of images, meaned over the batch.

    Zhou, Liu, Duncan 2021, equation 6, first term, in the form of the authors' code,
    but for each image by itself: the equation as printed has its sign reversed.

    Parameters
    ----------
    image, other
        (N, C, *spatial).
    form
        squared: 1 - r^2, which is 0 for other = a image + b with any a but 0, and so
        allows inverted contrast (CT and MR); signed: 1 - r, 0 for a > 0 only.

    Returns
    -------
    Tensor
        Scalar, float32.
    """
    one, two = image.flatten(1).float(), other.flatten(1).float()
    one, two = (values - values.mean(1, keepdim=True) for values in (one, two))
    both = (one * two).mean(1)
    scale = (one**2).mean(1) * (two**2).mean(1) + EPSILON
    likeness = both**2 / scale if form == "squared" else both * scale.rsqrt()
    return (1 - likeness).mean()
