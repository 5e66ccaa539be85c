"""What trouble of a translation shows in, as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uda.core.metrics.amount import changed_percent
from napari_uda.core.metrics.structure import structure_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEASURES = {
    "correlation": "Pearson's r of intensities before and after; -1: inverted.",
    "structure": "Likeness of local self-similarity (MIND) before and after; 1: kept.",
    "contrast": "Deviation within a translation, as part of that within real images.",
    "changed": "Mean change in per cent of the intensity range; 0: nothing was done.",
    "variety": "Deviation between translations, as part of that between real images.",
}
"""Measures of a translation, and what they mean. Variety compares the quarters of all
images, so that it is known of a single one, too."""


def measure_translations(
    originals: NDArray[np.float32],
    translations: NDArray[np.float32],
    real: NDArray[np.float32],
) -> dict[str, float]:
    """Measure how translations relate to their originals and to real images.

    Parameters
    ----------
    originals, translations
        (n, y, x) before and after.
    real
        (m, y, x) images that have the look by nature.

    Returns
    -------
    dict
        Means over the images by name in `MEASURES`; what cannot be told (correlation
        with a constant image, likeness to constant images) is left out.
    """
    scores = structure_scores(originals, translations)
    found = {name: _mean(scores[name]) for name in ("correlation", "structure")}
    found["contrast"] = _part(_within(translations), _within(real))
    found["changed"] = changed_percent((originals + 1) / 2, (translations + 1) / 2)
    found["variety"] = _part(_between(translations), _between(real))
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _within(images: NDArray[np.float32]) -> float:
    """Return the standard deviation within an image, meaned over the images."""
    return float(images.astype(float).std(axis=(1, 2)).mean())


def _between(images: NDArray[np.float32]) -> float:
    """Return the root mean square of a pixel's deviation between quarters of images."""
    height, width = (side // 2 for side in images.shape[1:])
    if not height or not width:
        return float("nan")
    places = [(y, x) for y in (0, height) for x in (0, width)]
    quarters = [images[:, y : y + height, x : x + width] for y, x in places]
    return float(np.sqrt(np.concatenate(quarters).astype(float).var(axis=0).mean()))


def _part(value: float, whole: float) -> float:
    return value / whole if whole > 0 else float("nan")
