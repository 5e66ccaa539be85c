from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from monai.metrics import compute_dice, compute_iou

from napari_uda.core.errors import UserError
from napari_uda.core.metrics.overlap import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    TRUE_POSITIVE,
    WRONG_CLASS,
    Counts,
    confusion,
    difference_map,
)


def test_counts_and_scores_of_a_small_image():
    truth = np.array([[1, 1, 1, 0], [2, 2, 0, 0]])
    prediction = np.array([[1, 1, 0, 1], [2, 1, 0, 0]])

    counts = confusion(prediction, truth, [1, 2])

    assert counts == {1: Counts(2, 2, 1), 2: Counts(1, 0, 1)}
    assert counts[1].dice == pytest.approx(4 / 7)
    assert counts[1].precision == pytest.approx(2 / 4)
    assert counts[1].recall == pytest.approx(2 / 3)
    assert counts[1].iou == pytest.approx(2 / 5)
    assert counts[1] + counts[2] == Counts(3, 2, 2)


def test_agrees_with_monai():
    rng = np.random.default_rng(0)
    truth, prediction = rng.integers(0, 4, (2, 5, 12, 13))
    onehot = [
        torch.from_numpy(np.stack([array == c for c in range(4)])[None])
        for array in (prediction, truth)
    ]

    counts = confusion(prediction, truth, [1, 2, 3])

    dice = compute_dice(*onehot, include_background=False)[0].tolist()
    iou = compute_iou(*onehot, include_background=False)[0].tolist()
    assert [c.dice for c in counts.values()] == pytest.approx(dice, abs=1e-6)
    assert [c.iou for c in counts.values()] == pytest.approx(iou, abs=1e-6)


def test_a_class_absent_from_both_is_nan_and_from_one_is_zero():
    truth, prediction = np.array([1, 0, 0]), np.array([0, 2, 0])

    counts = confusion(prediction, truth, [1, 2, 3])

    for score in ("dice", "precision", "recall", "iou"):
        assert getattr(counts[1], score) == 0
        assert getattr(counts[2], score) == 0
        assert math.isnan(getattr(counts[3], score))


def test_ignored_pixels_of_the_truth_do_not_count():
    truth = np.array([[1, 255, 255], [0, 0, 255]], np.uint8)
    prediction = np.array([[1, 1, 0], [1, 0, 0]], np.uint8)

    assert confusion(prediction, truth, [1])[1] == Counts(1, 1, 0)


def test_overlapping_masks_are_scored_one_by_one():
    truth = np.array([[1, 1, 0, 0], [0, 1, 255, 1]], np.uint8)
    prediction = np.array([[1, 0, 1, 0], [0, 1, 1, 1]], np.uint8)

    counts = confusion(prediction, truth, [1, 2], overlapping=True)

    assert counts == {1: Counts(1, 1, 1), 2: Counts(2, 0, 0)}


def test_a_boolean_mask_is_a_label_image():
    mask = np.array([True, True, False])

    assert confusion(mask, mask, [1])[1].dice == 1


def test_a_binary_mask_of_0_and_255_can_be_scored_without_ignore():
    mask = np.array([0, 255, 255], np.uint8)

    assert confusion(mask, mask, [255], ignore=None)[255].dice == 1
    with pytest.raises(UserError, match="255 is reserved"):
        confusion(mask, mask, [255])


def test_different_shapes_are_named():
    with pytest.raises(
        UserError, match="prediction X is 10x20 but its labels are 10x3"
    ):
        confusion(np.zeros((10, 20), int), np.zeros((10, 30), int), [1], image="X")


def test_probabilities_are_not_labels():
    with pytest.raises(UserError, match="float32"):
        confusion(np.zeros(3, np.float32), np.zeros(3, int), [1])


def test_a_structure_without_a_mask_is_named():
    masks = np.zeros((2, 4, 4), np.uint8)

    with pytest.raises(UserError, match="needs mask number 3"):
        confusion(masks, masks, [3], overlapping=True)


def test_difference_map_of_labels():
    truth = np.array([0, 1, 1, 0, 1, 255], np.uint8)
    prediction = np.array([0, 1, 0, 2, 2, 1], np.uint8)

    expected = [0, TRUE_POSITIVE, FALSE_NEGATIVE, FALSE_POSITIVE, WRONG_CLASS, 0]
    assert difference_map(prediction, truth).tolist() == expected


def test_difference_map_of_overlapping_masks_shows_errors_first():
    truth = np.array([[1, 1, 1, 0], [0, 1, 0, 0]], np.uint8)
    prediction = np.array([[1, 1, 0, 0], [0, 0, 1, 0]], np.uint8)

    expected = [TRUE_POSITIVE, FALSE_NEGATIVE, WRONG_CLASS, 0]
    assert difference_map(prediction, truth, overlapping=True).tolist() == expected
