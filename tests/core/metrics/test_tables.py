from __future__ import annotations

import math

import numpy as np
import pytest

from napari_uda.core.errors import UserError
from napari_uda.core.metrics.report import score_volume, summarise, write_csv
from napari_uda.core.metrics.score_file import read_csv
from napari_uda.core.metrics.tables import FORMS, Scores, table

NAMES = {1: "liver", 2: "spleen"}


def row(image, dice, name="liver", assd=1.0, truth=100, predicted=100):
    return {
        "image": str(image), "class": name, "dice": dice, "precision": dice,
        "recall": dice, "iou": dice, "assd": assd, "hd95": assd, "unit": "mm",
        "pixels_truth": truth, "pixels_predicted": predicted,
    }  # fmt: skip


def rows(dice, name="liver", assd=None):
    """Rows of images 0, 1, ...; distances are all 1 if not given."""
    distances = assd or [1.0] * len(dice)
    return [row(i, d, name, a) for i, (d, a) in enumerate(zip(dice, distances))]  # noqa: B905


LOW = rows([0.2, 0.4]) + rows([0.6, 0.8], "spleen")
HIGH = rows([0.5, 0.7]) + rows([0.9, 1.0], "spleen")


def test_plain_has_methods_as_rows_and_structures_as_columns():
    made = table([Scores("before", LOW), Scores("after", HIGH)], "plain")
    assert made.cells == [
        ["method", "liver", "spleen", "mean"],
        ["before", "0.300", "0.700", "0.500"],
        ["after", "0.600", "0.950", "0.775"],
    ]
    assert made.notes == ["2 images."]


def test_td_gan_has_organs_as_rows():
    made = table([Scores("Vanilla", LOW), Scores("TD-GAN", HIGH)], "td_gan")
    assert made.cells == [
        ["Dice", "Vanilla", "TD-GAN"],
        ["liver", "0.300", "0.600"],
        ["spleen", "0.700", "0.950"],
        ["mean", "0.500", "0.775"],
    ]


def test_grl_is_the_f1_of_all_pixels_in_percent():
    # 100 pixels of 200 are found in the large image, all in the small one: pooled,
    # that is another F1 than the mean of both images.
    found = [row(0, 0.5, truth=200, predicted=200), row(1, 1.0, truth=20, predicted=20)]
    made = table(
        [Scores("Baseline", found, "A→B"), Scores("Adversarial", found, "B→A")], "grl"
    )
    assert made.cells == [
        ["F1 (%)", "Baseline", "Adversarial"],
        ["A→B", "54.55", "-"],
        ["B→A", "-", "54.55"],
    ]


def test_cycle_shape_has_methods_by_modality():
    parts = [Scores("w/o SC", LOW, "CT"), Scores("w/ SC", HIGH, "CT"),
             Scores("w/o SC", HIGH, "MRI")]  # fmt: skip
    made = table(parts, "cycle_shape", title="S-score (%)")
    assert made.cells == [
        ["S-score (%)", "CT", "MRI"],
        ["w/o SC", "50.0", "77.5"],
        ["w/ SC", "77.5", "-"],
    ]


def test_unet_gan_is_mean_and_spread_over_images_of_all_structures():
    made = table(
        [Scores("Clean", LOW, "GE"), Scores("Unet-GAN", HIGH, "GE")], "unet_gan"
    )
    # Images score (0.2 + 0.6) / 2 and (0.4 + 0.8) / 2; their spread is 0.2 / sqrt(2).
    assert made.cells == [
        ["Dice", "Clean", "Unet-GAN"],
        ["GE", "0.500 ± 0.141", "0.775 ± 0.106"],
    ]


def test_accseg_has_median_and_mean_of_dice_and_distance():
    made = table(
        [Scores("A", rows([0.1, 0.2, 0.6], assd=[1.0, 3.0, math.inf]), "CBCT")],
        "accseg",
    )
    assert made.cells == [
        ["", "A"],
        ["CBCT: median DSC", "0.200"],
        ["CBCT: mean (std) DSC", "0.300 (0.265)"],
        ["CBCT: median ASD (mm)", "3.000"],
        ["CBCT: mean (std) ASD (mm)", "2.000 (1.414), 1 missed"],
    ]


def test_what_differs_significantly_is_marked():
    first = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75]
    better = rows([v + 0.01 * i for i, v in enumerate(first, start=1)])
    parts = [Scores("SynSeg", rows(first)), Scores("same", rows(first)),
             Scores("ours", better)]  # fmt: skip
    made = table(parts, "accseg", against="SynSeg")
    assert made.cells[2][1:] == ["0.625 (0.094)", "0.625 (0.094)", "0.660 (0.112)†"]
    assert not made.cells[4][3].endswith("†")  # equal distances
    assert "p < 0.05" in made.notes[1]
    for form in set(FORMS) - {"accseg"}:
        text = table(parts, form, against="SynSeg").markdown()
        assert "†" in text.split("\n\n")[0]


def test_an_absent_structure_has_no_score():
    absent = rows([math.nan, math.nan])
    assert table([Scores("A", absent)], "plain").cells[1] == ["A", "-", "-"]
    assert table([Scores("A", absent)], "accseg").cells[1][1] == "-"


def test_the_same_images_are_compared():
    with pytest.raises(UserError, match="A and B were not scored on the same images"):
        table([Scores("A", rows([0.1, 0.2])), Scores("B", rows([0.1]))], "plain")
    with pytest.raises(UserError, match="two files have the same name"):
        table([Scores("A", LOW), Scores("A", HIGH)], "plain")
    with pytest.raises(UserError, match="no method 'C'"):
        table([Scores("A", LOW)], "plain", against="C")


def test_markdown_and_csv():
    made = table([Scores("a|b", rows([0.25]))], "plain")
    assert made.markdown() == (
        "| method | liver | mean |\n| --- | --- | --- |\n| a\\|b | 0.250 | 0.250 |\n\n"
        "1 images.\n"
    )
    assert made.csv() == "method,liver,mean\na|b,0.250,0.250\n"


def test_scores_come_back_from_their_file(tmp_path):
    truth = np.zeros((10, 10), np.uint8)
    truth[:4] = 1
    guess = np.zeros_like(truth)
    written = score_volume(guess, truth, NAMES, (2.0, 2.0), "mm", image="a")
    written += score_volume(truth, truth, NAMES, surface=False, image="b")
    write_csv(written, tmp_path / "scores.csv")
    read = read_csv(tmp_path / "scores.csv")
    for before, after in zip(written, read, strict=True):
        for key, value in before.items():
            absent = key in ("assd", "hd95") and math.isnan(before["dice"])
            if absent or value != value:
                assert math.isnan(after[key])
            else:
                assert after[key] == value
    assert summarise(read)[0]["dice"] == summarise(written)[0]["dice"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("a,b\n1,2\n", "holds no scores of images"),
        ("", "it has no rows"),
        ("image,class,dice,precision,recall,iou,assd,hd95,unit,pixels_truth,"
         "pixels_predicted\na,x,good,1,1,1,1,1,px,1,1\n", "holds no scores of images"),
        ("image,class,dice,precision,recall,iou,assd,hd95,unit,pixels_truth,"
         "pixels_predicted\n" + "a,x,1,1,1,1,1,1,px,1,1\n" * 2, "more than once"),
    ],
)  # fmt: skip
def test_other_files_are_refused(text, match, tmp_path):
    (tmp_path / "scores.csv").write_text(text)
    with pytest.raises(UserError, match=match):
        read_csv(tmp_path / "scores.csv")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        read_csv(tmp_path / "none.csv")
