"""Windows close and crash, trainers do not: whoever comes back is offered the run."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication

from napari_uda.core.spec.run import list_runs
from train_window import (
    FAKE,
    answer,
    begin,
    prepared_run,
    select,
    settle,
    wait_for,
    wait_for_the_end,
)

pytestmark = pytest.mark.usefixtures("own_settings")

CRASHING = str(Path(__file__).with_name("crashing_window.py"))


def follow(qtbot, widget):
    """Press Follow and wait until the run is shown."""
    assert widget.background.isVisibleTo(widget)
    widget.background.follow.click()
    wait_for(qtbot, lambda: widget.session.job.step >= 5)
    settle(qtbot, widget)


def stop(qtbot, widget):
    widget.stop_button.click()
    wait_for_the_end(qtbot, widget)


def test_after_a_crash_of_napari_the_run_goes_on_and_is_offered(
    open_window, qtbot, pair, tmp_path
):
    crashed = subprocess.run([sys.executable, CRASHING, str(pair), FAKE], timeout=120)
    assert crashed.returncode == -signal.SIGKILL
    (run,) = list_runs(tmp_path / "runs")
    wait_for(qtbot, lambda: any(event.step == 5 for event in run.events()))
    assert run.state() == "running"
    widget = open_window()
    assert f"{run.id} is being trained in the background" in (
        widget.background.words.text()
    )
    follow(qtbot, widget)
    assert len(widget.curves.plots["segmentation"].series["seg"]) == 5
    assert widget.status.title.text() == run.id
    assert not widget.background.isVisibleTo(widget)
    stop(qtbot, widget)
    assert run.state() == "stopped"
    assert not widget.background.isVisibleTo(widget)


def end_napari(viewer):
    """Do what napari leaves to the end of its process where a user closes it."""
    viewer.window._teardown()
    del viewer.window._qt_window  # it is gone: whoever closes it again need not try


def test_a_user_who_quits_keeps_the_run_and_finds_it_again(open_window, qtbot, fake):
    fake("wait")
    widget = open_window(show=True)
    job = begin(qtbot, widget, step=5)
    settle(qtbot, widget)
    window, seen = widget.window(), []
    answer("Cancel", seen)
    window.close()
    assert window.isVisible()
    answer("Keep", seen)
    window.close()
    qtbot.waitUntil(lambda: widget.session.closing)
    qtbot.wait(300)
    end_napari(widget.session.viewer)
    assert len(seen) == 2
    assert job.run.state() == "running"
    again = open_window()
    follow(qtbot, again)
    stop(qtbot, again)
    assert job.run.state() == "stopped"


def test_a_run_whose_trainer_died_unseen_is_told_and_goes_on(open_window, qtbot, fake):
    widget = open_window()
    run = prepared_run(widget)
    child = subprocess.Popen([sys.executable, FAKE, "wait", str(run.path)])
    wait_for(qtbot, lambda: any(event.step == 5 for event in run.events()))
    child.kill()
    child.wait()
    assert run.lock_file.exists()
    select(qtbot, widget, "earlier")
    assert not widget.background.isVisibleTo(widget)
    assert widget.run_list.tree.currentItem().text(1) == "interrupted"
    assert widget.run_list.delete_button.isEnabled()
    widget.run_list.open_button.click()
    settle(qtbot, widget)
    assert "Interrupted at step 5" in widget.status.messages.text()
    fake("obey")
    widget.status.resume.click()
    wait_for_the_end(qtbot, widget)
    assert run.state() == "finished"
    assert "Interrupted" not in widget.status.messages.text()


def test_two_windows_follow_one_run_and_mind_their_own(open_window, qtbot, fake):
    fake("wait")
    one, two = open_window(), open_window()
    job = begin(qtbot, one, step=5)
    assert two.session.job is None
    assert two.start_button.text() == "Start"
    select(qtbot, two, job.run.id)
    assert two.run_list.resume_button.text() == "Attach"
    assert not two.run_list.delete_button.isEnabled()
    assert two.session.selected_run is None
    follow(qtbot, two)
    assert two.session.job is not job
    stop(qtbot, two)
    wait_for_the_end(qtbot, one)
    for widget in (one, two):
        assert "Stopped" in widget.status.line.text()
        assert len(widget.curves.plots["segmentation"].series["seg"]) == 5
    one_layers, two_layers = (set(w.previews.layers()) for w in (one, two))
    assert one_layers == two_layers == {"source", "source_prediction"}


def test_two_windows_that_start_at_once_make_two_runs(open_window, qtbot, fake):
    fake("wait")
    one, two = open_window(), open_window()
    assert one.experiment.name == two.experiment.name
    first = begin(qtbot, one, step=5)
    two.start_button.click()
    settle(qtbot, two)
    wait_for(qtbot, lambda: two._preparation is None)
    if two.session.job is None:
        assert "already: choose another name" in two.status.messages.text()
        two.experiment.suggest_name()
        two.start_button.click()
    second = begin_is_over(qtbot, two)
    assert first.run.path != second.run.path
    assert first.run.owner()["pid"] != second.run.owner()["pid"]
    for widget in (one, two):
        stop(qtbot, widget)
    assert {run.state() for run in one.session.runs()} == {"stopped"}


def begin_is_over(qtbot, widget):
    wait_for(qtbot, lambda: widget.session.job is not None)
    job = widget.session.job
    wait_for(qtbot, lambda: job.step >= 5)
    return job


def test_closing_one_window_leaves_the_run_of_the_other(open_window, qtbot, fake):
    fake("wait")
    one, two = open_window(), open_window()
    # napari counts a worker to the window that is active when it is made.
    QApplication.sendEvent(one.window(), QEvent(QEvent.Type.WindowActivate))
    job = begin(qtbot, one, step=5)
    two.session.closing = True
    settle(qtbot, two)
    two.session.viewer.close()
    qtbot.wait(300)
    assert job.run.state() == "running"
    stop(qtbot, one)
    assert job.run.state() == "stopped"
