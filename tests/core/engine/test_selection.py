from __future__ import annotations

import math

import pytest
import torch

from napari_uda.core.engine.selection import (
    dice_scores,
    information,
    is_best,
    morphology,
)
from napari_uda.core.spec.domain import IGNORE


def history(*rows, names=("a", "b")):
    return [
        {"source_dice": dice, **dict(zip(names, values, strict=False))}
        for dice, *values in rows
    ]


def test_the_first_is_the_best_and_ties_go_to_the_newest():
    assert is_best(history((0.5, 1, 1)), ("a", "b"))
    assert is_best(history((0.5, 1, 1), (0.5, 1, 1)), ("a", "b"))


def test_scores_are_compared_by_their_ranks_not_their_size():
    rows = [(1, 0.1, 0.500), (1, 0.2, 0.501), (1, 0.9, 0.499)]
    assert not is_best(history(*rows), ("a", "b"))
    assert is_best(history(*rows), ("a",))
    assert not is_best(history(*rows), ("b",))
    assert is_best(history(*rows[:2]), ("a", "b"))


def test_forgetting_the_source_is_a_veto():
    assert not is_best(history((1.0, 0.1), (0.89, 0.9)), ("a",))
    assert is_best(history((1.0, 0.1), (0.91, 0.9)), ("a",))
    assert is_best(history((1.0, 0.1), (0.5, 0.9)), ("a",), veto=0.0)


def test_an_old_score_without_the_source_no_longer_competes():
    assert is_best(history((0.2, 0.9), (1.0, 0.1)), ("a",))


def test_without_scores_the_newest_is_the_best():
    assert is_best(history((1.0, 0.9), (0.1, 0.1)), ())


def test_information_of_certain_undecided_and_collapsed_predictions():
    certain = torch.eye(4).repeat(1, 5)
    assert information(certain) == pytest.approx((1.0, 1.0), abs=1e-4)
    undecided = torch.full((4, 20), 0.25)
    assert information(undecided) == pytest.approx((0.0, 0.0), abs=1e-4)
    collapsed = torch.zeros(4, 20)
    collapsed[0] = 1
    mutual, confidence = information(collapsed)
    assert mutual == pytest.approx(0, abs=1e-4)
    assert confidence == pytest.approx(1, abs=1e-4)


def test_information_by_hand():
    chance = torch.tensor([[0.8, 0.4], [0.2, 0.6]])

    def entropy(p):
        return -(p * math.log(p) + (1 - p) * math.log(1 - p)) / math.log(2)

    inside = (entropy(0.8) + entropy(0.4)) / 2
    expected = entropy(0.6) - inside, 1 - inside
    assert information(chance) == pytest.approx(expected, abs=1e-5)


def test_dice_by_hand_leaves_unlabelled_pixels_out():
    truth = torch.tensor([[[1, 1, 2, IGNORE], [0, 0, IGNORE, 0]]])
    prediction = torch.tensor([[[1, 0, 2, 1], [1, 0, 2, 0]]])
    first, second, absent = dice_scores(prediction, truth, 3, overlapping=False)
    assert first == pytest.approx(2 * 1 / (2 + 2))
    assert second == 1
    assert math.isnan(absent)


def test_dice_of_overlapping_masks_is_one_by_one():
    truth = torch.tensor([[[[1, 1, IGNORE]], [[0, 1, 1]]]])
    prediction = torch.tensor([[[[1, 0, 1]], [[1, 1, 1]]]])
    scores = dice_scores(prediction, truth, 2, overlapping=True)
    assert scores == pytest.approx([2 / 3, 4 / 5])


def test_dice_is_pooled_over_all_images():
    truth = torch.tensor([[[1, 1, 1]], [[0, 0, 0]]])
    prediction = torch.tensor([[[1, 1, 1]], [[1, 0, 0]]])
    assert dice_scores(prediction, truth, 1, overlapping=False) == [6 / 7]


def test_morphology_compares_shares_both_ways():
    expected = torch.tensor([0.2, 0.1])
    assert morphology(expected, expected) == pytest.approx(1)
    assert morphology(torch.tensor([0.1, 0.2]), expected) == pytest.approx(0.5)
    assert morphology(torch.tensor([0.0, 0.1]), expected) == pytest.approx(
        0.5, abs=1e-4
    )
    assert morphology(torch.zeros(2), torch.zeros(2)) == 1
