from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_uda.core.data.labels import membranes
from napari_uda.core.errors import UserError
from napari_uda.core.inference.scores import evaluate
from napari_uda.core.io import Geometry, write_labels

if TYPE_CHECKING:
    from pathlib import Path

SQUARE = np.zeros((32, 32), np.uint8)
SQUARE[8:24, 8:24] = 1


def put(path: Path, array: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, array)
    return path


@pytest.mark.parametrize("truth", [1, 7, 255])
def test_one_structure_may_have_any_value(truth: int, tmp_path: Path) -> None:
    mine = put(tmp_path / "mine.tif", SQUARE)
    theirs = put(tmp_path / "theirs.tif", SQUARE * np.uint8(truth))
    (tmp_path / "predictions.json").write_text('{"classes": {"1": {"name": "mito"}}}')
    (row,) = evaluate(mine, theirs)
    assert (row["class"], row["dice"], row["hd95"], row["unit"]) == ("mito", 1, 0, "px")


def test_structures_are_matched_by_name(tmp_path: Path) -> None:
    put(tmp_path / "masks" / "a.tif", SQUARE * np.uint8(3))
    sidecar = {"classes": {"3": {"name": "liver"}}}
    (tmp_path / "masks" / "predictions.json").write_text(json.dumps(sidecar))
    put(tmp_path / "data" / "labels" / "a.tif", SQUARE * np.uint8(9))
    yaml = "classes: {3: spleen, 9: liver}\nvoxel_size: [2, 2]\nunit: mm"
    (tmp_path / "data" / "dataset.yaml").write_text(yaml)
    (row,) = evaluate(tmp_path / "masks", tmp_path / "data")
    assert (row["class"], row["dice"], row["unit"]) == ("liver", 1, "mm")


KINDS = pytest.mark.parametrize("kind", ["labels", "labels/liver"])


@KINDS
def test_axes_of_the_truth_are_those_of_its_data_folder(
    kind: str, tmp_path: Path
) -> None:
    labels = np.zeros((5, 20, 30), np.uint8)
    labels[1:3, 5:9] = 1
    put(tmp_path / kind.replace("labels", "guess") / "a.tif", labels)
    put(tmp_path / "data" / kind / "a.tif", labels.transpose(1, 2, 0))
    with pytest.raises(UserError, match="20"):
        evaluate(tmp_path / "guess", tmp_path / "data")
    (tmp_path / "data" / "dataset.yaml").write_text("axes: yxz")
    (row,) = evaluate(tmp_path / "guess", tmp_path / "data")
    assert row["dice"] == 1


@KINDS
def test_distances_are_in_the_unit_of_the_data_folder(
    kind: str, tmp_path: Path
) -> None:
    micrometres = {"resolution": (500.0, 500.0), "metadata": {"unit": "um"}}
    truth = tmp_path / "data" / kind / "a.tif"
    mine = tmp_path / kind.replace("labels", "masks") / "a.tif"
    for file, array in ((truth, SQUARE), (mine, np.roll(SQUARE, 3, 0))):
        file.parent.mkdir(parents=True)
        tifffile.imwrite(file, array, imagej=True, **micrometres)
    yaml = "voxel_size: [2, 2]\nunit: nm"
    (tmp_path / "data" / "dataset.yaml").write_text(yaml)
    (row,) = evaluate(tmp_path / "masks", tmp_path / "data")
    assert (row["hd95"], row["unit"]) == (pytest.approx(6), "nm")


@pytest.mark.parametrize("kind", ["labels", "labels/liver"])
def test_truth_without_a_voxel_size_has_that_of_the_prediction(
    kind: str, tmp_path: Path
) -> None:
    """It may have been typed for the prediction, and is kept in its file."""
    put(tmp_path / "data" / kind / "a.tif", SQUARE)
    mine = tmp_path / kind.replace("labels", "masks") / "a.tif"
    mine.parent.mkdir(parents=True)
    moved = np.roll(SQUARE, 3, 0).astype(np.uint8)
    write_labels(mine, moved, Geometry((4.0, 4.0), "nm"))
    (row,) = evaluate(tmp_path / "masks", tmp_path / "data")
    assert (row["hd95"], row["unit"]) == (pytest.approx(12), "nm")


