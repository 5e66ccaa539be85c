"""Masks of the baseline beside those of the run, and what is painted on either."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from predict_window import folder, ours, predict, runs, viewer, volume, widget

__all__ = ["folder", "runs", "viewer", "widget"]
AFTER, BEFORE = "b · grl_01", "b · source_only_01"
TRUTH = "b · truth"


@pytest.fixture
def predicted(widget, qtbot, folder):
    """Predict one file, b, with truth."""
    widget.show()
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    return widget


def seen(viewer):
    return {layer.name for layer in viewer.layers if layer.visible}


def click(widget, column, qtbot):
    table = widget.scores
    y = table.visualItemRect(table.topLevelItem(0)).center().y()
    spot = QPoint(table.columnViewportPosition(column) + 5, y)
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)


def test_buttons_show_the_masks_of_the_baseline_and_of_the_run(viewer, predicted):
    assert seen(viewer) == {"b", AFTER, TRUTH}
    assert BEFORE not in viewer.layers
    row = predicted.shown
    assert (row.side, row.whose.text()) == ("after", "of grl_01, best")
    row.button("before").click()
    assert seen(viewer) == {"b", BEFORE, TRUTH}
    assert row.whose.text() == "of source_only_01, best"
    data = viewer.layers[BEFORE].data
    np.testing.assert_array_equal(data, np.where(volume()[0] > 100, 5, 0))
    # The contour of the truth is not below the masks that came later.
    assert viewer.layers.index(TRUTH) > viewer.layers.index(BEFORE)
    assert viewer.layers.selection.active.name == BEFORE
    row.button("after").click()
    assert seen(viewer) == {"b", AFTER, TRUTH}
    assert viewer.layers.selection.active.name == AFTER


def test_the_key_swaps_them_in_every_view(viewer, predicted):
    key = next(key for key in viewer.keymap if str(key) == "Shift+C")
    predicted.shown.next_view()
    viewer.keymap[key](viewer)
    assert (predicted.shown.side, viewer.layers[BEFORE].contour) == ("before", 2)
    predicted.shown.next_view()
    assert seen(viewer) == {"b", "baseline difference · b"}
    assert set(np.unique(viewer.layers["baseline difference · b"].data)) == {
        0, 1,
    }  # fmt: skip
    viewer.keymap[key](viewer)
    assert seen(viewer) == {"b", "difference · b"}
    assert "Shift+C" in predicted.shown.button("before").toolTip()


def test_a_column_of_the_table_shows_its_masks(viewer, predicted, qtbot):
    click(predicted, 1, qtbot)
    assert seen(viewer) == {"b", BEFORE, TRUTH}
    assert predicted.shown.button("before").isChecked()
    click(predicted, 2, qtbot)
    assert seen(viewer) == {"b", AFTER, TRUTH}


def test_what_was_painted_stays_while_the_other_is_looked_at(viewer, predicted):
    viewer.layers[AFTER].paint((0, 0), 5)
    predicted.shown.swap()
    viewer.layers[BEFORE].paint((19, 19), 5)
    predicted.shown.swap()
    assert viewer.layers[AFTER].data[0, 0] == 5
    assert viewer.layers[BEFORE].data[19, 19] == 5
    assert viewer.layers[AFTER].data[19, 19] == 0


def test_without_a_baseline_there_is_nothing_to_swap(viewer, widget, qtbot, folder):
    widget.show()
    widget.baseline.setCurrentIndex(0)
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    assert not widget.shown.sides.isVisible()
    assert not widget.head.measure.isVisible()
    widget.shown.swap()
    assert seen(viewer) == {"b", AFTER, TRUTH}


def test_another_run_uses_the_layers_of_the_one_before(viewer, predicted, qtbot, runs):
    predicted.shown.swap()
    predicted.shown.swap()
    there = list(viewer.layers)
    predicted.run.setCurrentText("source_only_01")
    qtbot.waitUntil(lambda: not predicted._search.busy)
    predict(predicted, qtbot)
    assert predicted.baseline.currentText() == "with nothing"
    assert seen(viewer) == {"b", BEFORE, TRUTH}
    assert set(viewer.layers) < set(there)
    assert set(ours(viewer)) == {BEFORE, TRUTH, "difference · b"}
    predicted.run.setCurrentText("grl_01")
    qtbot.waitUntil(lambda: predicted.baseline.count() == 2)
    predict(predicted, qtbot)
    assert seen(viewer) == {"b", AFTER, TRUTH}
    predicted.shown.swap()
    assert set(ours(viewer)) == {AFTER, BEFORE, TRUTH, "difference · b"}


def test_masks_of_run_and_baseline_change_places(viewer, predicted, qtbot, runs):
    predicted.shown.swap()
    there = set(viewer.layers)
    predicted.run.setCurrentText("source_only_01")
    qtbot.waitUntil(lambda: predicted.baseline.count() == 2)
    predicted.baseline.setCurrentText("with grl_01")
    predict(predicted, qtbot)
    assert set(viewer.layers) == there
    assert seen(viewer) == {"b", BEFORE, TRUTH}
    assert not viewer.layers[AFTER].visible
    predicted.shown.swap()
    assert seen(viewer) == {"b", AFTER, TRUTH}
    assert (viewer.layers[AFTER].data == np.where(volume()[0] > 0, 5, 0)).all()
    assert set(viewer.layers) == there


def test_the_masks_of_an_image_out_of_sight_are_made_when_it_is_shown(
    viewer, widget, qtbot, folder
):
    widget.inputs.set_files([folder])
    widget.inputs.files.test_only.setChecked(False)
    predict(widget, qtbot)
    widget.shown.swap()
    assert "a · source_only_01" in viewer.layers
    assert BEFORE not in viewer.layers
    widget.scores.imageChosen.emit("b")
    assert seen(viewer) == {"b", BEFORE, TRUTH}


def test_a_mask_that_was_painted_on_is_kept_until_it_is_saved(
    viewer, predicted, qtbot, tmp_path, monkeypatch
):
    mask = viewer.layers[AFTER]
    mask.paint((0, 0), 5)
    predict(predicted, qtbot)
    assert mask in viewer.layers
    assert mask.data[0, 0] == 5
    assert (
        f"What you painted before stays in {AFTER} (earlier)."
        in predicted.message.text()
    )
    again = predicted._layers.get(0).labels[0]
    assert again is not mask
    assert not mask.visible
    assert viewer.layers.index(TRUTH) > viewer.layers.index(again)
    again.paint((0, 0), 5)
    monkeypatch.setattr("napari_uda.ui.saving._ask", lambda *_: [tmp_path / "mask.tif"])
    predicted.save.click()
    predict(predicted, qtbot)
    assert again not in viewer.layers  # its strokes could be undone in another mask
    assert predicted._layers.get(0).labels[0].data[0, 0] == 0
    assert (mask.name, mask.data[0, 0]) == (f"{AFTER} (earlier)", 5)


def test_a_mask_that_another_plugin_has_changed_is_kept(viewer, predicted, qtbot):
    mask = viewer.layers[AFTER]
    mask.data = np.full_like(mask.data, 5)
    predict(predicted, qtbot)
    assert mask.data.min() == 5
    assert predicted._layers.get(0).labels[0] is not mask


def test_what_the_user_has_selected_stays_so(viewer, predicted):
    mine = viewer.add_image(np.eye(9), name="mine")
    predicted.shown.swap()
    predicted.shown.next_view()
    assert viewer.layers.selection.active is mine


def test_a_dock_opened_again_finds_the_layers(viewer, predicted, qtbot, folder, widget):
    there = set(viewer.layers)
    other = type(widget)(viewer)
    other.command = widget.command
    qtbot.addWidget(other)
    other.run.setCurrentText("grl_01")
    qtbot.waitUntil(lambda: other.baseline.count() == 2)
    other.inputs.set_files([folder])
    predict(other, qtbot)
    assert set(viewer.layers) == there


def test_scores_of_another_run_are_called_so(predicted, qtbot):
    head = predicted.head
    assert head.caption.text() == "On b, checkpoint best"
    assert not head.warning.isVisible()
    item = predicted.scores.topLevelItem(0)
    black = item.foreground(1).color()
    predicted.run.setCurrentText("source_only_01")
    qtbot.waitUntil(lambda: not predicted._search.busy)
    assert head.warning.isVisible()
    assert head.caption.text() == "On b, checkpoint best"
    assert item.foreground(1).color() != black
    predicted.run.setCurrentText("grl_01")
    qtbot.waitUntil(lambda: not predicted._search.busy)
    assert not head.warning.isVisible()
    predicted.checkpoint.setCurrentText("last")
    assert head.warning.isVisible()
