"""The viewer shows the pictures of the tab in front, and no mixture."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from qtpy.QtWidgets import QTabWidget, QWidget

from check_window import (
    HEIGHT,
    WIDTH,
    add_image,
    measured,
    press,
    runs,
    viewer,
    volume,
)
from napari_uda.ui.check_widget import CheckWidget
from napari_uda.ui.predict_widget import PredictWidget
from napari_uda.ui.session import METADATA_KEY
from stage_window import CHECKED, PREDICTED, checked, folder, predicted, seen

__all__ = ["folder", "runs", "viewer"]  # fixtures


@pytest.fixture
def tabs(viewer, qtbot, runs, folder):
    """Both tabs and an empty one, with two images predicted, then checked."""
    predict, check = PredictWidget(viewer), CheckWidget(viewer)
    tabs = QTabWidget()
    for widget in (predict, check, QWidget()):
        tabs.addTab(widget, "tab")
    qtbot.addWidget(tabs)
    tabs.predict, tabs.check = predict, check
    tabs.show()
    predicted(predict, qtbot, folder)
    tabs.setCurrentIndex(1)
    checked(check, qtbot, folder)
    return tabs


def test_each_tab_shows_its_own_pictures(viewer, tabs):
    assert seen(viewer) == CHECKED
    tabs.setCurrentIndex(0)
    assert seen(viewer) == PREDICTED
    tabs.setCurrentIndex(1)
    assert seen(viewer) == CHECKED
    tabs.check.panel.mode_button("difference").click()
    tabs.setCurrentIndex(0)
    tabs.predict.shown.next_view()
    tabs.predict.shown.next_view()
    assert seen(viewer) == {"a", "difference · a"}
    tabs.setCurrentIndex(1)
    assert seen(viewer) == {"check: difference", "check: captions"}
    tabs.setCurrentIndex(0)
    assert seen(viewer) == {"a", "difference · a"}


def test_keys_of_predict_do_nothing_to_the_pictures_of_check(viewer, tabs):
    for name in ("C", "Shift+C"):
        press(viewer, name)
        assert seen(viewer) == CHECKED


def test_a_step_in_check_brings_its_pictures_back(viewer, tabs):
    panel = tabs.check.panel
    tabs.check.session.stage.take("predict")  # both tabs may be docks of their own
    assert CHECKED.isdisjoint(seen(viewer))
    viewer.scene.camera.zoom *= 1.5
    assert CHECKED.isdisjoint(seen(viewer))
    panel.go_to(panel.current)
    assert seen(viewer) == CHECKED


def test_layers_that_the_data_tab_has_opened_stay(viewer, tabs):
    mine = add_image(viewer, "target", "mine", volume((HEIGHT, WIDTH)))
    mine.metadata[METADATA_KEY]["path"] = "/data/mine.tif"
    for tab in (0, 1, 2, 0):
        tabs.setCurrentIndex(tab)
        assert mine.visible


def test_a_camera_of_3d_is_not_that_of_2d(viewer, tabs):
    viewer.dims.ndisplay = 3
    viewer.scene.camera.angles = (10, 20, 30)
    tabs.setCurrentIndex(0)
    viewer.dims.ndisplay = 2
    angles = viewer.scene.camera.angles
    tabs.setCurrentIndex(1)
    assert viewer.scene.camera.angles == angles


def test_a_tab_without_pictures_leaves_predictions_and_no_check(viewer, tabs):
    tabs.setCurrentIndex(2)
    assert seen(viewer) == set()
    tabs.setCurrentIndex(0)
    tabs.setCurrentIndex(2)
    assert seen(viewer) == PREDICTED


def test_the_camera_is_where_it_was_left(viewer, tabs):
    viewer.scene.camera.zoom = 3.5
    tabs.setCurrentIndex(0)
    viewer.scene.camera.zoom = 7.25
    tabs.setCurrentIndex(1)
    assert viewer.scene.camera.zoom == pytest.approx(3.5)
    tabs.setCurrentIndex(0)
    assert viewer.scene.camera.zoom == pytest.approx(7.25)


def test_what_the_user_has_hidden_stays_hidden(viewer, tabs):
    tabs.setCurrentIndex(0)
    viewer.layers["a · truth"].visible = False
    mine = add_image(viewer, None, "mine", volume((HEIGHT, WIDTH)))
    tabs.setCurrentIndex(1)
    assert mine.visible
    top = [layer.name for layer in viewer.layers if layer.visible]
    assert top.index("mine") < top.index("check: original")
    tabs.setCurrentIndex(0)
    assert seen(viewer) == PREDICTED - {"a · truth"} | {"mine"}


def test_the_other_image_of_a_tab_is_shown_after_a_visit(viewer, tabs):
    tabs.setCurrentIndex(0)
    tabs.predict.scores.imageChosen.emit("b")
    assert seen(viewer) == {"b", "b · cyclegan_01", "b · truth"}
    tabs.setCurrentIndex(1)
    panel = tabs.check.panel
    panel.next.click()
    assert seen(viewer) == CHECKED
    name = panel.review.pairs[panel.current.pair].name
    image = tifffile.imread(tabs.check.inputs.files.value()[0].parent / f"{name}.tif")
    np.testing.assert_array_equal(viewer.layers["check: original"].data, image)
    tabs.setCurrentIndex(0)
    assert seen(viewer) == {"b", "b · cyclegan_01", "b · truth"}


def test_results_wait_for_their_tab(viewer, tabs, qtbot):
    tabs.setCurrentIndex(0)
    tabs.predict.predict.click()
    tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: not tabs.predict._work.busy, timeout=30_000)
    assert seen(viewer) == CHECKED
    tabs.check.translate.click()
    tabs.setCurrentIndex(0)
    assert seen(viewer) == PREDICTED
    measured(tabs.check, qtbot)
    assert seen(viewer) == PREDICTED
    tabs.setCurrentIndex(1)
    assert seen(viewer) == CHECKED


def test_scores_that_come_to_a_tab_behind_select_nothing(viewer, tabs, qtbot):
    tabs.setCurrentIndex(0)
    tabs.predict.predict.click()
    qtbot.waitUntil(lambda: len(tabs.predict._layers) > 0, timeout=30_000)
    tabs.setCurrentIndex(1)
    mine = viewer.layers["check: original"]
    viewer.layers.selection.active = mine
    qtbot.waitUntil(lambda: not tabs.predict._work.busy, timeout=30_000)
    assert viewer.layers.selection.active is mine


def test_a_deleted_image_comes_back_with_its_row_and_not_by_itself(viewer, tabs):
    tabs.setCurrentIndex(0)
    viewer.layers.remove("a")
    tabs.setCurrentIndex(1)
    tabs.setCurrentIndex(0)
    assert "a" not in viewer.layers
    tabs.predict.scores.imageChosen.emit("b")
    tabs.predict.scores.imageChosen.emit("a")
    assert seen(viewer) == PREDICTED


def test_what_the_user_has_shown_of_others_goes_with_the_next(viewer, tabs):
    viewer.layers["a"].visible = True
    assert seen(viewer) == CHECKED | {"a"}
    tabs.check.session.stage.take("train")
    assert seen(viewer) == set()