def test_predicted_membranes_are_scored_against_those_of_instances(
    tmp_path: Path,
) -> None:
    cells = np.ones((32, 32), np.uint16)
    cells[:, 16:] = 300
    put(tmp_path / "masks" / "a.tif", membranes(cells, 20.0, (4.0, 4.0)))
    sidecar = {"classes": {"1": {"name": "membrane"}}}
    (tmp_path / "masks" / "predictions.json").write_text(json.dumps(sidecar))
    put(tmp_path / "data" / "labels" / "a.tif", cells)
    yaml = tmp_path / "data" / "dataset.yaml"
    yaml.write_text("membrane_width: 20\nvoxel_size: [4, 4]\nunit: nm")
    (row,) = evaluate(tmp_path / "masks", tmp_path / "data")
    assert (row["class"], row["dice"], row["unit"]) == ("membrane", 1, "nm")
    assert 0 < row["pixels_truth"] < 32 * 32

    yaml.write_text("membrane_width: 20")
    with pytest.raises(UserError, match="need a pixel size"):
        evaluate(tmp_path / "masks", tmp_path / "data")


def test_overlapping_masks_are_matched_by_folder(tmp_path: Path) -> None:
    for side in ("masks", "labels"):
        put(tmp_path / side / "liver" / "a.tif", SQUARE)
    put(tmp_path / "masks" / "tumour" / "a.tif", np.roll(SQUARE, 4, 0))
    put(tmp_path / "labels" / "tumour" / "a.tif", SQUARE)
    put(tmp_path / "masks" / "probability" / "a.tif", SQUARE * np.float32(0.3))
    rows = evaluate(tmp_path / "masks", tmp_path / "labels")
    assert [(row["class"], row["dice"]) for row in rows] == [
        ("liver", 1.0),
        ("tumour", 0.75),
    ]


def test_structures_come_in_the_order_of_the_run(tmp_path: Path) -> None:
    for name in ("aorta", "liver"):
        put(tmp_path / "masks" / name / "a.tif", SQUARE)
        put(tmp_path / "labels" / name / "a.tif", SQUARE)
    sidecar = {"classes": {"1": {"name": "liver"}, "2": {"name": "aorta"}}}
    (tmp_path / "masks" / "predictions.json").write_text(json.dumps(sidecar))
    rows = evaluate(tmp_path / "masks", tmp_path / "labels")
    assert [row["class"] for row in rows] == ["liver", "aorta"]


def test_labels_without_a_common_structure_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "masks" / "a.tif", SQUARE)
    sidecar = {"classes": {"1": {"name": "liver"}}}
    (tmp_path / "masks" / "predictions.json").write_text(json.dumps(sidecar))
    put(tmp_path / "data" / "labels" / "a.tif", SQUARE)
    (tmp_path / "data" / "dataset.yaml").write_text("classes: {1: spleen}")
    with pytest.raises(UserError, match="predictions of liver, but labels of spleen"):
        evaluate(tmp_path / "masks", tmp_path / "data")


def test_masks_of_different_shapes_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "masks" / "liver" / "a.tif", SQUARE[:20])
    put(tmp_path / "labels" / "liver" / "a.tif", SQUARE)
    with pytest.raises(UserError, match="must have equal shapes"):
        evaluate(tmp_path / "masks", tmp_path / "labels")


def test_two_predictions_of_one_image_are_refused(tmp_path: Path) -> None:
    for suffix in ("tif", "tiff"):
        put(tmp_path / "masks" / f"a.{suffix}", SQUARE)
    put(tmp_path / "labels" / "a.tif", SQUARE)
    with pytest.raises(UserError, match="have the same stem"):
        evaluate(tmp_path / "masks", tmp_path / "labels")


def test_predictions_without_truth_are_left_out_and_named(tmp_path: Path) -> None:
    for stem in ("a", "b", "c"):
        put(tmp_path / "masks" / f"{stem}.tif", SQUARE)
    put(tmp_path / "labels" / "b.tif", SQUARE)
    named: list[str] = []
    rows = evaluate(tmp_path / "masks", tmp_path / "labels", left_out=named.extend)
    assert [row["image"] for row in rows] == ["b"]
    assert named == ["a", "c"]
    told: list[list[str]] = []
    (tmp_path / "masks" / "a.tif").unlink()
    (tmp_path / "masks" / "c.tif").unlink()
    evaluate(tmp_path / "masks", tmp_path / "labels", left_out=told.append)
    assert told == []


