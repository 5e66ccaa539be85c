from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication, QFileDialog, QMessageBox

from napari_uda.core.io import read
from napari_uda.core.spec.domain import Structure
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.predict_widget import PredictWidget
from napari_uda.ui.session import METADATA_KEY, role_of
from predict_window import folder, ours, predict, runs, viewer, volume, widget

__all__ = ["folder", "runs", "viewer", "widget"]
PLACE = {"scale": (4.0, 2.0, 2.0), "units": ("nm",) * 3, "axis_labels": ("z", "y", "x")}


def add_target(viewer):
    def metadata(kind):
        return {METADATA_KEY: {"role": "target", "kind": kind}}

    image = viewer.add_image(volume(), name="MR", metadata=metadata("image"), **PLACE)
    truth = np.where(volume() == 200, 5, 0).astype(np.uint8)
    labels = viewer.add_labels(truth, name="truth", metadata=metadata("truth"), **PLACE)
    return image, labels


def test_without_a_run_it_says_so(viewer, qtbot):
    widget = PredictWidget(viewer)
    qtbot.addWidget(widget)
    assert not widget.predict.isEnabled()
    assert "Train a run first" in widget.predict.toolTip()
    assert "Train a run first" in widget.message.text()


def test_a_run_that_gets_its_first_checkpoint_is_offered(viewer, qtbot, runs):
    weights = [file for run in runs.values() for file in run.checkpoints.glob("*.pt")]
    for file in weights:
        file.unlink()
    widget = PredictWidget(viewer)
    qtbot.addWidget(widget)
    assert widget.run.count() == 0
    for file in weights:
        file.touch()
    widget.session.runs_changed.emit()
    assert widget.run.count() == 2
    widget.session.selected_run = runs["source_only"]
    assert widget.run.currentText() == "source_only_01"
    qtbot.waitUntil(lambda: not widget._search.busy)


def test_predicts_a_layer_and_scores_before_and_after(viewer, widget, qtbot, runs):
    image, labels = add_target(viewer)
    assert widget.inputs.image.layer() is image
    assert widget.inputs.truth.layer() is labels
    assert widget.baseline.currentText() == "with source_only_01"
    widget.probability.setChecked(True)
    widget.uncertainty.setChecked(True)
    before = {one.name: one.visible for one in viewer.layers}
    predict(widget, qtbot)

    asked = json.loads((runs["grl"].path / "asked.json").read_text())["words"]
    assert asked[asked.index("--voxel-size") + 1] == "4.0,2.0,2.0"
    assert asked[asked.index("--unit") + 1] == "nm"
    assert asked[asked.index("--checkpoint") + 1] == "best"
    assert not Path(asked[asked.index("--out") + 1]).exists()

    layers = ours(viewer)
    mask = layers["MR · grl_01"]
    np.testing.assert_array_equal(mask.data, np.where(volume() > 0, 5, 0))
    assert mask.scale == pytest.approx(image.scale)
    assert mask.units == image.units
    assert mask.get_color(5) == pytest.approx((0, 1, 0, 1))
    assert {"MR probability of nucleus", "MR uncertainty"} < set(layers)
    assert {name: viewer.layers[name].visible for name in before} == before
    assert labels.contour == 0

    after, earlier = widget._scores[0].after[0], widget._scores[0].before[0]
    assert after["dice"] == pytest.approx(2 * 25 / (100 + 25))
    assert earlier["dice"] == pytest.approx(1)
    assert after["unit"] == "nm"
    item = widget.scores.topLevelItem(0)
    assert item.text(0) == "nucleus"
    assert (item.text(1), item.text(2)) == ("1.00", "0.40")
    head, line = (text.split("\t") for text in widget.scores.text().split("\n"))
    assert head[:4] == [
        "class", "Dice source_only_01, best", "Dice grl_01, best",
        "ASSD nm source_only_01, best",
    ]  # fmt: skip
    assert head[-1] == "HD95 nm grl_01, best"
    assert line == ["nucleus", "1.00", "0.40", "0.0", "2.9", "0.0", "7.2"]


def test_views_go_round_by_key(viewer, widget, qtbot):
    add_target(viewer)
    predict(widget, qtbot)
    layers = ours(viewer)
    mask, truth = layers["MR · grl_01"], layers["MR · truth"]
    difference = layers["difference · MR"]
    assert (mask.visible, mask.contour, truth.contour) == (True, 0, 2)
    legend = widget.shown.legend
    assert legend.isVisibleTo(widget)
    assert legend.text() == "filled: predicted, pale outline: truth"
    assert set(np.unique(difference.data)) == {0, 1, 2}
    key = next(key for key in viewer.keymap if str(key) == "C")
    viewer.keymap[key](viewer)
    assert (mask.visible, mask.contour, truth.visible) == (True, 2, True)
    assert legend.text().startswith("strong outline: predicted")
    viewer.keymap[key](viewer)
    assert (mask.visible, truth.visible, difference.visible) == (False, False, True)
    assert "missed" in legend.text()
    viewer.keymap[key](viewer)
    assert (mask.visible, mask.contour, difference.visible) == (True, 0, False)


