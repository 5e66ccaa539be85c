"""The Check tab in the viewer: modes, keys, and going from slice to slice."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPointF, Qt

from check_window import (
    PLACE,
    WIDTH,
    compare,
    ours,
    press,
    runs,
    seen,
    shown,
    slice_now,
    state,
    viewer,
    widget,
)
from napari_uda.core.metrics.structure import structure_scores
from napari_uda.core.metrics.trust import worst_first

__all__ = ["runs", "viewer", "widget"]  # fixtures


def test_every_mode_by_key_leaves_the_users_layers_alone(viewer, widget, qtbot):
    widget.show()
    original, fake = compare(widget, qtbot)
    users = {layer: state(layer) for layer in (original, fake)}
    pair, panel = widget.panel.review.pairs[0], widget.panel
    panel.go_to(panel.review.items[0])
    black, white = (seen(ours(viewer)[name]) for name in ("original", "translated"))
    np.testing.assert_array_equal(black, original.data[0])
    np.testing.assert_array_equal(white, fake.data[0])
    assert shown(viewer) == {"original", "translated"}
    left, right = ours(viewer)["original"].extent, ours(viewer)["translated"].extent
    assert left.world[1, 2] < right.world[0, 2] < left.world[1, 2] + 0.1 * WIDTH * 2
    np.testing.assert_allclose(left.world[:, 1], right.world[:, 1])

    press(viewer, "V")
    assert panel.mode_button("blend").isChecked()
    translated = ours(viewer)["translated"]
    np.testing.assert_allclose(translated.translate, PLACE["translate"])
    panel.slider.setValue(30)
    assert translated.opacity == pytest.approx(0.3)
    assert panel.amount.text() == "30 %"

    press(viewer, "V")
    assert shown(viewer) == {"checkerboard"}
    checker = ours(viewer)["checkerboard"]
    panel.slider.setValue(8)
    one, other = pair.scaled(0)
    squares = seen(checker)
    np.testing.assert_allclose(squares[:8, :8], one[:8, :8], atol=1e-6)
    np.testing.assert_allclose(squares[:8, 8:16], other[:8, 8:16], atol=1e-6)
    np.testing.assert_allclose(squares[8:16, 8:16], one[8:16, 8:16], atol=1e-6)
    assert tuple(checker.translate) == PLACE["translate"]

    press(viewer, "V")
    assert shown(viewer) == {"difference"}
    difference = seen(ours(viewer)["difference"])
    where = np.unravel_index(original.data[0].argmax(), difference.shape)
    assert difference[where] < -0.4
    where = np.unravel_index(original.data[0].argmin(), difference.shape)
    assert difference[where] > 0.4

    press(viewer, "V")
    assert shown(viewer) == {"original", "changes"}
    changes = ours(viewer)["changes"]
    assert (changes.colormap.name, changes.blending) == ("magma", "additive")
    panel.go_to(panel.review.items[1])
    here = seen(changes)
    assert here[:18].max() > 100 > here[30:].max()
    names = [layer.name for layer in viewer.layers]
    assert names.index("check: changes") > names.index("check: original")
    assert ours(viewer)["original"].contrast_limits[1] > original.contrast_limits[1]

    press(viewer, "V")
    assert shown(viewer) == {"original", "translated"}
    assert ours(viewer)["original"].contrast_limits == list(pair.limits[0])
    panel.mode_button("off").click()
    assert shown(viewer) == set()
    assert len(ours(viewer)) == 5
    assert {layer: state(layer) for layer in (original, fake)} == users
    assert viewer.layers.selection.active is fake

    viewer.layers.remove("check: original")
    panel.set_mode("blend")
    names = [layer.name for layer in viewer.layers]
    assert names.index("check: translated") > names.index("check: original")


def test_the_key_is_taken_only_while_there_is_something_to_compare(
    viewer, widget, qtbot
):
    def taken():
        return any(str(key) == "V" for key in viewer.keymap)

    widget.show()
    assert not taken()
    compare(widget, qtbot)
    assert taken()
    widget.hide()
    assert not taken()
    widget.show()
    assert taken()


def test_squares_and_differences_need_2d(viewer, widget, qtbot):
    compare(widget, qtbot)
    widget.panel.set_mode("checker")
    viewer.dims.ndisplay = 3
    assert shown(viewer) == set()
    assert "2D only" in widget.message.text()
    viewer.dims.ndisplay = 2
    assert shown(viewer) == {"checkerboard"}


def test_next_and_previous_go_by_rank(viewer, widget, qtbot):
    original, fake = compare(widget, qtbot)
    panel = widget.panel
    order = worst_first(structure_scores(original.data, fake.data))
    assert panel.current.slice == order[0] == 2
    assert not panel.previous.isEnabled()
    assert "No slice is worse" in panel.previous.toolTip()
    visited = [slice_now(viewer)]
    while panel.next.isEnabled():
        assert "Alt+Right" in panel.next.toolTip()
        panel.next.click()
        visited.append(slice_now(viewer))
    assert visited == list(order)
    assert panel.rank.text() == "· the best"
    assert "most scores disagree" in panel.rank.toolTip()
    panel.previous.click()
    assert (slice_now(viewer), panel.rank.text()) == (order[-2], "· 4th worst")
    viewer.dims.set_point(0, PLACE["translate"][0] + 2 * PLACE["scale"][0])
    assert panel.rank.text() == "· the worst"
    assert panel.item.text() == "MR, slice 3 of 5"


def test_keys_of_the_window_step_and_judge(viewer, widget, qtbot):
    widget.show()
    compare(widget, qtbot)
    panel = widget.panel
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    alt = Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(widget, Qt.Key.Key_Right, alt)
    assert panel.rank.text() == "· 2nd worst"
    qtbot.keyClick(widget, Qt.Key.Key_R, alt)
    assert panel.review.verdict(panel.current).decision == "rejected"
    qtbot.keyClick(widget, Qt.Key.Key_Left, alt)
    assert panel.rank.text() == "· the worst"


def test_a_click_on_the_curves_goes_there(viewer, widget, qtbot):
    widget.resize(400, 900)
    widget.show()
    compare(widget, qtbot)
    canvas = widget.panel.plot._canvas
    qtbot.waitUntil(lambda: canvas.view.width() > 50)
    spot = canvas.view.mapViewToScene(QPointF(4.2, 0.5))
    qtbot.mouseClick(
        canvas.viewport(), Qt.MouseButton.LeftButton, pos=canvas.mapFromScene(spot)
    )
    assert widget.panel.item.text() == "MR, slice 4 of 5"
    assert slice_now(viewer) == 3
    assert "structure" in widget.panel.plot.legend.text()


def test_no_caption_is_left_under_the_pictures_of_other_tabs(viewer, widget, qtbot):
    widget.show()
    compare(widget, qtbot)
    captions = viewer.layers["check: captions"]
    assert captions.visible
    widget.hide()
    assert not captions.visible
    widget.panel.set_mode("changes")
    assert not captions.visible
    widget.show()
    assert captions.visible
    widget.hide()
    for layer in ours(viewer).values():
        viewer.layers.remove(layer)
    widget.show()
    assert not captions.visible


def test_the_difference_is_as_strong_as_the_user_wants(viewer, widget, qtbot):
    compare(widget, qtbot)
    panel = widget.panel
    panel.mode_button("difference").click()
    layer = ours(viewer)["difference"]
    assert tuple(layer.contrast_limits) == (-0.25, 0.25)
    assert "darker" in panel.caption.text()
    panel.slider.setValue(10)
    assert tuple(layer.contrast_limits) == (-0.1, 0.1)
    assert panel.amount.text() == "10 %"
    panel.mode_button("blend").click()
    assert panel.caption.text() == "Original to translation"
    panel.mode_button("difference").click()
    assert panel.slider.value() == 10


def test_no_button_moves_from_item_to_item(viewer, widget, qtbot):
    widget.resize(350, 900)
    widget.show()
    places = []

    def look():
        qtbot.wait(20)
        panel = widget.panel
        buttons = (
            panel.next,
            panel.verdict.reject,
            panel.saving.report,
            widget.translate,
        )
        places.append([one.mapTo(widget, one.rect().topLeft()) for one in buttons])

    compare(widget, qtbot)
    look()
    for _ in range(4):
        widget.panel.next.click()
        look()
    widget.panel.verdict.reject.click()
    look()
    widget.panel.said.emit("A sentence so long that it takes two lines. " * 3)
    look()
    for mode in ("blend", "checker", "difference", "changes", "side"):
        widget.panel.mode_button(mode).click()
        look()
    assert all(place == places[0] for place in places)