def write_slices(folder: Path, volume: np.ndarray, name: str, step: int = 1) -> None:
    for index, plane in enumerate(volume):
        put(folder / f"{name}_z{step * index}.tif", plane)


def test_slices_of_a_volume_are_scored_as_a_volume(tmp_path: Path) -> None:
    truth = np.zeros((12, 16, 16), np.uint8)
    truth[2:10, 4:12, 4:12] = 1
    guess = np.roll(truth, 2, 0)
    data = tmp_path / "data"
    for name, volume in (("one", guess), ("two", truth)):
        write_slices(tmp_path / "masks", volume, name)
        write_slices(data / "labels", truth, name)
    yaml = data / "dataset.yaml"
    yaml.write_text("classes: {1: liver}\nvoxel_size: [5, 1, 1]\nunit: mm")
    pattern = "{volume}_z{slice}"
    one, two = evaluate(tmp_path / "masks", data, volumes=pattern)
    put(tmp_path / "guess.tif", guess)
    put(tmp_path / "labels" / "guess.tif", truth)
    (tmp_path / "labels" / "dataset.yaml").write_text(yaml.read_text())
    (whole,) = evaluate(tmp_path / "guess.tif", tmp_path / "labels")
    assert one == whole | {"image": "one"}
    assert (one["dice"], one["hd95"], one["unit"]) == (0.75, 10, "mm")
    assert (two["image"], two["dice"]) == ("two", 1)

    # Without a distance of the slices, distances are in pixels.
    yaml.write_text("classes: {1: liver}\nvoxel_size: [1, 1]\nunit: mm")
    one, two = evaluate(tmp_path / "masks", data, volumes=pattern)
    assert (one["hd95"], one["unit"]) == (2, "px")


def test_masks_of_slices_are_put_together_too(tmp_path: Path) -> None:
    truth = np.zeros((5, 16, 16), np.uint8)
    truth[:3, 4:12] = 1
    for side in ("masks", "labels"):
        write_slices(tmp_path / side / "liver", truth, "p", step=2)
        write_slices(tmp_path / side / "tumour", np.roll(truth, 1, 1), "p", step=2)
    rows = evaluate(
        tmp_path / "masks", tmp_path / "labels", volumes="{volume}_z{slice}"
    )
    assert [(r["image"], r["class"], r["pixels_truth"]) for r in rows] == [
        ("p", "liver", 3 * 8 * 16),
        ("p", "tumour", 3 * 8 * 16),
    ]


@pytest.mark.parametrize(
    ("pattern", "match"),
    [
        ("{volume}-{slice}", "'p_z0' is not named as"),
        ("_z", "which part of a name is the volume"),
        ("{volume}_z{volume}", "which part of a name is the volume"),
    ],
)
def test_names_must_fit_the_pattern(pattern: str, match: str, tmp_path: Path) -> None:
    for side in ("masks", "labels"):
        write_slices(tmp_path / side, np.stack([SQUARE] * 3), "p")
    with pytest.raises(UserError, match=match):
        evaluate(tmp_path / "masks", tmp_path / "labels", volumes=pattern)


def test_slices_must_be_complete_and_alike(tmp_path: Path) -> None:
    masks, labels, pattern = (
        tmp_path / "masks",
        tmp_path / "labels",
        "{volume}_z{slice}",
    )
    for side in (masks, labels):
        write_slices(side, np.stack([SQUARE] * 5), "p")
    put(masks / "p_z00.tif", SQUARE)
    put(labels / "p_z00.tif", SQUARE)
    with pytest.raises(UserError, match="'p_z0' and 'p_z00' are the same slice"):
        evaluate(masks, labels, volumes=pattern)
    (masks / "p_z00.tif").unlink()
    (masks / "p_z2.tif").unlink()
    with pytest.raises(UserError, match="slices of 'p' are missing between 0 and 4"):
        evaluate(masks, labels, volumes=pattern)
    put(masks / "p_z2.tif", SQUARE[:20])
    with pytest.raises(UserError, match="must have equal shapes"):
        evaluate(masks, labels, volumes=pattern)
    for index in range(5):
        for side in (masks, labels):
            put(side / f"p_z{index}.tif", np.stack([SQUARE] * 2))
    with pytest.raises(UserError, match="volumes already: leave out --volumes"):
        evaluate(masks, labels, volumes=pattern)
