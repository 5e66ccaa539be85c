from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from napari_uda.core.errors import UserError
from napari_uda.core.metrics.figures import (
    difference,
    overlay,
    save_comparison,
    save_histograms,
    save_losses,
)

RED = {1: "#ff0000"}


@pytest.fixture
def square():
    """A 9x9 label image with a 5x5 square."""
    labels = np.zeros((9, 9), np.uint8)
    labels[2:7, 2:7] = 1
    return labels


def png(path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))


def test_overlay_fills_the_prediction_and_outlines_the_truth(square):
    filled = overlay(np.zeros((9, 9)), square, None, RED, alpha=0.4)
    outlined = overlay(np.zeros((9, 9)), None, square, RED)

    assert filled.dtype == np.uint8
    assert filled[4, 4].tolist() == [102, 0, 0]
    assert filled[0, 0].tolist() == [0, 0, 0]
    assert outlined[2, 4].tolist() == [255, 0, 0]
    assert outlined[1, 4].tolist() == [255, 255, 255]
    assert outlined[4, 4].tolist() == [0, 0, 0]


def test_overlay_stretches_the_image_and_survives_nan():
    image = np.linspace(-1000, 3000, 100).reshape(10, 10)
    image[0, 0] = np.nan

    grey = overlay(image, None, None, RED)

    assert grey[0, 1].max() < 3
    assert grey[9, 9].min() == 255
    assert (overlay(np.full((4, 4), 7), None, None, RED) == 0).all()


def test_overlay_keeps_the_colours_of_an_rgb_image():
    image = np.zeros((4, 4, 3), np.uint8)
    image[:2, :, 1] = 200

    assert overlay(image, None, None, RED)[0, 0].tolist() == [0, 255, 0]


def test_overlapping_structures_are_all_painted(square):
    masks = np.stack([square, np.roll(square, 2, axis=1)])

    picture = overlay(np.zeros((9, 9)), masks, None, {**RED, 2: "#00ff00"}, alpha=1)

    assert picture[4, 2].tolist() == [255, 0, 0]
    assert picture[4, 8].tolist() == [0, 255, 0]


def test_difference_tells_the_four_cases_apart():
    truth = np.array([[0, 1, 0, 1, 1, 255]], np.uint8)
    prediction = np.array([[0, 1, 1, 0, 2, 1]], np.uint8)

    picture = difference(np.zeros((1, 6)), prediction, truth)

    assert len(np.unique(picture[0, 1:5], axis=0)) == 4
    assert (picture[0, [0, 5]] == 0).all()


def test_labels_of_another_slice_are_refused(square):
    with pytest.raises(UserError, match="9x9 but the slice under them is 8x9"):
        overlay(np.zeros((8, 9)), square, None, RED)
    with pytest.raises(UserError, match="one slice, but the image is 5x8x9"):
        overlay(np.zeros((5, 8, 9)), None, None, RED)
    with pytest.raises(UserError, match="9x9 but its labels are 8x9"):
        difference(np.zeros((9, 9)), square, square[1:])


def test_comparison_shows_each_picture_it_is_given(square, tmp_path):
    image = np.zeros((9, 9))
    names = {1: "cell"}
    shifted = np.roll(square, 1, axis=0)

    save_comparison(tmp_path / "4.png", image, square, shifted, square, names, RED, "A")
    save_comparison(tmp_path / "2.png", image, None, None, square, names, RED)

    wide, few = png(tmp_path / "4.png"), png(tmp_path / "2.png")
    assert wide.shape[1] == few.shape[1] == 1600
    # Fewer panels are larger, and the row of black images takes the full width.
    assert few.shape[0] > wide.shape[0]
    across = [(rgb[rgb.shape[0] - 90] == 0).all(axis=1).mean() for rgb in (wide, few)]
    assert min(across) > 0.75
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.png", "4.png"]


def test_comparison_of_overlapping_structures_and_empty_truth(square, tmp_path):
    masks = np.stack([square, np.zeros_like(square)])
    names, colors = {1: "a", 2: "b"}, {**RED, 2: "#00ff00"}

    save_comparison(
        tmp_path / "a.png", np.zeros((9, 9, 3)), masks, masks, masks, names, colors
    )

    assert png(tmp_path / "a.png").shape[1] == 1600


def test_a_tall_slice_does_not_make_an_endless_picture(tmp_path):
    tall = np.zeros((400, 20), np.uint8)

    save_comparison(tmp_path / "tall.png", tall, tall, None, tall, {1: "a"}, RED)

    assert png(tmp_path / "tall.png").shape[0] < 1200


@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_loss_curves_are_drawn_for_any_number_of_groups(tmp_path, count):
    steps = {
        f"loss{i}": [(s, 100.0 ** (i - s)) for s in range(5)] for i in range(count)
    }
    groups = {f"group {i}": [f"loss{i}", "never reported"] for i in range(1, count)}

    save_losses(tmp_path / "losses.png", steps, groups)

    assert png(tmp_path / "losses.png").shape[1] == 1600


def test_losses_that_are_not_finite_are_left_out(tmp_path):
    curve = [(s, 1.0 / (s + 1)) for s in range(20)]

    save_losses(tmp_path / "a.png", {"seg": curve})
    save_losses(
        tmp_path / "b.png", {"seg": [*curve, (20, np.nan)], "gan": [(1, np.inf)]}
    )

    assert (png(tmp_path / "a.png") == png(tmp_path / "b.png")).all()


def test_histograms_show_both_domains(tmp_path):
    rng = np.random.default_rng(0)
    source = rng.normal(0, 1, (20, 30)).astype(np.float32)

    save_histograms(tmp_path / "apart.png", source, source + 100, "HU")
    save_histograms(tmp_path / "same.png", source, source, "HU")
    save_histograms(tmp_path / "flat.png", np.zeros(9, np.uint8), np.zeros(9, np.uint8))

    apart, same = png(tmp_path / "apart.png"), png(tmp_path / "same.png")
    assert apart.shape == same.shape
    assert (apart != same).any()


def test_a_domain_without_finite_values_is_named(tmp_path):
    with pytest.raises(UserError, match="target has no finite"):
        save_histograms(tmp_path / "x.png", np.zeros(3), np.full(3, np.nan))
    assert not list(tmp_path.iterdir())


def test_metrics_need_no_torch_and_load_matplotlib_only_to_draw(tmp_path):
    code = f"""
import sys, numpy, pathlib
from napari_uda.core.metrics import figures, html, overlap, report, surface
assert not {{"torch", "matplotlib", "monai"}} & set(sys.modules)
figures.save_losses(pathlib.Path({str(tmp_path / "x.png")!r}), {{"seg": [(0, 1.0)]}})
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
