from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_uda.core.data.labels import membranes
from napari_uda.core.errors import UserError
from napari_uda.core.inference.scores import evaluate

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
