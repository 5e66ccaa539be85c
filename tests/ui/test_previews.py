from __future__ import annotations

import itertools

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QTimer

from napari_uda.core.spec import events as ev
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui import previews as module
from napari_uda.ui.session import Session, role_of
from preview_files import STRUCTURES, previews, run, show, shown_at, viewer, write

__all__ = ["previews", "run", "viewer"]  # fixtures


def note_loads(monkeypatch):
    """Return the list that the names of loaded files will be written to."""
    loaded = []
    original = module.load_mosaics

    def noting(file):
        loaded.append(file.stem)
        return original(file)

    monkeypatch.setattr(module, "load_mosaics", noting)
    return loaded


def test_one_layer_per_key_that_is_reused(previews, qtbot, run, viewer):
    show(previews, qtbot, run, 10)
    layers = previews.layers()
    assert set(layers) == {"source", "target", "target_prediction"}
    for step in (20, 30, 40):
        show(previews, qtbot, run, step)
    assert previews.layers() == layers
    assert [layer.name for layer in viewer.layers][3:] == ["preview captions"]
    assert list(layers["source"].contrast_limits) == [-1, 1]
    assert all(role_of(layer) == "preview" for layer in layers.values())
    captions = viewer.layers["preview captions"]
    words = [str(text) for text in captions.text.values]
    assert words == ["source", "target", "target\npredicted", ""]
    layers["target_prediction"].visible = False
    assert "target\npredicted" not in [str(text) for text in captions.text.values]


def test_a_preview_in_layers_that_are_there_does_not_lay_the_canvas_out_anew(
    previews, qtbot, run
):
    show(previews, qtbot, run, 10)
    laid_out = []
    for layer in previews.layers().values():
        layer.events.visible.connect(laid_out.append)
    show(previews, qtbot, run, 20)
    assert laid_out == []


def test_the_next_preview_is_drawn_where_the_one_before_was(
    previews, qtbot, run, viewer
):
    viewer.window.show()
    show(previews, qtbot, run, 10)
    layers = previews.layers()
    pixels = {key: layer.data for key, layer in layers.items()}
    canvas, pictures = [], []
    for step in (20, 31):
        show(previews, qtbot, run, step)
        canvas.append(viewer.screenshot(flash=False))
        pictures.append(layers["target_prediction"].thumbnail.copy())
    assert all(layers[key].data is data for key, data in pixels.items())
    assert (canvas[0] != canvas[1]).mean() > 0.01
    assert (pictures[0] != pictures[1]).any()


def test_a_preview_of_another_size_fits_the_same_layers(previews, qtbot, run):
    show(previews, qtbot, run, 10)
    layer = previews.layers()["target_prediction"]
    show(previews, qtbot, run, 20, side=12)
    assert previews.layers()["target_prediction"] is layer
    assert layer.data.shape == (28, 12)
    assert tuple(layer.extent.data[1]) == (27, 11)


def test_the_window_can_react_between_two_new_layers(previews, qtbot, run, viewer):
    counts = []
    timer = QTimer()
    timer.timeout.connect(lambda: counts.append(len(viewer.layers)))
    timer.start(0)
    show(previews, qtbot, run, 10)
    timer.stop()
    assert {1, 2} <= set(counts)


def test_labels_wear_the_colours_of_their_structures(previews, qtbot, run):
    show(previews, qtbot, run, 10)
    layer = previews.layers()["target_prediction"]
    np.testing.assert_allclose(layer.get_color(1), [1, 0, 0, 1])
    np.testing.assert_allclose(layer.get_color(2), [0, 1, 0, 1])


def test_layers_lie_in_a_row_below_the_users_data(previews, qtbot, run, viewer):
    user = viewer.add_image(
        np.zeros((5, 40, 60)), scale=(3, 2, 2), translate=(0, 10, 20),
        units=("nm", "nm", "nm"),
    )  # fmt: skip
    before = user.extent.world.copy()
    show(previews, qtbot, run, 10)
    boxes = {
        key: layer.extent.world[:, -2:] for key, layer in previews.layers().items()
    }
    bottom = user.extent.world[1, -2]
    order = ["source", "target", "target_prediction"]
    for left, right in itertools.pairwise(order):
        assert boxes[left][1, 1] < boxes[right][0, 1]
    for box in boxes.values():
        assert box[0, 0] > bottom
        assert box[0, 1] >= user.extent.world[0, -1] - 1e-6
        assert box[1, 1] <= user.extent.world[1, -1] + 1e-6
    assert str(previews.layers()["source"].units[0]) == "nanometer"
    np.testing.assert_array_equal(user.extent.world, before)


def test_layers_say_what_they_show_and_keep_a_name_of_the_users(previews, qtbot, run):
    show(previews, qtbot, run, 10)
    layers = previews.layers()
    assert layers["source"].name == "source · preview"
    assert layers["target_prediction"].name == "target predicted · step 10"
    show(previews, qtbot, run, 20)
    assert layers["target_prediction"].name == "target predicted · step 20"
    layers["target_prediction"].name = "look at this"
    show(previews, qtbot, run, 30)
    assert layers["target_prediction"].name == "look at this"


