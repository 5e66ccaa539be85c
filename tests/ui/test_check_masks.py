"""Whether masks are kept, how many scores agree, and the keys of the Check tab."""

from __future__ import annotations

import csv
import json
import sys

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from check_window import FAKE, add_image, measured, runs, viewer, volume, widget
from napari_uda.core.spec.domain import Structure
from napari_uda.ui.check_saving import write_page, write_verdicts
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.dock import AdaptationDock

__all__ = ["runs", "viewer", "widget"]  # fixtures


def asked(runs):
    """Return the words that the child was last started with."""
    lines = (runs["cyclegan"].path / "asked.jsonl").read_text().splitlines()
    return json.loads(lines[-1])


def translate(widget, qtbot):
    widget.translate.click()
    measured(widget, qtbot)
    return widget.panel


def test_masks_of_a_target_image_are_compared_with_each_other(
    viewer, widget, qtbot, runs, tmp_path
):
    add_image(viewer)
    panel = translate(widget, qtbot)
    review = panel.review
    assert "--masks" in asked(runs)
    np.testing.assert_array_equal(review.scores["mask"], [1, 1, 0, 1, 1])
    assert panel.current.slice == 2
    assert "mask&nbsp;agreement&nbsp;0.00" in panel.plot.legend.text()
    changed, whole, here = panel.trust.text().split("<br>")
    assert "Changed by " in changed
    assert "Anatomy kept: 0 of 4 scores agree, but not correlation" in whole
    assert "This slice: 1 of 4, but not structure, edges and mask; changed by" in here
    panel.go_to(review.items[4])
    assert "This slice: 3 of 4, but not correlation; changed by " in panel.trust.text()

    write_verdicts(review, tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["mask_agreement"] for row in rows] == ["1", "1", "0", "1", "1"]
    assert {row["mask_dice"] for row in rows} == {""}
    assert rows[4]["anatomy_kept"] == "3 of 4 scores agree, but not correlation"
    *_, said = write_page(review, panel.saving.about, tmp_path / "page.html")
    assert "saved" in said
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Anatomy kept: " in page
    assert "no truth is involved" in page
    assert "mask Dice" not in page
    assert page.count("3 of 4 scores agree, but not correlation") >= 2
    assert "Masks found by" in page


def test_labels_of_a_source_image_are_the_truth_of_its_translation(
    viewer, widget, qtbot
):
    image = add_image(viewer, "source", "CT")
    labels = (volume() > 100).astype(np.uint8)
    labels[0] = 0
    layer = viewer.add_labels(labels, name="nuclei")
    classes = widget.session.runs()[0].experiment().data.source.classes
    choice = DomainChoice(layers=(LayerPair(image, layer),), classes=classes)
    widget.session.choose("source", choice)
    widget.inputs.image.setLayer(image)
    widget.inputs.judge.setCurrentText("grl_01")
    panel = translate(widget, qtbot)
    assert panel.saving.about["Masks found by"] == "grl_01"
    assert panel.review.title("mask") == "mask Dice"
    np.testing.assert_array_equal(panel.review.scores["mask"], [0, 1, 0, 1, 1])
    assert "mask&nbsp;Dice" in panel.plot.legend.text()


def test_labels_of_a_target_layer_are_never_looked_at(viewer, widget, qtbot):
    image = add_image(viewer)
    poison = viewer.add_labels(np.ones((2, 3, 4), np.uint8))
    choice = DomainChoice(layers=(LayerPair(image, poison),))
    widget.session.choose("target", choice)
    panel = translate(widget, qtbot)
    assert panel.review.title("mask") == "mask agreement"


def test_the_judge_is_another_run_or_nobody(viewer, widget, qtbot, runs):
    add_image(viewer)
    judge = widget.inputs.judge
    offered = [judge.itemText(i) for i in range(judge.count())]
    assert offered[0] == "the same run"
    assert sorted(offered[1:-1]) == ["accseg_01", "grl_01"]
    judge.setCurrentText("grl_01")
    panel = translate(widget, qtbot)
    words = asked(runs)
    assert words[words.index("--judge") + 1] == str(runs["grl"].path)
    assert panel.review.pairs[0].masks is None
    assert "There is no mask of the original." in panel.findings.text()
    judge.setCurrentIndex(judge.count() - 1)
    panel = translate(widget, qtbot)
    assert "--masks" not in asked(runs)
    assert "mask" not in panel.plot.legend.text()
    assert "of 3 scores agree" in panel.trust.text()
    widget.inputs.run.setCurrentText("accseg_01")
    assert judge.currentIndex() == judge.count() - 1


