"""The boxes of runs in Predict and Check follow the titles given in the list."""

from __future__ import annotations

from check_window import runs, viewer, widget
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui.predict_widget import PredictWidget
from napari_uda.ui.run_choice import RunCombo

__all__ = ["runs", "viewer", "widget"]


def test_a_renamed_run_has_its_new_title_in_the_boxes(widget, runs, viewer, qtbot):
    predict = PredictWidget(viewer)
    qtbot.addWidget(predict)
    predict.run.setCurrentText("cyclegan_01")
    boxes = (widget.inputs.run, predict.run)
    runs["cyclegan"].rename("the sharp one")
    widget.session.runs_changed.emit()
    for box in boxes:
        qtbot.waitUntil(lambda box=box: box.currentText() == "the sharp one")
        assert box.run().path == runs["cyclegan"].path
    runs["cyclegan"].rename("")
    widget.session.runs_changed.emit()
    for box in boxes:
        qtbot.waitUntil(lambda box=box: box.currentText() == "cyclegan_01")


def test_a_run_chosen_here_stays_until_another_one_is_selected(qtbot, tmp_path):
    box = RunCombo()
    qtbot.addWidget(box)
    one, two, three = runs = [RunFolder(tmp_path / name) for name in "abc"]
    box.setRuns(runs, two)
    assert box.run() is two
    box.setCurrentIndex(0)
    box.setRuns(runs, two)
    assert box.run() is one
    box.setRuns(runs, three)
    assert box.run() is three
    box.setRuns([one], three)
    box.setRuns([one, two], two)
    assert box.run() is two
