from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance
from scipy import ndimage

from napari_uda.core.errors import UserError
from napari_uda.core.metrics.surface import assd, hd95, surface_distances


def blob(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Return a ragged random mask that touches the border."""
    noise = np.random.default_rng(seed).normal(size=shape)
    return ndimage.gaussian_filter(noise, 1.5, mode="wrap") > 0.06


@pytest.mark.parametrize(
    ("shape", "voxel_size"),
    [
        ((40, 50), (1.0, 1.0)),
        ((40, 50), (0.7, 2.3)),
        ((9, 24, 20), (1.0, 1.0, 1.0)),
        ((9, 24, 20), (5.0, 0.8, 1.3)),
    ],
)
@pytest.mark.parametrize("seed", [0, 10])
# MONAI warns of an argument that it passes to itself.
@pytest.mark.filterwarnings("ignore:.*always_return_as_numpy:FutureWarning")
def test_agrees_with_monai(shape, voxel_size, seed):
    prediction, truth = blob(shape, seed), blob(shape, seed + 1)
    pair = [torch.from_numpy(mask)[None, None] for mask in (prediction, truth)]
    options = {"include_background": True, "spacing": list(voxel_size)}
    average = compute_average_surface_distance(*pair, symmetric=True, **options)
    hausdorff = compute_hausdorff_distance(*pair, percentile=95, **options)

    assert assd(prediction, truth, voxel_size) == pytest.approx(
        float(average), abs=1e-4
    )
    assert hd95(prediction, truth, voxel_size) == pytest.approx(
        float(hausdorff), abs=1e-4
    )


def test_distances_are_in_the_unit_of_the_voxel_size():
    prediction, truth = np.zeros((2, 8, 8, 8), bool)
    prediction[1, 2, 2] = truth[4, 2, 6] = True

    there, back = surface_distances(prediction, truth, (4.0, 1.0, 0.5))

    assert there.tolist() == back.tolist() == [pytest.approx(math.hypot(12, 2))]
    assert assd(prediction, truth) == pytest.approx(5)


def test_both_directions_count():
    truth = np.zeros((20, 20), bool)
    truth[2:5, 2:5] = True
    prediction = truth.copy()
    prediction[15, 15] = True

    there, back = surface_distances(prediction, truth)

    assert there.max() == pytest.approx(math.hypot(11, 11))
    assert back.max() == 0
    assert hd95(prediction, truth) == hd95(truth, prediction) > 0


def test_equal_masks_have_no_distance():
    mask = blob((30, 30), 3)

    assert assd(mask, mask) == hd95(mask, mask) == 0


def test_empty_masks_are_nan_or_infinite():
    empty, full = np.zeros((5, 5), bool), np.ones((5, 5), bool)

    assert math.isnan(assd(empty, empty))
    assert math.isnan(hd95(empty, empty))
    assert math.isinf(assd(full, empty))
    assert math.isinf(hd95(empty, full))


def test_a_single_slice_is_measured_as_an_image():
    prediction, truth = blob((30, 30), 5), blob((30, 30), 6)

    flat = assd(prediction, truth, (0.5, 2.0))

    assert assd(prediction[None], truth[None], (9.0, 0.5, 2.0)) == flat


@pytest.mark.parametrize("size", [(1.0,), (1.0, 2.0, 3.0), (0.0, 1.0), (1.0, math.nan)])
def test_a_voxel_size_that_does_not_fit_is_refused(size):
    with pytest.raises(UserError, match="2 positive numbers"):
        assd(blob((9, 9), 0), blob((9, 9), 1), size)


def test_different_shapes_are_refused():
    with pytest.raises(UserError, match="9x9 but its labels are 9x8"):
        assd(np.ones((9, 9), bool), np.ones((9, 8), bool))
