from __future__ import annotations

import math

import pytest

from napari_uda.core.errors import UserError
from napari_uda.core.metrics.paired import paired_test, wilcoxon


def rows(dice: list[float], name: str = "liver", **more: list[float | None]) -> list:
    """Rows of images 0, 1, ... of one structure."""
    return [
        {
            "image": str(i), "class": name, "dice": value, "pixels_truth": 30,
            **{key: values[i] for key, values in more.items()},
        }
        for i, value in enumerate(dice)
    ]  # fmt: skip


def test_the_p_value_is_that_of_the_signed_rank_test():
    # Textbook case: six differences, all positive, so W = 0 and p = 2 / 2**6.
    first = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75]
    second = [0.51, 0.57, 0.63, 0.69, 0.75, 0.81]
    (one,) = paired_test(rows(first), rows(second))
    assert one["p"] == pytest.approx(2 / 2**6)
    assert one["difference"] == pytest.approx(0.035)
    assert one["difference_median"] == pytest.approx(0.035)
    assert (one["first"], one["second"]) == (pytest.approx(0.625), pytest.approx(0.66))
    assert one["images"] == 6


def test_images_are_matched_by_name_not_by_order():
    first = rows([0.1, 0.2, 0.3])
    (one,) = paired_test(first, list(reversed(rows([0.1, 0.2, 0.3]))))
    assert (one["difference"], one["p"]) == (0, 1)


def test_every_structure_is_compared_by_itself():
    first = rows([0.1, 0.2]) + rows([0.5, 0.5], "spleen")
    second = rows([0.5, 0.5], "spleen") + rows([0.2, 0.3])
    liver, spleen = paired_test(first, second)
    assert (liver["class"], liver["difference"]) == ("liver", pytest.approx(0.1))
    assert (spleen["class"], spleen["difference"]) == ("spleen", 0)


def test_images_without_a_finite_score_are_counted_not_used():
    first = rows([0.1, 0.2, 0.3, math.nan], assd=[1.0, math.inf, None, 2.0])
    second = rows([0.2, 0.3, 0.4, 0.5], assd=[3.0, 4.0, 5.0, 6.0])
    (dice,) = paired_test(first, second)
    assert (dice["images"], dice["left_out"]) == (3, 1)
    (distance,) = paired_test(first, second, "assd")
    assert (distance["images"], distance["left_out"]) == (2, 2)
    assert distance["difference"] == pytest.approx(3)


def test_without_values_there_is_no_p():
    assert math.isnan(wilcoxon([], []))
    assert wilcoxon([0.5], [0.5]) == 1


def test_nothing_in_common_is_refused():
    with pytest.raises(UserError, match="no image and structure in common"):
        paired_test(rows([0.1]), rows([0.1], "spleen"))


def test_images_that_only_share_their_names_are_refused():
    first, second = rows([0.1, 0.2]), rows([0.3, 0.4])
    second[1]["pixels_truth"] += 1
    with pytest.raises(UserError, match="not only of images with the same names"):
        paired_test(first, second)
