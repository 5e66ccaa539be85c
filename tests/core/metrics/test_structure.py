"""Scores and maps of what a translation did to the anatomy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_uda.core.metrics.structure import (
    SCORES,
    change_map,
    structure_scores,
)
from napari_uda.core.metrics.trust import worst_first


def blobs(seed=0, shape=(64, 72)):
    noise = np.random.default_rng(seed).normal(size=shape)
    smooth = gaussian_filter(noise, 4)
    return np.digitize(smooth, np.quantile(smooth, [0.5, 0.8])).astype(float)


def with_hole(image):
    """The image without what is in a square of it."""
    changed = image.copy()
    changed[20:40, 20:40] = np.median(image)
    return changed


@pytest.mark.parametrize("slope", [3.0, -0.5])
def test_a_change_of_contrast_alone_keeps_the_structure(slope):
    image = blobs()
    scores = structure_scores(image, slope * image + 7)
    assert scores["structure"] == pytest.approx(1)
    assert scores["edges"] == pytest.approx(1)
    assert scores["correlation"] == pytest.approx(np.sign(slope))
    assert change_map(image, slope * image + 7).max() < 1e-6


def test_other_anatomy_scores_worse_than_a_smooth_change_of_contrast():
    image = blobs()
    curved = np.exp(0.7 * image) + gaussian_filter(blobs(5), 12)
    kept, lost = structure_scores(image, curved), structure_scores(image, blobs(1))
    for name in SCORES:
        assert kept[name] > lost[name] + 0.2, name


def test_the_map_shows_where_something_was_removed():
    image = blobs()
    changed = change_map(image, 50 - 20 * with_hole(image))
    assert changed.dtype == np.float32
    assert changed.shape == image.shape
    assert 0 <= changed.min() <= changed.max() <= 1
    inside = np.zeros(image.shape, bool)
    inside[15:45, 15:45] = True
    assert changed[inside].mean() > 20 * changed[~inside].mean()


def test_noise_where_nothing_is_counts_less_than_an_edge_that_went():
    random = np.random.default_rng(0)
    image = np.zeros((64, 64))
    image[16:48, 16:48] = 1
    noisy = [image + random.normal(0, 0.02, image.shape) for _ in range(2)]
    empty = random.normal(0, 0.02, image.shape)
    assert change_map(*noisy).mean() < 0.3 * change_map(noisy[0], empty).mean()


def test_volumes_are_scored_slice_by_slice_and_the_worst_comes_first():
    volume = np.stack([blobs(i) for i in range(5)])
    fake = 1 - volume
    fake[3] = with_hole(fake[3])
    fake[1] = blobs(9)
    scores = structure_scores(volume, fake)
    assert all(values.shape == (5,) for values in scores.values())
    two_d = structure_scores(volume[3], fake[3])
    assert scores["structure"][3] == pytest.approx(two_d["structure"][0])
    without_contrast = {k: v for k, v in scores.items() if k != "correlation"}
    assert worst_first(without_contrast)[:2].tolist() == [1, 3]
    assert change_map(volume, fake).shape == volume.shape


def test_a_constant_slice_has_no_score_and_is_neither_best_nor_worst():
    volume = np.stack([blobs(i) for i in range(3)])
    fake = np.stack([volume[0], np.full_like(volume[1], 4.0), blobs(9)])
    scores = structure_scores(volume, fake)
    assert np.isnan([values[1] for values in scores.values()]).all()
    assert worst_first(scores).tolist() == [2, 1, 0]
    assert np.isfinite(change_map(volume, fake)).all()
    assert worst_first({"edges": np.full(2, np.nan)}).tolist() == [0, 1]


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="equal shape"):
        structure_scores(blobs(), blobs()[1:])
    with pytest.raises(ValueError, match="cannot be compared"):
        change_map(np.zeros(4), np.zeros(4))
