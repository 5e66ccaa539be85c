"""Files that were predicted: where their layers and masks lie."""

from __future__ import annotations

import csv

import pytest
from qtpy.QtWidgets import QFileDialog

from napari_uda.core.io import Geometry, read, write_image
from napari_uda.core.metrics.score_file import read_csv
from napari_uda.ui import predicted_scores
from napari_uda.ui.predicted_scores import last_score, scored_by_both
from predict_window import folder, predict, runs, viewer, volume, widget

__all__ = ["folder", "runs", "viewer", "widget"]


def places(viewer):
    return {(tuple(one.scale), *map(str, one.units)) for one in viewer.layers}


def saved(widget, folder, monkeypatch):
    """Return the voxel sizes of all masks, saved by the button."""
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(folder / "a.tif"), "")
    )
    widget.save.click()
    return [read(file).header.geometry for file in sorted(folder.glob("*.tif"))]


def test_layers_and_masks_have_the_voxel_size_of_the_data_folder(
    viewer, widget, qtbot, folder, tmp_path, monkeypatch
):
    with (folder / "dataset.yaml").open("a") as file:
        file.write("voxel_size: [6, 5]\nunit: nm\n")
    widget.inputs.set_files([folder])
    widget.inputs.files.test_only.setChecked(False)
    predict(widget, qtbot)
    assert {"a · truth", "difference · a"} <= {one.name for one in viewer.layers}
    assert places(viewer) == {((6, 5), "nanometer", "nanometer")}
    found = saved(widget, tmp_path / "out", monkeypatch)
    assert [one.unit for one in found] == ["nm", "nm"]
    assert found[0].voxel_size == pytest.approx((6, 5))


def test_the_voxel_size_of_the_file_comes_first(
    viewer, widget, qtbot, folder, tmp_path, monkeypatch
):
    (folder / "dataset.yaml").write_text("voxel_size: [6, 5]\nunit: nm\n")
    file = folder / "images" / "a.tif"
    write_image(file, volume()[0], Geometry((3.0, 3.0), "um"), overwrite=True)
    widget.inputs.set_files([file])
    predict(widget, qtbot)
    ((scale, *units),) = places(viewer)
    assert scale == pytest.approx((3, 3))
    assert units == ["micrometer"] * 2
    (found,) = saved(widget, tmp_path / "out", monkeypatch)
    assert found.voxel_size == pytest.approx((3, 3))
    assert found.unit == "um"


@pytest.fixture
def sized_run(runs):
    """Let the run know its target to be of 4 nm."""
    experiment = runs["grl"].experiment()
    data = experiment.data
    target = data.target.model_copy(update={"voxel_size": (4.0, 4.0), "unit": "nm"})
    data = data.model_copy(update={"target": target})
    file = runs["grl"].path / "experiment.yaml"
    experiment.model_copy(update={"data": data}).save(file)


def test_a_file_of_no_data_folder_has_the_voxel_size_of_the_target(
    viewer, widget, qtbot, sized_run, tmp_path, monkeypatch
):
    (tmp_path / "alone").mkdir()
    write_image(tmp_path / "alone" / "a.tif", volume()[0])
    widget.inputs.set_files([tmp_path / "alone" / "a.tif"])
    predict(widget, qtbot)
    assert places(viewer) == {((4, 4), "nanometer", "nanometer")}
    (found,) = saved(widget, tmp_path / "out", monkeypatch)
    assert found.voxel_size == pytest.approx((4, 4))


def test_a_size_along_y_and_x_draws_a_volume_but_is_none_of_its_mask(
    viewer, widget, qtbot, sized_run, tmp_path, monkeypatch
):
    (tmp_path / "alone").mkdir()
    write_image(tmp_path / "alone" / "a.tif", volume())
    widget.inputs.set_files([tmp_path / "alone" / "a.tif"])
    predict(widget, qtbot)
    assert places(viewer) == {((4, 4, 4), *["nanometer"] * 3)}
    (found,) = saved(widget, tmp_path / "out", monkeypatch)
    assert found.voxel_size is None


def test_distances_are_in_the_unit_of_the_target(
    sized_run, viewer, widget, qtbot, folder
):
    file = folder / "images" / "a.tif"
    write_image(file, volume()[0], Geometry((0.004, 0.004), "um"), overwrite=True)
    widget.inputs.set_files([file])
    predict(widget, qtbot)
    assert "HD95 nm" in widget.scores.text()


def test_scores_of_files_are_kept_with_their_masks(widget, qtbot, folder, runs):
    told = []
    widget.session.runs_changed.connect(lambda: told.append(1))
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    score = last_score(runs["grl"])
    assert (score.dice, score.images) == (pytest.approx(0.4), 1)
    (file,) = runs["grl"].predictions.glob("*/scores.csv")
    assert (file.parent / "b.tif").exists()
    [row] = csv.DictReader(file.read_text().splitlines())
    assert (row["checkpoint"], row["step"]) == ("best", "20")
    assert [row["image"] for row in read_csv(file)] == ["b"]
    assert told
    assert last_score(runs["source_only"]) is None


def test_scores_of_the_baseline_are_kept_beside_them(widget, qtbot, folder, runs):
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    both = scored_by_both(runs["grl"], runs["source_only"])
    assert both == (pytest.approx(0.4), pytest.approx(1), 1)


def test_scores_that_cannot_be_kept_are_said(widget, qtbot, folder, runs, monkeypatch):
    monkeypatch.setattr(predicted_scores, "FILE", "b.tif/scores.csv")
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    assert "cannot be written" in widget.message.text()
    assert widget.scores.isVisibleTo(widget)


def test_images_are_predicted_while_a_stack_is_in_the_viewer(
    viewer, widget, qtbot, folder
):
    viewer.add_image(volume(), name="stack")
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    assert widget.message.text().startswith("1 image predicted.")
    assert "b · grl_01" in {one.name for one in viewer.layers}
