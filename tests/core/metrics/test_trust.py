"""Which scores agree on changes whose harm is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_uda.core.metrics.overlap import count
from napari_uda.core.metrics.structure import structure_scores
from napari_uda.core.metrics.trust import AGREES, Trust, trust, worst_first

SHAPE = (96, 96)


def tissue(seed=0):
    """Smooth texture between sharp borders."""
    random = np.random.default_rng(seed)
    smooth = gaussian_filter(random.normal(size=SHAPE), 5)
    regions = np.digitize(smooth, np.quantile(smooth, [0.4, 0.7])).astype(float)
    return regions + 0.3 * gaussian_filter(random.normal(size=SHAPE), 1.5)


def organ():
    mask = np.zeros(SHAPE, bool)
    mask[30:50, 30:50] = True
    return mask


def with_organ(image, mask):
    return np.where(mask, 3.0, image)


ORIGINAL = with_organ(tissue(), organ())
MOVED = np.roll(organ(), 14, axis=1)
NOISE = np.random.default_rng(1).normal(0, 0.8, SHAPE)


@pytest.mark.parametrize(
    ("translated", "mask", "against"),
    [
        (ORIGINAL, organ(), ()),
        (5 + 0.1 * ORIGINAL**2, organ(), ()),
        (ORIGINAL + 0.05 * NOISE, organ(), ()),
        (-ORIGINAL, organ(), ("correlation",)),
        (ORIGINAL + NOISE, organ(), ("structure", "edges")),
        (with_organ(tissue(), MOVED), MOVED, ("mask",)),
        (
            np.roll(ORIGINAL, 6, axis=1),
            np.roll(organ(), 6, axis=1),
            ("structure", "edges", "mask"),
        ),
        (tissue(7), MOVED, ("structure", "edges", "mask")),
    ],
    ids=[
        "same",
        "darker",
        "noisy",
        "inverted",
        "drowned",
        "moved",
        "shifted",
        "another",
    ],
)
def test_each_score_says_what_it_is_there_for(translated, mask, against):
    scores = dict(structure_scores(ORIGINAL, translated))
    scores["mask"] = [count(mask, organ()).dice]
    found = trust(scores)
    assert found.against == against
    assert {*found.agree, *found.against} == set(AGREES)


def test_words_and_levels():
    assert trust({}).text == ""
    assert trust({"mask": [0.9], "edges": [0.9]}).text == "2 of 2 scores agree"
    one = Trust(("correlation", "structure", "edges"), ("mask",))
    assert one.text == "3 of 4 scores agree, but not mask"
    two = Trust(("edges", "mask"), ("correlation", "structure"))
    assert two.text == "2 of 4 scores agree, but not correlation and structure"
    all_but_one = Trust(("edges",), ("correlation", "structure", "mask"))
    assert all_but_one.text.endswith("but not correlation, structure and mask")
    assert [t.level for t in (Trust(("mask",), ()), one, two)] == [
        "ok", "warning", "error",
    ]  # fmt: skip


def test_many_slices_may_have_a_few_that_disagree():
    values = np.array([0.9] * 18 + [0.1] * 2 + [np.nan] * 5)
    assert trust({"mask": values}).agree == ("mask",)
    values[0] = 0.1
    assert trust({"mask": values}).against == ("mask",)
    assert trust({"mask": np.full(3, np.nan)}) == Trust((), ())
    assert trust({"mask": 0.9, "novel": 0.0}).agree == ("mask",)


def order(**scores):
    return worst_first({k: np.array(v, float) for k, v in scores.items()}).tolist()


def test_what_most_scores_disagree_with_comes_first():
    found = order(
        correlation=[0.9, 0.9, -0.9],
        structure=[0.9, 0.7, 0.9],
        edges=[0.7, 0.7, 0.9],
        mask=[0.9, 0.9, 0.9],
    )
    assert found == [1, 0, 2]


def test_among_equals_the_lowest_score_shown_decides_masks_included():
    found = order(
        correlation=[0.9, 0.1, 0.5, 0.7],
        structure=[0.904, 0.901, 0.95, 0.96],
        edges=[0.95, 0.95, 0.95, 0.97],
        mask=[0.95, 0.95, 0.87, np.nan],
    )
    assert found == [2, 1, 0, 3]


def test_opposite_contrast_everywhere_does_not_decide():
    low = {"correlation": [-0.9, -0.5], "edges": [0.95, 0.9]}
    assert order(structure=[0.9, 0.9], **low) == [0, 1]
    assert order(structure=[0.96, 0.95], **low) == [1, 0]


def test_what_cannot_be_scored_comes_amid_what_nothing_disagrees_with():
    assert order(structure=[0.82, 0.98, np.nan, 0.7, 0.72, 0.71]) == [3, 5, 4, 0, 2, 1]
