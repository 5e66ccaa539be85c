"""How well a translation keeps what is in an image, slice by slice.

None of these scores needs labels or a trained network, and none of them minds that
intensities change: that is what a translation is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, shift

from .check_words import STRUCTURE_SCORES as SCORES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

OFFSETS = ((0, 2), (2, 0), (0, -2), (-2, 0))
"""Neighbours that a pixel's surroundings are compared with, in pixels."""
SIGMA = 1.0
"""Width in pixels of the Gaussian patch of local comparisons."""
EDGE_QUANTILE = 0.95
"""Edges at least as strong as this quantile count in full."""


def structure_scores(
    original: ArrayLike, translated: ArrayLike
) -> dict[str, NDArray[np.float64]]:
    """Score how well every slice of a translation keeps the structure of the original.

    Parameters
    ----------
    original, translated
        ((z,) y, x), any intensities.

    Returns
    -------
    dict of ndarray
        (z,) values per name in `SCORES`; one value for a 2D image. Correlation is in
        [-1, 1], the others are in [0, 1]. NaN where a slice of either is constant.

    Raises
    ------
    ValueError
        If the shapes differ or are not 2D or 3D.
    """
    pairs = _slices(original, translated)
    rows = [_slice_scores(one, other, *_change(one, other)) for one, other in pairs]
    return {name: np.array([row[name] for row in rows]) for name in SCORES}


def change_map(original: ArrayLike, translated: ArrayLike) -> NDArray[np.float32]:
    """Show where structure was changed, removed or invented.

    The difference of the images' MIND descriptors (Heinrich et al., Medical Image
    Analysis 2012, equations 1 to 4, with four neighbours), times the strength of the
    stronger edge of both: noise in flat regions is no change of anatomy.

    Parameters
    ----------
    original, translated
        ((z,) y, x), any intensities.

    Returns
    -------
    ndarray
        float32 in [0, 1], of the same shape; each slice is judged by itself.

    Raises
    ------
    ValueError
        If the shapes differ or are not 2D or 3D.
    """
    maps = [_change(one, other)[0] for one, other in _slices(original, translated)]
    return np.stack(maps).astype(np.float32).reshape(np.shape(original))


def compare_slice(
    original: ArrayLike, translated: ArrayLike
) -> tuple[dict[str, float], NDArray[np.float32]]:
    """Score one slice and map its changes, for half the price of doing one by one.

    Parameters
    ----------
    original, translated
        (y, x), any intensities.

    Returns
    -------
    scores
        As `structure_scores`, one value each.
    changes
        As `change_map`.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    [(one, other)] = _slices(original, translated)
    changed, weight = _change(one, other)
    return _slice_scores(one, other, changed, weight), changed.astype(np.float32)


def _slices(
    original: ArrayLike, translated: ArrayLike
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    one, other = (np.asarray(image, float) for image in (original, translated))
    if one.shape != other.shape or one.ndim not in (2, 3):
        raise ValueError(
            f"images of shapes {one.shape} and {other.shape} cannot be compared: "
            "give two of equal shape, (y, x) or (z, y, x)."
        )
    if one.ndim == 2:
        one, other = one[np.newaxis], other[np.newaxis]
    return list(zip(map(_scaled, one), map(_scaled, other), strict=True))


def _scaled(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale to zero mean and unit variance; a constant slice becomes zero."""
    spread = image.std()
    if not np.isfinite(spread) or spread <= 1e-9 * max(1.0, np.abs(image).max()):
        return np.zeros_like(image)
    scaled: NDArray[np.float64] = (image - image.mean()) / spread
    return scaled


def _slice_scores(
    one: NDArray[np.float64],
    other: NDArray[np.float64],
    changed: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> dict[str, float]:
    if not one.any() or not other.any():
        return dict.fromkeys(SCORES, float("nan"))
    return {
        "correlation": float(np.mean(one * other)),
        "structure": float(1 - changed.sum() / weight.sum()),
        "edges": _edge_agreement(one, other),
    }


def _change(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weighted difference of descriptors, and the weight."""
    weight = np.maximum(_edge_strength(one), _edge_strength(other))
    difference = np.abs(_mind(one) - _mind(other)).mean(axis=0)
    return difference * weight, weight


def _mind(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return MIND (len(OFFSETS), y, x), the largest value of each pixel being one."""
    distances = np.stack(
        [
            gaussian_filter(
                (image - shift(image, offset, order=0, mode="nearest")) ** 2, SIGMA
            )
            for offset in OFFSETS
        ]
    )
    variance = distances.mean(axis=0)
    usual = variance.mean() or 1.0
    variance = np.clip(variance, 1e-3 * usual, 1e3 * usual)
    descriptor = np.exp(-distances / variance)
    normalised: NDArray[np.float64] = descriptor / descriptor.max(axis=0)
    return normalised


def _gradient(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (2, y, x) derivatives of the smoothed image."""
    return np.stack(
        [gaussian_filter(image, SIGMA, order=order) for order in ((1, 0), (0, 1))]
    )


def _edge_strength(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gradient's magnitude in [0, 1], one for strong edges."""
    strength: NDArray[np.float64] = np.sqrt((_gradient(image) ** 2).sum(axis=0))
    strong = np.quantile(strength, EDGE_QUANTILE) or 1.0
    return np.clip(strength / strong, 0, 1)


def _edge_agreement(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the mean squared cosine between gradients, weighted by their strength.

    Haber & Modersitzki, MICCAI 2006, normalised gradient fields: it does not mind which
    side of an edge is brighter.
    """
    first, second = _gradient(one), _gradient(other)
    squares = (first**2).sum(axis=0) * (second**2).sum(axis=0)
    cosine2 = (first * second).sum(axis=0) ** 2 / np.maximum(squares, 1e-30)
    weight = np.maximum(_edge_strength(one), _edge_strength(other))
    return float((cosine2 * weight).sum() / weight.sum())
