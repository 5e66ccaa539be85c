"""Which scores agree on changes whose harm is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_uda.core.metrics.overlap import count
from napari_uda.core.metrics.structure import structure_scores
from napari_uda.core.metrics.trust import AGREES, Trust, trust

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
