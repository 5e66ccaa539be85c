"""How far two images are apart in the eyes of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

if TYPE_CHECKING:
    from collections.abc import Mapping


def feature_loss(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> Tensor:
    """Return the mean squared difference of each named feature, summed over the names.

    Yan et al. (MICCAI 2019), equation 4.

    Parameters
    ----------
    one, other
        Features (N, C, *spatial) of two images, by the same names.

    Raises
    ------
    ValueError
        If the names differ or there are none.
    """
    if not one or one.keys() != other.keys():
        raise ValueError(f"cannot compare features {set(one)} with {set(other)}.")
    parts = [mse_loss(one[name].float(), other[name].float()) for name in one]
    return torch.stack(parts).sum()
