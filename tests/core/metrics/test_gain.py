"""Which of two runs is better, in words."""

from __future__ import annotations

import math

import pytest

from napari_uda.core.metrics.gain import gain

BEFORE = [0.5, 0.52, 0.54, 0.56, 0.58, 0.6, 0.62]


def rows(*dice, name="a", start=0):
    return [
        {
            "image": f"i{number}", "class": name, "dice": one, "precision": one,
            "recall": one, "iou": one, "assd": 5 - 5 * one, "hd95": 9 - 9 * one,
            "unit": "px",
            "pixels_truth": 10, "pixels_predicted": 10,
        }
        for number, one in enumerate(dice, start)
    ]  # fmt: skip


def said(after, before, **more):
    found = gain(after, before, "GRL", "source only", **more)
    return found.level, found.text


def test_a_run_that_is_better_on_every_image_says_so_with_p():
    after = [one + 0.1 + 0.001 * k for k, one in enumerate(BEFORE)]
    assert said(rows(*after), rows(*BEFORE)) == (
        "ok",
        "Dice better by 0.10 on 7 images (higher on 7; p = 0.016): "
        "mean Dice 0.66 with GRL, 0.56 with source only",
    )


def test_a_worse_one_is_a_warning_that_may_be_chance():
    after = [0.48, 0.53, 0.5, 0.58, 0.52, 0.61, 0.57]
    level, text = said(rows(*after), rows(*BEFORE))
    assert level == "warning"
    assert text.startswith("Dice worse by 0.02 on 7 images (lower on 4; p = ")
    assert "may be chance): mean Dice 0.54 with GRL, 0.56 with source only" in text


def test_few_images_are_called_few():
    level, text = said(rows(0.7), rows(0.5))
    assert level == "ok"
    assert text.startswith("Dice better by 0.20 on 1 image (too few to rule out ")


def test_below_a_hundredth_they_are_equal():
    level, text = said(rows(0.504, 0.504), rows(0.5, 0.5))
    assert level == "note"
    assert text.startswith("Dice equal within 0.01 on 2 images (higher on 2; too few ")


def test_the_mean_is_over_structures_and_the_difference_is_what_is_read():
    after = rows(0.9) + rows(0.436, name="b")
    before = rows(0.8) + rows(0.4, name="b")
    text = said(after, before)[1]
    assert text.startswith("Dice better by 0.07 on 1 image ")
    assert text.endswith(
        "mean Dice of 2 structures 0.67 with GRL, 0.60 with source only"
    )


def test_sections_of_a_stack_are_not_tested():
    after = rows(*(one + 0.1 for one in BEFORE))
    text = said(after, rows(*BEFORE), sections=True)[1]
    assert text.startswith("Dice better by 0.10 on 7 sections (higher on 7): mean Dice")


def test_a_comparison_of_unequal_trainings_is_a_caution_whatever_comes_out():
    words = "trained for 80 steps, the baseline for 60"
    better = said(rows(0.7, 0.6), rows(0.5, 0.5), unequal=words)
    assert better[0] == "warning"
    assert better[1].startswith(f"Dice better by 0.15 on 2 images ({words}; higher on ")
    assert said(rows(0.5), rows(0.5), unequal=words)[0] == "note"


def distances(scores, **changed):
    return [row | {k: v[n] for k, v in changed.items()} for n, row in enumerate(scores)]


@pytest.mark.parametrize(
    ("hd95", "assd", "words"),
    [
        ((1.0, 1.0), (2.0, 2.0), ""),
        ((9.0, 1.0), (2.0, 2.0), "; HD95 is not"),
        ((4.5, 4.5), (2.0, 2.0), "; HD95 is not"),  # equal is not better
        ((1.0, 1.0), (4.0, 2.0), "; ASSD is not"),
        ((9.0, 1.0), (4.0, 2.0), "; HD95 and ASSD are not"),
        ((math.inf, 1.0), (math.nan, 1.0), ""),  # what has no distance says nothing
        ((None, None), (None, None), ""),
    ],
)
def test_distances_that_say_otherwise_are_named(hd95, assd, words):
    after = distances(rows(0.7, 0.6), hd95=hd95, assd=assd)
    level, text = said(after, rows(0.5, 0.5))
    assert text.startswith(f"Dice better by 0.15 on 2 images{words} (higher on 2;")
    assert level == ("note" if words else "ok")


def test_distances_in_several_units_say_nothing():
    far = {"hd95": (9.0, 9.0), "assd": (9.0, 9.0)}
    after = distances(rows(0.7, 0.6), **far, unit=("px", "px"))
    assert "; HD95 and ASSD are not" in said(after, rows(0.5, 0.5))[1]
    after = distances(rows(0.7, 0.6), **far, unit=("px", "nm"))
    assert " not" not in said(after, rows(0.5, 0.5))[1]


def test_distances_are_means_of_structures_not_of_images():
    """One structure is much better on one image, the other worse on three."""
    before = rows(0.5, 0.5, 0.5) + rows(0.5, name="b")
    after = rows(0.7, 0.7, 0.7) + rows(0.7, name="b")
    before = distances(before, hd95=(2.0, 2.0, 2.0, 3.5))
    after = distances(after, hd95=(3.0, 3.0, 3.0, 1.0))
    assert "not" not in said(after, before)[1]


def test_a_worse_run_may_have_better_distances():
    after = distances(rows(0.4), hd95=(0.5,), assd=(9.0,))
    level, text = said(after, rows(0.5))
    assert level == "warning"
    assert text.startswith("Dice worse by 0.10 on 1 image; HD95 is not (")


@pytest.mark.parametrize("before", [[], rows(math.nan), rows(0.5, start=4)])
def test_without_a_common_image_there_is_nothing_to_say(before):
    assert gain(rows(0.5), before, "GRL", "source only") is None