def test_contours_give_way_in_3d(viewer, widget, qtbot):
    add_target(viewer)
    predict(widget, qtbot)
    truth = ours(viewer)["MR · truth"]
    with pytest.warns(UserWarning, match="Contours"):
        viewer.dims.ndisplay = 3
    assert (truth.visible, truth.contour) == (False, 0)
    viewer.dims.ndisplay = 2
    assert (truth.visible, truth.contour) == (True, 2)


def test_without_truth_there_is_no_table_and_choosing_it_scores(viewer, widget, qtbot):
    _, labels = add_target(viewer)
    widget.inputs.truth.setCurrentIndex(0)
    widget.inputs.truth.activated.emit(0)
    predict(widget, qtbot)
    assert not widget.scores.isVisibleTo(widget)
    assert not widget.shown.button("difference").isEnabled()
    assert not widget.shown.legend.isVisibleTo(widget)
    widget.inputs.truth.setLayer(labels)
    qtbot.waitUntil(lambda: widget.scores.isVisibleTo(widget))
    assert widget.shown.legend.isVisibleTo(widget)
    assert "difference · MR" in ours(viewer)


def test_truth_of_another_shape_is_a_sentence(viewer, widget, qtbot):
    add_target(viewer)
    wrong = viewer.add_labels(np.ones((3, 5, 5), np.uint8))
    widget.inputs.truth.setLayer(wrong)
    predict(widget, qtbot)
    assert "(3, 5, 5)" in widget.message.text()
    assert "MR · grl_01" in ours(viewer)


def test_the_truth_of_another_image_says_nothing_of_this_one(viewer, widget, qtbot):
    image, _ = add_target(viewer)
    other = viewer.add_image(volume(), name="CT")
    wrong = viewer.add_labels(np.full_like(volume(), 5), name="wrong")
    pairs = (LayerPair(image), LayerPair(other, wrong))
    widget.session.choose("target", DomainChoice(layers=pairs))
    widget.inputs.image.setLayer(image)
    predict(widget, qtbot)
    said = widget.scores.text()
    widget.inputs.image.setLayer(other)
    assert widget.inputs.truth.layer() is wrong
    assert not widget._work.busy
    assert widget.scores.text() == said
    assert widget.head.caption.text() == "On MR, checkpoint best"


def test_scores_are_by_the_run_that_predicted_whichever_is_chosen_since(
    viewer, widget, qtbot, runs, tmp_path
):
    add_target(viewer)
    data = runs["source_only"].experiment().data
    classes = {7: Structure(name="other", color="#00ff00")}
    domain = data.target.model_copy(update={"classes": classes})
    other = RunFolder(runs["grl"].path.with_name("other_01"))
    data = data.model_copy(update={"source": domain, "target": domain})
    other.create(Experiment.preset("grl", "quick", data))
    other.checkpoints.mkdir()
    for name in ("best", "last"):
        (other.checkpoints / f"{name}.pt").touch()
    widget.session.runs_changed.emit()
    widget.predict.click()
    widget.run.setCurrentText("other_01")
    widget.checkpoint.setCurrentText("last")
    qtbot.waitUntil(lambda: not widget._search.busy)
    qtbot.waitUntil(lambda: not widget._work.busy, timeout=30_000)
    assert widget._scores[0].after[0]["dice"] == pytest.approx(0.4)
    assert widget.head.warning.isVisibleTo(widget)
    assert widget.head.caption.text() == "On MR, checkpoint best"
    assert "grl_01" in widget.head.caption.toolTip()


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [("refuse", "choose a larger one"), ("die", "out of luck")],
)
def test_a_failure_is_a_sentence(viewer, widget, qtbot, behaviour, words):
    add_target(viewer)
    widget.command[-1] = behaviour
    predict(widget, qtbot)
    assert words in widget.message.text()
    assert ours(viewer) == {}
    assert widget.predict.isEnabled()


def test_a_run_is_called_by_its_title(viewer, widget, qtbot, runs):
    runs["grl"].rename("My best")
    runs["source_only"].rename("Before")
    add_target(viewer)
    told = []
    widget.bar.valueChanged.connect(lambda _: told.append(widget.bar.text()))
    predict(widget, qtbot)
    assert "My best on MR" in " ".join(told)
    assert "Before on MR" in " ".join(told)
    widget.shown.swap()
    assert {"MR · My best", "MR · Before"} < set(ours(viewer))
    assert widget.head.caption.text() == "On MR, checkpoint best"
    assert "My best" in widget.head.caption.toolTip()
    assert not any("grl_01" in name for name in ours(viewer))


def test_cancel_ends_the_child_process(viewer, widget, qtbot):
    add_target(viewer)
    widget.command[-1] = "hang"
    widget.predict.click()
    qtbot.waitUntil(lambda: "on MR" in widget.bar.text(), timeout=20_000)
    assert widget.bar.text() == "grl_01 on MR  ·  0 %"
    assert widget.cancel.isEnabled()
    widget.cancel.click()
    assert "Cancelled" in widget.message.text()
    assert widget.predict.isEnabled()
    assert ours(viewer) == {}


