"""What is drawn of changes: alterations, and not what harmless changes leave."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_uda.core.metrics.check_report import change_picture, grey_picture
from napari_uda.core.metrics.check_words import CHANGE_FLOOR, CHANGE_LIMIT
from napari_uda.core.metrics.structure import change_map
from napari_uda.samples import domains


def section():
    """Return a section of the built-in electron microscopy, from 0 to 1."""
    image = np.asarray(domains("em-pair")[1].images[0], float)
    flat = image[len(image) // 2] if image.ndim == 3 else image
    low, high = np.percentile(flat, (0.5, 99.5))
    return np.clip((flat - low) / (high - low), 0, 1)


def drawn(image, changed):
    """Tell where anything is drawn over the grey original."""
    picture = change_picture(image, change_map(image, changed))
    return np.ptp(picture, axis=-1) > 0.05


def noisy(image):
    return image + np.random.default_rng(0).normal(0, 0.3 * image.std(), image.shape)


@pytest.mark.parametrize(
    "change", [np.square, np.sqrt, noisy, lambda image: gaussian_filter(image, 1.5)]
)
def test_a_harmless_change_is_grey(change):
    image = section()
    assert drawn(image, change(image)).mean() < 0.05


def test_what_was_removed_stands_out():
    image = section()
    changed = noisy(image)
    changed[20:60, 20:60] = np.median(image)
    found = drawn(image, changed)
    assert found[20:60, 20:60].mean() > 0.1
    assert found[70:].mean() < 0.01


def test_below_the_floor_the_picture_is_the_darkened_original():
    image = np.full((2, 2), 0.5)
    changes = np.array([[0, CHANGE_FLOOR], [CHANGE_LIMIT, 1]])
    picture = change_picture(image, changes)
    grey = 0.45 * grey_picture(image)[..., np.newaxis]
    np.testing.assert_allclose(picture[0] - grey[0], 0, atol=0.02)
    np.testing.assert_array_equal(picture[1, 0], picture[1, 1])
    assert picture[1].max() == 1