def test_user_layers_are_neither_touched_nor_deselected(previews, qtbot, run, viewer):
    mine = viewer.add_image(np.ones((8, 8)), name="source · preview")
    viewer.layers.selection = {mine}
    show(previews, qtbot, run, 10)
    assert viewer.layers.selection == {mine}
    assert (mine.data == 1).all()
    assert mine not in previews.layers().values()


def test_a_deleted_preview_layer_comes_back_with_the_next(previews, qtbot, run, viewer):
    show(previews, qtbot, run, 10)
    viewer.layers.remove(previews.layers()["target"])
    assert "target" not in previews.layers()
    show(previews, qtbot, run, 20)
    assert previews.layers()["target"].data[0, 0] == pytest.approx(0.2, abs=1e-3)


def test_the_slider_shows_any_step_and_live_returns_to_the_newest(previews, qtbot, run):
    for step in (10, 20, 30):
        show(previews, qtbot, run, step)
    previews.slider.setValue(0)
    qtbot.waitUntil(lambda: shown_at(previews, 10), timeout=10_000)
    assert not previews.live.isChecked()
    assert previews.step_label.text() == "10"
    previews.add([write(run, 40)])
    qtbot.wait(300)
    assert shown_at(previews, 10)
    assert previews.slider.maximum() == 3
    assert previews.slider.value() == 0
    previews.live.setChecked(True)
    qtbot.waitUntil(lambda: shown_at(previews, 40), timeout=10_000)


def test_many_previews_at_once_show_the_newest_only(previews, qtbot, run, monkeypatch):
    loaded = note_loads(monkeypatch)
    previews.add([write(run, step) for step in range(10, 60, 10)])
    qtbot.waitUntil(lambda: shown_at(previews, 50), timeout=10_000)
    assert loaded == ["000050"]
    assert previews.slider.maximum() == 4


def test_live_previews_come_at_most_once_a_second(previews, qtbot, run, monkeypatch):
    monkeypatch.setattr(module, "FASTEST", 1000)
    loaded = note_loads(monkeypatch)
    for step in range(10, 90, 10):
        previews.add([write(run, step)])
        qtbot.wait(100)
    qtbot.waitUntil(lambda: shown_at(previews, 80), timeout=10_000)
    assert len(loaded) <= 3


def test_steps_beyond_a_resumed_one_are_forgotten(previews, qtbot, run):
    for step in (10, 20, 30):
        show(previews, qtbot, run, step)
    about = {"method": "m", "steps": 9, "device": "d", "precision": "p"}
    previews.add([ev.Resumed(run="run", step=20, loss_groups={}, **about)])
    assert previews.slider.maximum() == 1
    qtbot.waitUntil(lambda: shown_at(previews, 20), timeout=10_000)


def test_another_run_reuses_the_layers_and_hides_the_rest(
    previews, qtbot, run, tmp_path
):
    extra = np.zeros((2, 8, 8), np.float16)
    show(previews, qtbot, run, 10, to_target=extra)
    before = previews.layers()
    other = RunFolder(tmp_path / "other")
    other.previews.mkdir(parents=True)
    previews.open(other, STRUCTURES[:1])
    show(previews, qtbot, other, 20, side=16)
    after = previews.layers()
    assert after == before
    assert not after["to_target"].visible
    assert after["source"].visible
    assert after["source"].data.shape[1] == 16


def test_a_missing_or_damaged_file_is_no_disaster(previews, qtbot, run, viewer):
    (run.previews / "000010.npz").write_bytes(b"torn")
    previews.add(
        [ev.Preview(run="run", step=s, file=f"previews/{s:06d}.npz") for s in (10, 15)]
    )
    qtbot.waitUntil(lambda: previews._worker is None, timeout=10_000)
    assert len(viewer.layers) == 0
    show(previews, qtbot, run, 20)


def test_the_camera_goes_to_the_previews_only_when_asked(previews, qtbot, run, viewer):
    viewer.add_image(np.zeros((30, 30)))
    show(previews, qtbot, run, 10)
    camera = viewer.scene.camera
    camera.center = (0, 5, 5)
    camera.zoom = 3
    show(previews, qtbot, run, 20)
    assert camera.zoom == 3
    previews.show_button.click()
    center = np.array(camera.center[-2:])
    boxes = [layer.extent.world for layer in previews.layers().values()]
    low, high = np.min([b[0] for b in boxes], 0), np.max([b[1] for b in boxes], 0)
    assert (center > low).all()
    assert (center < high).all()


def in_view(viewer):
    """Tell whether all that is shown lies on the canvas."""
    camera = viewer.scene.camera
    half = np.array(viewer.canvas.size) / (2 * camera.zoom)
    center = np.array(camera.center[-2:])
    boxes = [layer.extent.world for layer in viewer.layers if layer.visible]
    return all(
        (box[0] > center - half).all() and (box[1] < center + half).all()
        for box in boxes
    )


