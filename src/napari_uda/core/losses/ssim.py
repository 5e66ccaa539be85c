"""Structural similarity with an exponent on each of its three terms."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

WINDOW, SIGMA = 11, 1.5
"""Side and standard deviation of the Gaussian window in pixels (Wang et al., 2004)."""
C1, C2 = 0.01**2, 0.03**2
"""What keeps the divisions stable for intensities in [0, 1] (Wang et al., 2004)."""
LEAST_VARIANCE = 1e-6
LEAST_TERM = 1e-4
"""Below these the roots and fractional powers would have endless gradients."""


def ssim_map(
    one: Tensor,
    other: Tensor,
    luminance: float = 0.1,
    contrast: float = 0.1,
    structure: float = 1.0,
) -> Tensor:
    """Return the structural similarity of two images at every pixel, at most 1.

    l^luminance * c^contrast * s^structure of Wang, Bovik, Sheikh, Simoncelli (IEEE
    Trans. Image Process., 2004), equations 6, 9, 10 and 12, with C3 = C2 / 2; all
    exponents 1 give the usual index (equation 13). The default exponents are those of
    Yan et al. (MICCAI 2019), whose equation 2 prints s with twice the covariance.
    Images continue by their edge, so that they may be smaller than the window.

    Parameters
    ----------
    one, other
        (N, C, *spatial) in [-1, 1], which is taken to [0, 1]: below zero l would be
        negative and its fractional power not a number.
    luminance, contrast, structure
        Exponents alpha, beta and gamma; not negative. Where `structure` is not 1,
        images that are opposed count as unrelated.

    Returns
    -------
    Tensor
        (N, C, *spatial), single precision or better.
    """
    kind = torch.promote_types(one.dtype, torch.float32)
    with torch.autocast(one.device.type, enabled=False):
        x, y = (one.to(kind) + 1) / 2, (other.to(kind) + 1) / 2
        mean_x, mean_y, square_x, square_y, product = _local_means(
            torch.stack([x, y, x * x, y * y, x * y])
        )
        variance_x = (square_x - mean_x**2).clamp(min=LEAST_VARIANCE)
        variance_y = (square_y - mean_y**2).clamp(min=LEAST_VARIANCE)
        covariance = product - mean_x * mean_y
        deviations = variance_x.sqrt() * variance_y.sqrt()
        l_term = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
        c_term = (2 * deviations + C2) / (variance_x + variance_y + C2)
        s_term = (covariance + C2 / 2) / (deviations + C2 / 2)
        if structure != 1:
            s_term = s_term.clamp(min=LEAST_TERM) ** structure
        index: Tensor = (
            l_term.clamp(min=LEAST_TERM) ** luminance * c_term**contrast * s_term
        )
        return index


def ssim_loss(
    one: Tensor,
    other: Tensor,
    luminance: float = 0.1,
    contrast: float = 0.1,
    structure: float = 1.0,
) -> Tensor:
    """Return the mean of 1 - SSIM over all pixels; see `ssim_map`."""
    return (1 - ssim_map(one, other, luminance, contrast, structure)).mean()


def _local_means(images: Tensor) -> Tensor:
    """Return the Gaussian-weighted mean around every pixel of (..., C, *spatial)."""
    dims = images.ndim - 3
    offsets = torch.arange(WINDOW, device=images.device) - WINDOW // 2
    weights = torch.exp(-(offsets.to(images.dtype) ** 2) / (2 * SIGMA**2))
    weights = weights / weights.sum()
    flat = images.flatten(0, 2).unsqueeze(1)
    flat = F.pad(flat, (WINDOW // 2,) * 2 * dims, mode="replicate")
    convolve = F.conv2d if dims == 2 else F.conv3d
    for axis in range(dims):
        shape = [1] * dims
        shape[axis] = WINDOW
        flat = convolve(flat, weights.view(1, 1, *shape))
    return flat.view(images.shape)
