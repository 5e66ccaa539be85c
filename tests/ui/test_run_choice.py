"""The boxes of runs in Predict and Check follow the titles given in the list."""

from __future__ import annotations

from check_window import runs, viewer, widget
from napari_uda.ui.predict_widget import PredictWidget

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
