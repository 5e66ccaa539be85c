"""Tabs as docks of their own, side by side, share the viewer."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.compat import isalive
from qtpy.QtCore import QCoreApplication, QEvent, Qt

from check_window import HEIGHT, WIDTH, add_image, press, runs, viewer, volume
from napari_uda.ui import previews as module
from napari_uda.ui.check_widget import CheckWidget
from napari_uda.ui.predict_widget import PredictWidget
from napari_uda.ui.review_panel import AGAIN
from napari_uda.ui.train_widget import TrainWidget
from preview_files import run, show, shown_at, write
from stage_window import CHECKED, PREDICTED, checked, folder, predicted, seen
from train_window import settle

__all__ = ["folder", "run", "runs", "viewer"]  # fixtures


def dock(viewer, qtbot, kind):
    widget = kind(viewer)
    viewer.window.add_dock_widget(widget, area="right")
    return widget


def close(viewer, widget):
    """Close the dock of a widget as its cross does."""
    viewer.window.remove_dock_widget(widget)
    widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def predict(viewer, qtbot, runs, folder):
    """A Predict dock that has predicted, in a window that can be seen."""
    viewer.window.show()
    widget = dock(viewer, qtbot, PredictWidget)
    predicted(widget, qtbot, folder)
    return widget


@pytest.fixture
def check(viewer, qtbot, predict, folder):
    """A Check dock beside it, which has the stage."""
    widget = dock(viewer, qtbot, CheckWidget)
    checked(widget, qtbot, folder)
    return widget


@pytest.fixture
def train(viewer, qtbot, predict, monkeypatch, run):
    """A Train dock beside it, which has shown a preview."""
    monkeypatch.setattr(module, "FASTEST", 0)
    widget = dock(viewer, qtbot, TrainWidget)
    settle(qtbot, widget)
    widget.session.stage.expect("train")
    widget.previews.open(run, ())
    show(widget.previews, qtbot, run, 10)
    yield widget
    if isalive(widget):
        settle(qtbot, widget)


ROW = {
    "source · preview", "target · preview", "target predicted · step 10",
    "preview captions",
}  # fmt: skip


def camera(viewer):
    one = viewer.scene.camera
    return one.zoom, *one.center


def verdicts(check):
    panel = check.panel
    return [panel.review.verdict(item) for item in panel.review.items]


@pytest.mark.parametrize("key", [Qt.Key.Key_R, Qt.Key.Key_A])
def test_a_verdict_by_key_is_of_what_is_seen(viewer, predict, check, qtbot, key):
    before = verdicts(check)
    predict.shown.button("contour").click()
    assert seen(viewer) == PREDICTED
    window = viewer.window._qt_window
    window.activateWindow()
    qtbot.waitUntil(lambda: window.isActiveWindow(), timeout=5_000)
    qtbot.keyClick(predict, key, Qt.KeyboardModifier.AltModifier)
    assert seen(viewer) == CHECKED
    assert verdicts(check) == before
    assert check.message.text() == AGAIN
    qtbot.keyClick(predict, key, Qt.KeyboardModifier.AltModifier)
    word = "rejected" if key == Qt.Key.Key_R else "accepted"
    item = check.panel.current
    assert check.panel.review.verdict(item).decision == word


def test_a_verdict_by_click_is_of_what_is_seen(viewer, predict, check, qtbot):
    panel, row = check.panel, check.panel.verdict
    row.accept.click()
    before = verdicts(check)
    press(viewer, "C")
    for button in (row.reject, row.accept):
        press(viewer, "C")
        button.click()
        assert seen(viewer) == CHECKED
        assert verdicts(check) == before
        assert (row.accept.isChecked(), row.reject.isChecked()) == (True, False)
    row.accept.click()
    assert panel.review.verdict(panel.current).decision == ""


def test_a_note_is_of_what_is_seen(viewer, predict, check, qtbot):
    panel, note = check.panel, check.panel.verdict.note
    qtbot.keyClicks(note, "od")
    press(viewer, "C")
    qtbot.keyClicks(note, "x")
    assert seen(viewer) == CHECKED
    assert note.text() == panel.review.verdict(panel.current).note == "od"
    qtbot.keyClicks(note, "d")
    assert panel.review.verdict(panel.current).note == "odd"


def test_deleted_pictures_are_made_again_before_they_are_judged(viewer, check):
    before = verdicts(check)
    viewer.layers.clear()
    check.panel.verdict.reject.click()
    assert seen(viewer) == CHECKED
    assert verdicts(check) == before


def test_the_panel_tells_that_others_are_shown(viewer, predict, check):
    panel = check.panel
    panel.mode_button("blend").click()
    assert panel.options.currentWidget() is panel.slider_row
    predict.shown.button("contour").click()
    assert not any(button.isChecked() for button in panel.modes.buttons())
    assert panel.options.currentWidget() is panel.hint
    assert panel.hint.text() == "The viewer shows Predict: choose a view."
    panel.next.click()
    assert panel.mode_button("blend").isChecked()
    assert panel.options.currentWidget() is panel.slider_row
    panel.mode_button("side").click()
    assert panel.hint.text() == "V: the next way to compare"


def test_what_is_measured_meanwhile_takes_no_stage(viewer, predict, check, qtbot):
    check.translate.click()
    qtbot.waitUntil(lambda: check.panel.busy, timeout=30_000)
    predict.shown.button("contour").click()
    qtbot.waitUntil(lambda: not check.panel.busy, timeout=30_000)
    assert seen(viewer) == PREDICTED
    review = check.panel.review
    assert check.panel.current == review.items[review.order[0]]


def test_scores_that_come_meanwhile_take_no_stage(viewer, predict, check, qtbot):
    predict.predict.click()
    qtbot.waitUntil(lambda: len(predict._layers) == 1, timeout=30_000)
    check.panel.mode_button("side").click()
    selected = set(viewer.layers.selection)
    qtbot.waitUntil(lambda: not predict._work.busy, timeout=30_000)
    assert seen(viewer) == CHECKED
    assert set(viewer.layers.selection) == selected
    predict.shown.button("fill").click()
    assert seen(viewer) == PREDICTED


def test_live_previews_leave_a_prediction_alone(viewer, predict, train, qtbot, run):
    assert seen(viewer) == ROW
    predict.shown.button("contour").click()
    assert seen(viewer) == PREDICTED
    viewer.scene.camera.zoom = 2.5
    before = camera(viewer)
    more = np.zeros((2, 8, 8), np.float16)
    train.previews.add([write(run, 20, to_target=more, cycle=more)])
    qtbot.wait(400)
    assert (seen(viewer), camera(viewer)) == (PREDICTED, before)
    train.previews.show_button.click()
    qtbot.waitUntil(lambda: shown_at(train.previews, 20), timeout=10_000)
    assert PREDICTED.isdisjoint(seen(viewer))
    assert len(seen(viewer)) == len(ROW) + 2


def test_a_step_that_is_asked_for_is_shown_where_the_camera_was(
    viewer, predict, train, qtbot, run
):
    show(train.previews, qtbot, run, 20)
    viewer.scene.camera.zoom = 3.5
    before = camera(viewer)
    predict.shown.button("contour").click()
    viewer.scene.camera.zoom = 7.25
    train.previews.slider.setValue(0)
    qtbot.waitUntil(lambda: shown_at(train.previews, 10), timeout=10_000)
    assert PREDICTED.isdisjoint(seen(viewer))
    assert camera(viewer) == pytest.approx(before)
    predict.shown.button("fill").click()
    assert viewer.scene.camera.zoom == pytest.approx(7.25)


def test_pictures_of_a_dock_that_was_closed_go(viewer, predict, train, qtbot, run):
    predict.shown.button("contour").click()
    close(viewer, predict)
    assert seen(viewer) == PREDICTED
    show(train.previews, qtbot, run, 20)
    assert PREDICTED.isdisjoint(seen(viewer))
    assert len(seen(viewer)) == len(ROW)


def test_previews_of_a_dock_that_was_closed_go(viewer, predict, train, qtbot):
    settle(qtbot, train)
    close(viewer, train)
    assert seen(viewer) == set()
    predict.shown.button("contour").click()
    assert seen(viewer) == PREDICTED


def test_another_prediction_hides_one_of_a_dock_that_was_closed(
    viewer, predict, qtbot, folder
):
    close(viewer, predict)
    again = dock(viewer, qtbot, PredictWidget)
    mine = add_image(viewer, "target", "mine", volume((HEIGHT, WIDTH)))
    again.inputs.image.setLayer(mine)
    predicted(again, qtbot, folder / "images" / "b.tif")
    assert seen(viewer) == {"b", "b · cyclegan_01", "b · truth", "mine"}


def test_a_view_brings_deleted_layers_back(viewer, predict):
    viewer.layers.clear()
    predict.shown.button("contour").click()
    assert seen(viewer) == PREDICTED
    predict.scores.imageChosen.emit("b")
    viewer.layers.clear()
    predict.shown.button("fill").click()
    assert seen(viewer) == {"b", "b · cyclegan_01", "b · truth"}
