from __future__ import annotations

import csv
import math

import numpy as np
import pytest

from napari_uda.core.errors import UserError
from napari_uda.core.metrics.report import (
    compare,
    mean_dice,
    score_text,
    score_volume,
    summarise,
    write_csv,
)

NAMES = {1: "liver", 2: "kidney"}


def image(**areas: slice) -> np.ndarray:
    """Return a label image with one band per class."""
    labels = np.zeros((10, 10), np.uint8)
    for label, rows in zip(
        (1, 2), (areas.get("liver"), areas.get("kidney")), strict=True
    ):
        if rows:
            labels[rows] = label
    return labels


@pytest.fixture
def rows():
    """Rows of two images: in the second the kidney is invented."""
    first = score_volume(
        image(liver=slice(0, 4), kidney=slice(6, 8)),
        image(liver=slice(0, 4), kidney=slice(6, 8)),
        NAMES, (2.0, 2.0), "mm", image="a",
    )  # fmt: skip
    second = score_volume(
        image(liver=slice(0, 1), kidney=slice(8, 9)),
        image(liver=slice(0, 3)),
        NAMES, (2.0, 2.0), "mm", image="b",
    )  # fmt: skip
    return first + second


def test_a_row_holds_every_score_with_its_unit(rows):
    assert rows[2] == {
        "image": "b",
        "class": "liver",
        "dice": pytest.approx(0.5),
        "precision": 1,
        "recall": pytest.approx(1 / 3),
        "iou": pytest.approx(1 / 3),
        "assd": pytest.approx(rows[2]["assd"]),
        "hd95": pytest.approx(4),
        "unit": "mm",
        "pixels_truth": 30,
        "pixels_predicted": 10,
    }


def test_distances_without_voxel_size_are_in_pixels():
    first, _ = score_volume(image(liver=slice(0, 1)), image(liver=slice(0, 3)), NAMES)

    assert (first["hd95"], first["unit"]) == (2, "px")


def test_surface_distances_can_be_left_out():
    labels = image(liver=slice(0, 1))

    assert score_volume(labels, labels, NAMES, surface=False)[0]["hd95"] is None


def test_overlapping_structures_are_scored():
    truth = np.zeros((2, 10, 10), np.uint8)
    truth[0, :6] = truth[1, 4:8] = 1

    first, second = score_volume(truth, truth, NAMES, overlapping=True)

    assert first["dice"] == second["dice"] == 1
    assert (first["pixels_truth"], second["pixels_truth"]) == (60, 40)


def test_shape_mismatch_names_the_image():
    with pytest.raises(UserError, match="prediction MR_009 is 10x10 but its labels"):
        score_volume(image(), image()[:5], NAMES, image="MR_009")


def test_a_volume_needs_three_voxel_sizes():
    volume = np.ones((3, 4, 5), np.uint8)

    with pytest.raises(UserError, match="3 positive numbers"):
        score_volume(volume, volume, {1: "x"}, (1.0, 1.0), "nm")


def test_summary_has_mean_range_and_pooled_dice(rows):
    liver, kidney = summarise(rows)

    assert liver["volumes"] == 2
    assert liver["dice"] == pytest.approx(0.75)
    assert (liver["dice_min"], liver["dice_max"]) == (pytest.approx(0.5), 1)
    # 2 * (40 + 10) / (80 + 40) pixels
    assert liver["dice_pooled"] == pytest.approx(100 / 120)
    assert liver["hd95"] == pytest.approx(2)
    assert (kidney["dice"], kidney["unmatched"], kidney["hd95"]) == (0.5, 1, 0)
    assert mean_dice(rows) == pytest.approx((0.75 + 0.5) / 2)


def test_summary_has_spread_median_and_scores_of_all_pixels(rows):
    liver, kidney = summarise(rows)

    # Dice 1 and 0.5: the standard deviation of a sample of two.
    assert liver["dice_std"] == pytest.approx(0.5 / math.sqrt(2))
    assert liver["dice_median"] == pytest.approx(0.75)
    # 40 + 10 of 40 + 10 predicted pixels are right, of 40 + 30 true ones found.
    assert liver["precision_pooled"] == 1
    assert liver["recall_pooled"] == pytest.approx(50 / 70)
    assert liver["assd_median"] == pytest.approx(liver["assd"])
    # Found in one image, invented in the other, which is infinitely far.
    assert kidney["assd"] == 0
    assert math.isinf(kidney["assd_median"])
    assert math.isnan(kidney["assd_std"])
    assert kidney["precision_pooled"] == pytest.approx(20 / 30)


def test_a_class_absent_everywhere_is_left_out_of_the_mean():
    labels = image(liver=slice(0, 4))
    rows = score_volume(labels, labels, NAMES)

    assert math.isnan(summarise(rows)[1]["dice"])
    assert mean_dice(rows) == 1
    assert math.isnan(mean_dice([]))


def test_distances_in_different_units_have_no_mean(rows):
    labels = image(liver=slice(0, 4))

    liver, _ = summarise(rows + score_volume(labels, labels, NAMES))

    assert (liver["unit"], liver["hd95"]) == ("mixed", None)
    assert liver["dice"] == pytest.approx(2.5 / 3)


def test_a_class_never_found_is_infinitely_far():
    rows = score_volume(image(), image(liver=slice(0, 2)), NAMES)

    assert math.isinf(summarise(rows)[0]["hd95"])


def test_csv_can_be_read_back(rows, tmp_path):
    write_csv(rows, tmp_path / "scores.csv")

    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]
    assert [row["class"] for row in read] == ["liver", "kidney"] * 2
    assert float(read[2]["dice"]) == pytest.approx(0.5)
    assert read[3]["hd95"] == "inf"


def test_csv_leaves_absent_scores_empty_and_keeps_its_header(tmp_path):
    write_csv(score_volume(image(), image(), NAMES), tmp_path / "absent.csv")
    write_csv([], tmp_path / "empty.csv")

    header, line, _ = (tmp_path / "absent.csv").read_text().splitlines()
    assert line == ",liver,,,,,,,px,0,0"
    assert (tmp_path / "empty.csv").read_text().strip() == header


def test_comparison_puts_baselines_beside(rows):
    before = score_volume(
        image(liver=slice(5, 9)), image(liver=slice(0, 4)), NAMES, (2.0, 2.0), "mm"
    )

    liver, kidney = compare(rows, before=before, colors={"liver": "#aa0000"})

    assert (liver["before"], liver["after"]) == (0, pytest.approx(0.75))
    assert liver["oracle"] is None
    assert liver["color"] == "#aa0000"
    assert math.isnan(kidney["before"])
    assert kidney["unmatched"] == 1


def test_scores_are_words_where_they_are_no_numbers():
    assert score_text(0.8739) == "0.874"
    assert score_text(4.25, 1) == "4.2"
    assert score_text(math.nan) == "absent"
    assert score_text(math.inf) == "∞"
    assert score_text(None) == "-"
