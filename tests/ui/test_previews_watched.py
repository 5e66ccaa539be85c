"""Previews are seen by themselves while somebody looks at the training."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.compat import isalive
from qtpy.QtCore import QCoreApplication, QEvent, QTimer

from napari_uda.core.spec.run import RunFolder
from napari_uda.ui import previews as module
from napari_uda.ui.dock import AdaptationDock
from napari_uda.ui.sight import look_at
from napari_uda.ui.train_widget import TrainWidget
from preview_files import run, show, shown_at, viewer, write
from train_window import settle

__all__ = ["run", "viewer"]  # fixtures

pytestmark = pytest.mark.usefixtures("own_settings")
TRAIN, PREDICT, CHECK = 1, 2, 3


@pytest.fixture
def dock(viewer, qtbot, monkeypatch, run):
    """A dock with its Train tab in front, which shows a preview."""
    monkeypatch.setattr(module, "FASTEST", 0)
    dock = AdaptationDock(viewer)
    viewer.window.add_dock_widget(dock, area="right")
    viewer.window.show()
    qtbot.waitUntil(lambda: dock.complete, timeout=20_000)
    dock.tabs.setCurrentIndex(TRAIN)
    settle(qtbot, dock.train)
    dock.train.previews.open(run, ())
    show(dock.train.previews, qtbot, run, 10)
    yield dock
    if isalive(dock):
        settle(qtbot, dock.train)


def seen(dock):
    """Return the keys of the previews that can be seen."""
    layers = dock.train.previews.layers()
    return {key for key, layer in layers.items() if layer.visible}


ALL = {"source", "target", "target_prediction"}


@pytest.mark.parametrize("other", [PREDICT, CHECK])
def test_they_are_out_of_sight_while_another_tab_is_in_front(
    dock, qtbot, run, viewer, other
):
    mine = viewer.add_image(np.zeros((4, 4)), translate=(-9, 0))
    hidden = viewer.add_image(np.zeros((4, 4)), translate=(-9, 9), visible=False)
    assert seen(dock) == ALL
    dock.tabs.setCurrentIndex(other)
    assert seen(dock) == set()
    assert not viewer.layers["preview captions"].visible
    dock.train._show([write(run, 20)])
    qtbot.wait(300)
    assert seen(dock) == set()
    dock.tabs.setCurrentIndex(TRAIN)
    assert seen(dock) == ALL
    qtbot.waitUntil(lambda: shown_at(dock.train.previews, 20), timeout=10_000)
    assert seen(dock) == ALL
    assert viewer.layers["preview captions"].visible
    assert (mine.visible, hidden.visible) == (True, False)


def test_nothing_is_read_or_made_while_nobody_looks(dock, qtbot, run, viewer):
    dock.tabs.setCurrentIndex(PREDICT)
    viewer.layers.clear()
    dock.train._show([write(run, 20)])
    qtbot.wait(300)
    assert len(viewer.layers) == 0
    dock.tabs.setCurrentIndex(TRAIN)
    qtbot.waitUntil(lambda: shown_at(dock.train.previews, 20), timeout=10_000)


def test_what_the_user_has_hidden_stays_hidden(dock, qtbot, run):
    previews = dock.train.previews
    previews.layers()["source"].visible = False
    show_next(dock, qtbot, run, 20)
    assert seen(dock) == ALL - {"source"}
    dock.tabs.setCurrentIndex(PREDICT)
    dock.tabs.setCurrentIndex(TRAIN)
    show_next(dock, qtbot, run, 30)
    assert seen(dock) == ALL - {"source"}
    previews.show_button.click()
    assert seen(dock) == ALL


def test_what_the_user_looks_at_elsewhere_and_hides_again_stays_hidden(
    dock, qtbot, run
):
    dock.tabs.setCurrentIndex(PREDICT)
    layer = dock.train.previews.layers()["target"]
    layer.visible = True
    assert seen(dock) == {"target"}
    layer.visible = False
    dock.tabs.setCurrentIndex(TRAIN)
    show_next(dock, qtbot, run, 20)
    assert seen(dock) == ALL - {"target"}


def test_a_run_that_is_opened_from_elsewhere_waits_for_the_train_tab(
    dock, qtbot, tmp_path, viewer
):
    dock.tabs.setCurrentIndex(PREDICT)
    other = RunFolder(tmp_path / "other")
    other.previews.mkdir(parents=True)
    dock.train.previews.open(other, ())
    dock.train._show([write(other, 40)])
    qtbot.wait(300)
    assert seen(dock) == set()
    dock.tabs.setCurrentIndex(TRAIN)
    qtbot.waitUntil(lambda: shown_at(dock.train.previews, 40), timeout=10_000)
    assert seen(dock) == ALL


def test_they_come_back_clear_of_what_was_opened_meanwhile(dock, qtbot, viewer):
    dock.tabs.setCurrentIndex(0)
    opened = viewer.add_image(np.zeros((30, 30)))
    dock.session.stage.take("data")
    dock.tabs.setCurrentIndex(TRAIN)
    layers = dock.train.previews.layers().values()
    bottom = opened.extent.world[1, 0]
    qtbot.waitUntil(
        lambda: all(layer.extent.world[0, 0] > bottom for layer in layers),
        timeout=10_000,
    )
    assert seen(dock) == ALL


def in_view(viewer, layers):
    camera = viewer.scene.camera
    half = np.array(viewer.canvas.size) / (2 * camera.zoom)
    center = np.array(camera.center[-2:])
    boxes = [layer.extent.world[:, -2:] for layer in layers]
    return all(
        (low > center - half).all() and (high < center + half).all()
        for low, high in boxes
    )


def test_the_camera_is_where_it_was_left(dock, qtbot, viewer):
    viewer.scene.camera.zoom = 3.5
    viewer.scene.camera.center = (0, 4, 9)
    dock.tabs.setCurrentIndex(PREDICT)
    mine = viewer.add_image(np.zeros((9, 9)), translate=(3000, 3000))
    look_at(viewer, [mine])
    dock.tabs.setCurrentIndex(TRAIN)
    assert viewer.scene.camera.zoom == pytest.approx(3.5)
    assert viewer.scene.camera.center == pytest.approx((0, 4, 9))
    qtbot.wait(300)
    assert viewer.scene.camera.zoom == pytest.approx(3.5)


def test_what_was_opened_over_them_is_no_reason_to_lose_them(dock, qtbot, viewer):
    viewer.scene.camera.zoom *= 1.1
    dock.tabs.setCurrentIndex(0)
    opened = viewer.add_image(np.zeros((3000, 3000)))
    dock.session.stage.take("data")
    dock.tabs.setCurrentIndex(TRAIN)
    layers = dock.train.previews.layers().values()
    qtbot.waitUntil(
        lambda: all(one.extent.world[0, 0] > 2999 for one in layers), timeout=10_000
    )
    qtbot.waitUntil(lambda: in_view(viewer, [*layers, opened]))
    assert viewer.layers["preview captions"].visible


def test_what_is_hidden_takes_no_room(dock, qtbot, run, viewer, tmp_path):
    viewer.add_image(np.zeros((9, 900, 900)), visible=False)
    viewer.add_image(np.zeros((9, 4, 4)), translate=(0, -4, 0), visible=False)
    other = RunFolder(tmp_path / "other")
    other.previews.mkdir(parents=True)
    viewer.scene.camera.center = (0, 5000, 5000)
    dock.train.previews.open(other, ())
    show(dock.train.previews, qtbot, other, 20)
    layers = dock.train.previews.layers().values()
    assert min(layer.extent.world[0, 0] for layer in layers) == 0
    assert in_view(viewer, layers)
    height, width = viewer.canvas.size
    boxes = [layer.extent.world for layer in layers]
    filled = viewer.scene.camera.zoom * max(box[1, 1] for box in boxes) / width
    high = viewer.scene.camera.zoom * max(box[1, 0] for box in boxes) / height
    assert max(filled, high) > 0.8


def test_they_can_be_shown_beside_a_stack(dock, viewer):
    viewer.add_image(np.zeros((9, 90, 90)))
    dock.train.previews.show_button.click()
    assert in_view(viewer, dock.train.previews.layers().values())


def test_leaving_while_they_are_made_ends_that(dock, qtbot, run, viewer):
    previews = dock.train.previews
    for layer in previews.layers().values():
        viewer.layers.remove(layer)
    leave = QTimer(dock)
    leave.setSingleShot(True)
    leave.timeout.connect(lambda: dock.tabs.setCurrentIndex(PREDICT))
    viewer.layers.events.inserted.connect(lambda _: leave.start())
    previews.add([write(run, 20)])
    qtbot.waitUntil(lambda: dock.tabs.currentIndex() == PREDICT, timeout=10_000)
    qtbot.waitUntil(lambda: previews._worker is None, timeout=10_000)
    leave.stop()
    leave.timeout.disconnect()
    assert len(previews.layers()) < len(ALL)
    assert seen(dock) == set()
    dock.tabs.setCurrentIndex(TRAIN)
    qtbot.waitUntil(lambda: shown_at(previews, 20), timeout=10_000)
    assert seen(dock) == ALL


def test_a_hidden_dock_keeps_them(dock, qtbot, viewer):
    place = dock.parentWidget()
    while place.parentWidget() is not None and not place.inherits("QDockWidget"):
        place = place.parentWidget()
    place.hide()
    assert not dock.isVisible()
    assert seen(dock) == ALL
    place.show()
    assert seen(dock) == ALL


def test_a_dock_that_was_closed_leaves_no_captions(dock, qtbot, viewer):
    settle(qtbot, dock.train)
    stage = dock.session.stage
    viewer.window.remove_dock_widget(dock)
    dock.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert viewer.layers["preview captions"].visible
    stage.take("predict")
    assert not any(layer.visible for layer in viewer.layers)


def test_a_train_tab_of_its_own_is_always_in_front(viewer, qtbot, run):
    widget = TrainWidget(viewer)
    assert widget.in_front
    viewer.window.add_dock_widget(widget, area="right")
    assert widget.in_front
    settle(qtbot, widget)


def show_next(dock, qtbot, run, step):
    dock.train._show([write(run, step)])
    layers = dock.train.previews.layers()

    def there():
        pixel = layers["target"].data[0, 0]
        idle = dock.train.previews._worker is None
        return idle and pixel == pytest.approx(step / 100, abs=1e-3)

    qtbot.waitUntil(there, timeout=10_000)