def test_layers_with_other_axes_keep_them(viewer, widget, qtbot):
    image = viewer.add_image(volume().transpose(2, 1, 0), name="turned")
    choice = DomainChoice(layers=(LayerPair(image, axes="xyz"),))
    widget.session.choose("target", choice)
    widget.inputs.image.setLayer(image)
    predict(widget, qtbot)
    mask = ours(viewer)["turned · grl_01"]
    np.testing.assert_array_equal(mask.data > 0, image.data > 0)


def test_all_target_layers_at_once_are_tabled_one_by_one(viewer, widget, qtbot):
    image, labels = add_target(viewer)
    other = viewer.add_image(volume() // 2, name="MR 2", **PLACE)
    pairs = (LayerPair(image, labels), LayerPair(other, labels))
    widget.session.choose("target", DomainChoice(layers=pairs))
    widget.inputs.image.setCurrentIndex(0)
    assert "2 target layers" in widget.inputs.image.currentText()
    assert widget.inputs.truth.currentText() == "that of each"
    predict(widget, qtbot)
    assert {"MR · grl_01", "MR 2 · grl_01"} < set(ours(viewer))
    top = widget.scores.topLevelItem(0)
    assert top.text(0) == "nucleus"
    assert [top.child(i).text(0) for i in range(top.childCount())] == ["MR", "MR 2"]


def test_files_are_predicted_scored_and_written(viewer, widget, qtbot, runs, folder):
    said = {METADATA_KEY: {"role": "preview", "kind": "image", "key": "source"}}
    preview = viewer.add_image(np.eye(9), metadata=said, translate=(900, 900))
    widget.inputs.set_files([folder])
    assert widget.inputs.files.test_only.isVisibleTo(widget)
    predict(widget, qtbot)
    assert [one.name for one in viewer.layers if role_of(one) is None] == ["b"]
    assert not preview.visible
    assert max(viewer.scene.camera.center) < 100  # at the image, not at the preview
    written = list(runs["grl"].predictions.glob("*/*.tif"))
    assert [path.name for path in written] == ["b.tif"]
    assert str(written[0].parent) in widget.message.text()
    assert widget._scores[0].after[0]["dice"] == pytest.approx(0.4)
    widget.inputs.files.test_only.setChecked(False)
    predict(widget, qtbot)
    assert len(widget._results) == 2


def test_an_empty_folder_is_a_sentence(widget, tmp_path, folder):
    empty = tmp_path / "empty"
    empty.mkdir()
    widget.inputs.set_files([folder])
    widget.inputs.set_files([empty])
    assert not widget.predict.isEnabled()
    assert "holds no images" in widget.predict.toolTip()


def test_masks_are_saved_with_geometry_and_corrections(
    viewer, widget, qtbot, tmp_path, monkeypatch
):
    add_target(viewer)
    predict(widget, qtbot)
    ours(viewer)["MR · grl_01"].data[0, 0, 0] = 5
    file = tmp_path / "mask"
    kinds = "NIfTI (*.nii.gz)"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), kinds))
    widget.save.click()
    saved = read(tmp_path / "mask.nii.gz")
    assert saved.data[0, 0, 0] == 5
    assert saved.header.geometry.voxel_size == pytest.approx((4e-3, 2e-3, 2e-3))
    assert str(tmp_path) in widget.message.text()
    # The dialog asked whether to replace "mask", not what is written.
    answer = QMessageBox.StandardButton.No
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answer)
    before = (tmp_path / "mask.nii.gz").stat().st_mtime_ns
    widget.save.click()
    assert (tmp_path / "mask.nii.gz").stat().st_mtime_ns == before


def test_masks_are_not_replaced_unasked(widget, qtbot, tmp_path, folder, monkeypatch):
    widget.inputs.set_files([folder])
    widget.inputs.files.test_only.setChecked(False)
    predict(widget, qtbot)
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.tif").write_text("precious")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(out))
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    widget.save.click()
    assert (out / "a.tif").read_text() == "precious"
    assert not (out / "b.tif").exists()
    widget.save.click()
    assert read(out / "a.tif").data.max() == 5
    assert read(out / "b.tif").data.max() == 5


def test_scores_are_copied_and_saved(
    viewer, widget, qtbot, tmp_path, monkeypatch, runs
):
    runs["grl"].rename("My best")
    add_target(viewer)
    predict(widget, qtbot)
    widget.copy.click()
    assert QApplication.clipboard().text().splitlines()[1].startswith("nucleus\t1.00")
    file = tmp_path / "scores.csv"
    typed = str(tmp_path / "scores")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (typed, ""))
    widget.csv.click()
    assert str(file) in widget.message.text()
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["run"] for row in rows] == ["grl_01", "source_only_01"]
    assert [row["title"] for row in rows] == ["My best", "source_only_01"]
    assert [row["checkpoint"] for row in rows] == ["best", "best"]
    assert [row["step"] for row in rows] == ["20", "120"]
    assert [float(row["dice"]) for row in rows] == pytest.approx([0.4, 1])
