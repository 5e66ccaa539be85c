"""What masks of a translation are compared with, structure by structure."""

from __future__ import annotations

import numpy as np
import pytest

from napari_uda.core.spec.domain import IGNORE, Dataset, Domain, Sample, Structure
from napari_uda.ui.kept_masks import Found, kept_masks, labels_of_layer
from napari_uda.ui.snapshot import LayerData

LUNG, HEART = (Structure(name=name, color="#00ff00") for name in ("lung", "heart"))


@pytest.fixture
def data(tmp_path):
    """Lung and heart, which have other values in the target."""
    image = tmp_path / "a.npy"
    np.save(image, np.zeros((8, 8), np.uint8))
    sample = Sample(name="a", image=image, labels=image)
    return Dataset(
        source=Domain(samples=(sample,), classes={1: LUNG, 2: HEART}),
        target=Domain(samples=(sample,), classes={1: HEART, 2: LUNG}),
    )


def stripes(*values):
    return np.repeat(np.array([values], np.uint8), 4, 0)


def test_structures_are_compared_by_name_not_by_value(data):
    found = Found(stripes(7, 7, 9), stripes(7, 9, 9), {9: LUNG, 7: HEART}, False)
    kept = kept_masks(found, None, data)
    assert kept.kind == "mask agreement"
    np.testing.assert_array_equal(kept.found[0, 0], [False, False, True])
    assert kept.dice(None) == pytest.approx(2 / 3)
    layer = LayerData(
        "a", stripes(0, 0, 0), False, (stripes(2, 2, 1),), False, None, None
    )
    assert kept_masks(found, labels_of_layer(layer, data), data).dice(None) == 1


def test_masks_that_overlap_are_compared_by_name_not_by_place(data):
    masks = np.stack([stripes(1, 1, 0), stripes(0, 1, 1)])
    found = Found(masks, None, {1: HEART, 2: LUNG}, True, "no masks")
    assert kept_masks(found, None, data) == "no masks"
    kept = kept_masks(found, stripes(2, 2, 1), data)
    np.testing.assert_array_equal(kept.found, masks[::-1] > 0)


def test_pixels_to_be_ignored_do_not_count(data):
    found = Found(stripes(1, 1, 2), None, {1: LUNG, 2: HEART}, False)
    assert kept_masks(found, stripes(1, IGNORE, 2), data).dice(None) == 1
    assert kept_masks(found, stripes(1, 0, 2), data).dice(None) < 1
