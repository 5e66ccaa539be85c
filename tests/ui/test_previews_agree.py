"""Slider, step and pictures are of one preview, whichever run is opened."""

from __future__ import annotations

import pytest

from napari_uda.core.spec import events as ev
from napari_uda.core.spec.run import RunFolder
from preview_files import previews, run, show, shown_at, viewer, write
from train_window import begin, prepared_run, select, settle, wait_for, wait_for_the_end

__all__ = ["previews", "run", "viewer"]  # fixtures


def says(previews, step):
    """Tell whether slider, step and pictures are of this preview."""
    index = previews.slider.value()
    said = previews.step_label.text()
    return shown_at(previews, step) and (previews._steps[index], said) == (
        step,
        f"{step}",
    )


def test_another_run_shows_its_newest_whatever_was_looked_at_before(
    previews, qtbot, run, tmp_path
):
    for step in (10, 20, 30):
        show(previews, qtbot, run, step)
    other = RunFolder(tmp_path / "other")
    other.previews.mkdir(parents=True)
    previews.open(other, ())
    previews.add([write(other, step) for step in (40, 50)])
    qtbot.waitUntil(lambda: says(previews, 50), timeout=10_000)
    previews.slider.setValue(0)
    qtbot.waitUntil(lambda: says(previews, 40), timeout=10_000)
    assert not previews.live.isChecked()
    previews.open(run, ())  # and back
    previews.add([write(run, step) for step in (10, 20, 30)])
    qtbot.waitUntil(lambda: says(previews, 30), timeout=10_000)
    assert previews.live.isChecked()
    assert all(layer.visible for layer in previews.layers().values())
    previews.add([write(run, 60)])
    qtbot.waitUntil(lambda: says(previews, 60), timeout=10_000)


def test_a_file_that_is_read_while_another_run_is_opened_is_not_shown_as_its(
    previews, qtbot, run, tmp_path, viewer
):
    previews.add([write(run, 10)])
    assert previews._worker is not None
    previews.open(RunFolder(tmp_path / "other"), ())
    qtbot.waitUntil(lambda: previews._worker is None, timeout=10_000)
    assert not previews.layers()
    assert previews.step_label.text() == "none yet"


def test_a_step_that_a_resumed_run_has_left_behind_is_not_said(previews, qtbot, run):
    for step in (10, 20, 30, 40):
        show(previews, qtbot, run, step)
    previews.slider.setValue(2)
    qtbot.waitUntil(lambda: says(previews, 30), timeout=10_000)
    about = {"method": "m", "steps": 9, "device": "d", "precision": "p"}
    resumed = ev.Resumed(run="run", step=20, loss_groups={}, **about)
    previews.add([resumed, write(run, 26), write(run, 32)])
    qtbot.waitUntil(lambda: says(previews, 32), timeout=10_000)


def test_show_makes_pictures_anew_that_were_removed(previews, qtbot, run, viewer):
    show(previews, qtbot, run, 10)
    viewer.layers.clear()
    previews.show_button.click()
    qtbot.waitUntil(lambda: shown_at(previews, 10), timeout=10_000)
    assert set(previews.layers()) == {"source", "target", "target_prediction"}


def test_pictures_of_another_step_do_not_stay_where_a_file_is_gone(
    previews, qtbot, run
):
    for step in (10, 20, 30):
        show(previews, qtbot, run, step)
    (run.previews / "000010.npz").unlink()
    with qtbot.waitSignal(previews.unreadable):
        previews.slider.setValue(0)
    assert previews.step_label.text() == "no file"
    assert not any(layer.visible for layer in previews.layers().values())
    previews.slider.setValue(1)
    qtbot.waitUntil(lambda: says(previews, 20), timeout=10_000)
    assert all(layer.visible for layer in previews.layers().values())


@pytest.mark.usefixtures("own_settings")
def test_the_run_that_trains_shows_its_previews_again_after_another_was_looked_at(
    train, qtbot, fake
):
    fake("wait")
    other = prepared_run(train)
    other.previews.mkdir()
    for step in (10, 20):
        other.append(write(other, step))
    begin(qtbot, train, step=5)
    settle(qtbot, train)
    select(qtbot, train, "earlier")
    train.run_list.open_button.click()
    wait_for(qtbot, lambda: says(train.previews, 20))
    train.previews.slider.setValue(0)
    wait_for(qtbot, lambda: says(train.previews, 10))
    train.footer.elsewhere.click()
    settle(qtbot, train)
    assert train.previews.step_label.text() == "5"
    assert train.previews.live.isChecked()
    picture = train.previews.layers()["source"]
    wait_for(qtbot, lambda: picture.data[0, 0] == pytest.approx(0.25, abs=1e-3))
    assert picture.visible
    train.stop_button.click()
    wait_for_the_end(qtbot, train)