def test_runs_of_other_structures_are_no_judges(widget, qtbot, runs):
    experiment = runs["grl"].experiment()
    other = {1: Structure(name="cell", color="#00ff00")}
    domain = experiment.data.source.model_copy(update={"classes": other})
    data = experiment.data.model_copy(update={"source": domain, "target": domain})
    file = runs["grl"].path / "experiment.yaml"
    experiment.model_copy(update={"data": data}).save(file)
    widget.session.runs_changed.emit()
    judge = widget.inputs.judge
    qtbot.waitUntil(lambda: judge.count() == 3)
    assert judge.itemText(1) == "accseg_01"


def shown_captions(viewer):
    layer = viewer.layers["check: captions"]
    words = [str(text) for text in layer.text.values]
    return list(dict.fromkeys(filter(None, words))) if layer.visible else []


def test_captions_say_what_is_shown(viewer, widget, qtbot):
    add_image(viewer)
    panel = translate(widget, qtbot)
    viewer.scene.camera.zoom = 20
    side = ["original", "translated to the look of the source"]
    assert shown_captions(viewer) == side
    panel.set_mode("difference")
    assert shown_captions(viewer) == ["translation minus original"]
    viewer.dims.ndisplay = 3
    assert shown_captions(viewer) == []
    viewer.dims.ndisplay = 2
    panel.set_mode("off")
    assert shown_captions(viewer) == []
    panel.set_mode("side")
    assert shown_captions(viewer) == side
    layer = viewer.layers["check: captions"]
    np.testing.assert_allclose(layer.scale, viewer.layers["MR"].scale)


@pytest.fixture
def window(qtbot, make_napari_viewer, runs):
    """Show the whole dock in a real window, with a translation in Check."""
    viewer = make_napari_viewer(show=True)
    dock = AdaptationDock(viewer)
    viewer.window.add_dock_widget(dock)
    check = dock.check
    check.command = [sys.executable, str(FAKE), "invert"]
    dock.tabs.setCurrentWidget(check)
    qtbot.waitUntil(lambda: check.inputs.run.count() == 2)
    check.inputs.run.setCurrentText("cyclegan_01")
    add_image(viewer)
    translate(check, qtbot)
    main = viewer.window._qt_window
    main.activateWindow()
    qtbot.waitUntil(main.isActiveWindow)
    return viewer, check


ALT = Qt.KeyboardModifier.AltModifier


def test_every_key_works_in_the_window_and_none_while_a_note_is_typed(window, qtbot):
    viewer, check = window
    panel = check.panel
    canvas = viewer.window._qt_viewer.canvas.native
    for focus in (canvas, panel.plot, check.translate):
        focus.setFocus()
        here = QApplication.focusWidget() or viewer.window._qt_window
        start = panel.current
        qtbot.keyClick(here, Qt.Key.Key_Right, ALT)
        assert panel.current != start
        qtbot.keyClick(here, Qt.Key.Key_A, ALT)
        assert panel.review.verdict(panel.current).decision == "accepted"
        qtbot.keyClick(here, Qt.Key.Key_R, ALT)
        assert panel.review.verdict(panel.current).decision == "rejected"
        qtbot.keyClick(here, Qt.Key.Key_R, ALT)
        assert panel.review.verdict(panel.current).decision == ""
        qtbot.keyClick(here, Qt.Key.Key_Left, ALT)
        assert panel.current == start
        mode = panel.comparison.mode
        qtbot.keyClick(here, Qt.Key.Key_V)
        assert panel.comparison.mode != mode

    note, mode, item = panel.verdict.note, panel.comparison.mode, panel.current
    note.setFocus()
    qtbot.waitUntil(note.hasFocus)
    qtbot.keyClicks(note, "very vague, CAR")
    qtbot.keyClick(note, Qt.Key.Key_Left)
    qtbot.keyClick(note, Qt.Key.Key_Right)
    assert note.text() == "very vague, CAR"
    assert (panel.comparison.mode, panel.current) == (mode, item)
    assert panel.review.verdict(item).decision == ""


def test_the_tooltips_name_these_keys(window):
    _, check = window
    panel = check.panel
    for button, keys in (
        (panel.next, "Alt+Right"),
        (panel.verdict.accept, "Alt+A"),
        (panel.verdict.reject, "Alt+R"),
        (panel.mode_button("side"), "key V"),
        (check.translate, "Ctrl+Return"),
        (panel.saving.report, "Ctrl+Shift+R"),
    ):
        assert keys in button.toolTip()
