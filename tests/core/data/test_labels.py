from __future__ import annotations

import numpy as np
import pytest

from napari_uda.core.data.labels import label_indices, membranes, whole_numbers
from napari_uda.core.errors import UserError
from napari_uda.core.spec.domain import IGNORE


@pytest.mark.parametrize(
    "kind", ["uint8", "int16", ">u2", "uint32", "int64", "uint64", "float32"]
)
def test_raw_values_become_indices_and_others_background(kind):
    raw = np.array([[0, 10, 20], [30, 255, 10]], kind)
    result = label_indices(raw, {10: 2, 20: 1}, "a")
    assert result.dtype == np.uint8
    assert result.tolist() == [[0, 2, 1], [0, IGNORE, 2]]


def test_values_beyond_sixteen_bits_are_understood():
    raw = np.array([0, 5, 255, 70_000, 2**40], np.int64)
    result = label_indices(raw, {5: 1, 70_000: 2, 2**40: 3}, "a")
    assert result.tolist() == [0, 1, IGNORE, 2, 3]


def test_a_class_of_value_255_is_a_class():
    raw = np.array([0, 255], np.uint8)
    assert label_indices(raw, {255: 1}, "mask").tolist() == [0, 1]
    raw = np.array([0, 255, 70_000])
    assert label_indices(raw, {255: 1}, "mask").tolist() == [0, 1, 0]


def test_classes_that_do_not_occur_do_no_harm():
    assert label_indices(np.array([0, 1]), {1: 1, 9: 2}, "a").tolist() == [0, 1]
    assert label_indices(np.zeros((0, 4), np.uint8), {1: 1}, "a").shape == (0, 4)


def test_masks_of_truth_values_are_labels():
    assert label_indices(np.array([True, False]), {1: 1}, "a").tolist() == [1, 0]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (np.array([0, -1]), "negative values (smallest -1)"),
        (np.array([0, 0.5]), "fractions or NaN"),
        (np.array([0, np.nan]), "fractions or NaN"),
        (np.array([0, np.inf]), "fractions or NaN"),
        (np.array([0, -2.0]), "negative values"),
    ],
)
def test_what_is_no_label_is_refused(raw, words):
    with pytest.raises(UserError, match=r"labels teeth\.tif hold") as caught:
        label_indices(raw, {1: 1}, "teeth.tif")
    assert words in str(caught.value)
    with pytest.raises(UserError):
        whole_numbers(raw, "teeth.tif")


def halves(axis, side=60):
    instances = np.ones((side, side), np.uint32)
    instances.swapaxes(0, axis)[side // 2 :] = 2
    return instances


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("pixel", [(4.0, 4.0), (6.3, 6.3), (4.0, 10.0), (9.0, 3.0)])
@pytest.mark.parametrize("width", [20.0, 24.0, 30.0, 50.0, 61.0])
def test_a_straight_membrane_has_the_width_asked_for(axis, pixel, width):
    membrane = membranes(halves(axis), width, pixel)
    across = membrane.swapaxes(0, axis)
    assert (across == across[:, :1]).all()
    measured = across[:, 0].sum() * pixel[axis]
    assert abs(measured - width) <= pixel[axis]


@pytest.mark.parametrize(("pixel", "pixels"), [(6.0, 4), (4.0, 6)])
def test_24_nm_are_four_pixels_of_snemi3d_and_six_of_cremi(pixel, pixels):
    membrane = membranes(halves(0), 24.0, (pixel, pixel))
    assert membrane[:, 0].sum() == pixels


def test_a_membrane_is_symmetric_and_at_least_two_pixels_wide():
    thin = membranes(halves(0), 1.0, (4.0, 4.0))
    assert np.flatnonzero(thin[:, 0]).tolist() == [29, 30]
    wide = membranes(halves(0), 30.0, (4.0, 4.0))
    np.testing.assert_array_equal(wide, wide[::-1])


def test_corners_are_round():
    instances = np.ones((41, 41), np.int32)
    instances[20:, 20:] = 2
    membrane = membranes(instances, 80.0, (4.0, 4.0))
    assert membrane[29, 30]
    assert not membrane[32, 32]
    outside = 20 - 1 - np.flatnonzero(membrane[:20, 40])[0]
    diagonal = 20 - 1 - np.flatnonzero(np.diagonal(membrane)[:20])[0]
    assert diagonal < outside


def test_what_belongs_to_no_instance_is_membrane():
    instances = np.ones((20, 20), np.int16)
    instances[5:15, 5:15] = 0
    membrane = membranes(instances, 8.0, (4.0, 4.0))
    assert membrane[5:15, 5:15].all()
    assert membrane[4, 10]
    assert not membrane[2, 10]
    assert membranes(np.zeros((5, 5), int), 8.0, (4.0, 4.0)).all()


def test_one_instance_has_no_membrane():
    assert not membranes(np.full((9, 9), 7), 30.0, (4.0, 4.0)).any()


def test_sections_are_treated_one_by_one():
    instances = np.stack([halves(0), halves(1), np.ones((60, 60), np.uint32)])
    membrane = membranes(instances, 30.0, (30.0, 4.0, 4.0))
    assert membrane.dtype == np.uint8
    for plane, section in zip(membrane, instances, strict=True):
        np.testing.assert_array_equal(plane, membranes(section, 30.0, (4.0, 4.0)))
    assert not membrane[2].any()