@pytest.mark.parametrize("moved", [False, True])
def test_more_columns_are_fitted_unless_the_user_has_moved_the_camera(
    previews, qtbot, run, viewer, tmp_path, moved
):
    show(previews, qtbot, run, 10)
    assert in_view(viewer)
    camera = viewer.scene.camera
    if moved:
        camera.center = (0, 3, 5)
    before = (camera.zoom, camera.center)
    show(previews, qtbot, run, 20)
    assert (camera.zoom, camera.center) == before
    other = RunFolder(tmp_path / "other")
    other.previews.mkdir(parents=True)
    previews.open(other, STRUCTURES)
    more = np.zeros((2, 8, 8), np.float16)
    show(previews, qtbot, other, 30, to_target=more, cycle=more, to_source=more)
    assert ((camera.zoom, camera.center) == before) == moved
    assert in_view(viewer) != moved


def test_previews_are_fitted_again_after_all_were_deleted(previews, qtbot, run, viewer):
    show(previews, qtbot, run, 10)
    viewer.layers.clear()
    show(previews, qtbot, run, 20)
    assert in_view(viewer)


def test_previews_put_away_come_back_clear_of_what_was_opened(
    previews, qtbot, run, viewer
):
    show(previews, qtbot, run, 10)
    opened = viewer.add_image(np.zeros((30, 30)))
    stage = Session.of(viewer).stage
    stage.take("data")
    assert not any(layer.visible for layer in previews.layers().values())
    assert not viewer.layers["preview captions"].visible
    stage.release("data")
    show(previews, qtbot, run, 20)
    layers = previews.layers().values()
    assert all(layer.visible for layer in layers)
    tops = [layer.extent.world[0, 0] for layer in layers]
    assert min(tops) > opened.extent.world[1, 0]
    stage.take("data")
    previews.show_button.click()
    assert all(layer.visible for layer in layers)


def test_captions_too_small_to_be_seen_follow_what_is_hidden(
    previews, qtbot, run, viewer
):
    show(previews, qtbot, run, 10)
    viewer.scene.camera.zoom = 0.01
    captions = viewer.layers["preview captions"]
    assert not captions.visible
    Session.of(viewer).stage.take("data")
    assert not any(layer.visible for layer in previews.layers().values())
    previews.show_button.click()
    viewer.scene.camera.zoom = 20
    words = [str(text) for text in captions.text.values]
    assert [word for word in words if word] == ["source", "target", "target\npredicted"]


def test_previews_that_lose_all_they_lay_below_stay_together_and_in_sight(
    previews, qtbot, run, viewer, tmp_path
):
    image = viewer.add_image(
        np.zeros((30, 40)), scale=(6, 6), translate=(0, 3000), units=("nm", "nm")
    )
    more = np.zeros((2, 8, 8), np.float16)
    show(previews, qtbot, run, 10, to_target=more)
    viewer.layers.remove(image)
    viewer.scene.camera.zoom *= 0.2
    before = viewer.scene.camera.zoom
    viewer.layers.remove(previews.layers()["target"])
    other = RunFolder(tmp_path / "other")
    other.previews.mkdir(parents=True)
    notification_manager.records.clear()
    previews.open(other, STRUCTURES)
    show(previews, qtbot, other, 20)
    row = [layer for layer in viewer.layers if layer.visible]
    assert {tuple(map(str, layer.units)) for layer in row} == {("nanometer",) * 2}
    pictures = [layer for layer in row if role_of(layer) == "preview"]
    assert {tuple(layer.scale) for layer in pictures} == {(1, 1)}
    assert {layer.translate[0] for layer in pictures} == {0}
    viewer.window._qt_viewer.canvas.on_draw()
    said = [record.message for record in notification_manager.records]
    assert not [words for words in said if "nits" in words]
    assert in_view(viewer)
    high = max(layer.extent.world[1, 0] for layer in viewer.layers)
    assert high < 40  # hidden ones, too: the view is fitted to all
    assert viewer.scene.camera.zoom > 2 * before


def test_pictures_beside_a_small_row_that_was_shown_are_fitted_too(
    previews, qtbot, run, viewer, tmp_path
):
    show(previews, qtbot, run, 10)
    previews.show_button.click()
    other = RunFolder(tmp_path / "other")
    other.previews.mkdir(parents=True)
    previews.open(other, STRUCTURES)
    more = np.zeros((2, 8, 8), np.float16)
    show(previews, qtbot, other, 30, to_target=more, cycle=more, to_source=more)
    assert in_view(viewer)


def test_pictures_of_another_run_do_not_stay(previews, qtbot, run, viewer, tmp_path):
    show(previews, qtbot, run, 10)
    other = RunFolder(tmp_path / "other")
    other.previews.mkdir(parents=True)
    previews.open(other, STRUCTURES)
    pictures = previews.layers().values()
    qtbot.waitUntil(lambda: not any(layer.visible for layer in pictures))
    assert not viewer.layers["preview captions"].visible
    previews.set_watched(False)
    previews.set_watched(True)
    assert not any(layer.visible for layer in pictures)
    show(previews, qtbot, other, 20)
    assert all(layer.visible for layer in pictures)
    qtbot.wait(module.PATIENCE + 100)
    assert all(layer.visible for layer in pictures)
