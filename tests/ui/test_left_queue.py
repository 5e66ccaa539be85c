"""Runs that waited when napari was closed are offered, and not started unasked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from qtpy.QtCore import QSettings

from napari_uda.core.spec import events as ev
from napari_uda.ui import session as session_module
from napari_uda.ui.kept_queue import KEY, keep_queue, kept_queue
from train_window import (
    FAKE,
    begin,
    prepared_run,
    select,
    settle,
    wait_for,
    wait_for_the_end,
)

pytestmark = pytest.mark.usefixtures("own_settings")


@pytest.fixture
def settings(tmp_path):
    return QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat)


def left_behind(widget, *names):
    """Let runs wait in a napari that is gone."""
    runs = [prepared_run(widget, name) for name in names]
    gone = {"pid": 2**22 + 1, "born": 0.0, "runs": [str(run.path) for run in runs]}
    session_module._settings().setValue(KEY, json.dumps(gone))
    widget.session._left = None
    widget.run_list.refresh()
    return runs


def test_what_waits_is_written_down(open_window, qtbot, fake):
    fake("wait")
    widget = open_window()
    begin(qtbot, widget, step=5)
    run = prepared_run(widget)
    widget.queue(run)
    assert kept_queue(session_module._settings()) == []  # it waits here
    assert kept_queue(session_module._settings(), also_own=True) == [run.path]
    widget.session.queue.remove(run)
    assert kept_queue(session_module._settings(), also_own=True) == []
    widget.stop_button.click()
    wait_for_the_end(qtbot, widget)


def test_the_next_window_offers_them_and_starts_none(open_window, qtbot, fake):
    fake("obey")
    widget = open_window()
    one, two = left_behind(widget, "one", "two")
    one.rename("My first")
    widget.run_list.refresh()
    settle(qtbot, widget)
    offer = widget.offer
    assert offer.isVisibleTo(widget)
    assert offer.words.text() == "2 runs waited when napari was closed: My first, two"
    assert widget.session.job is None
    assert one.state() == two.state() == "prepared"
    select(qtbot, widget, "My first")
    assert widget.run_list.resume_button.text() == "Start"

    offer.go_on.click()
    assert not offer.isVisibleTo(widget)
    assert widget.session.job.run.path == one.path
    assert widget.session.queue.place(two) == 1
    assert widget.footer.queue.text() == "1 run waits to be trained: two"
    wait_for(qtbot, lambda: two.state() == "finished")
    wait_for_the_end(qtbot, widget)
    assert one.state() == "finished"
    assert not offer.isVisibleTo(widget)
    assert widget.footer.queue.isHidden()


def test_they_are_kept_while_something_else_trains_and_wait_behind_it(
    open_window, qtbot, fake
):
    fake("wait")
    widget = open_window()
    (one,) = left_behind(widget, "one")
    settle(qtbot, widget)
    begin(qtbot, widget, step=5)
    other = prepared_run(widget, "other")
    widget.queue(other)
    kept = kept_queue(session_module._settings(), also_own=True)
    assert kept == [other.path, one.path]
    settle(qtbot, widget)
    assert widget.offer.words.text() == "1 run waited when napari was closed: one"
    widget.offer.go_on.click()
    assert [run.id for run in widget.session.queue.runs] == ["other", "one"]
    widget.stop_button.click()
    wait_for_the_end(qtbot, widget)
    assert one.state() == "prepared"
    assert kept_queue(session_module._settings(), also_own=True) == []


def test_an_offer_can_be_refused_for_good(open_window, qtbot):
    widget = open_window()
    left_behind(widget, "one")
    settle(qtbot, widget)
    widget.offer.forget.click()
    assert not widget.offer.isVisibleTo(widget)
    widget.run_list.refresh()
    settle(qtbot, widget)
    assert not widget.offer.isVisibleTo(widget)
    assert kept_queue(session_module._settings(), also_own=True) == []


def test_runs_that_are_gone_or_finished_are_not_offered(open_window, qtbot):
    widget = open_window()
    (one,) = left_behind(widget, "one")
    settle(qtbot, widget)
    assert widget.offer.isVisibleTo(widget)
    one.append(ev.Finished(run=one.id, step=9, seconds=1))
    widget.run_list.refresh()
    settle(qtbot, widget)
    assert not widget.offer.isVisibleTo(widget)
    one.experiment_file.unlink()
    widget.run_list.refresh()
    settle(qtbot, widget)
    assert not widget.offer.isVisibleTo(widget)


def test_the_queue_of_another_napari_is_its_own(settings, tmp_path):
    parent = psutil.Process(os.getppid())
    kept = {"pid": parent.pid, "born": parent.create_time(), "runs": ["/a"]}
    settings.setValue(KEY, json.dumps(kept))
    assert kept_queue(settings) == []
    keep_queue(settings, [])
    assert json.loads(settings.value(KEY)) == kept
    keep_queue(settings, [tmp_path])
    assert kept_queue(settings, also_own=True) == [tmp_path]


def test_another_program_that_has_the_number_of_a_napari_that_is_gone(settings):
    kept = {"pid": os.getppid(), "born": 0.0, "runs": ["/a"]}
    settings.setValue(KEY, json.dumps(kept))
    assert kept_queue(settings) == [Path("/a")]


def test_they_wait_behind_a_run_that_trains_in_the_background(open_window, qtbot):
    widget = open_window()
    living = prepared_run(widget, "living")
    child = subprocess.Popen([sys.executable, FAKE, "wait", str(living.path)])
    wait_for(qtbot, lambda: any(event.step == 5 for event in living.events()))
    (one,) = left_behind(widget, "one")
    settle(qtbot, widget)
    widget.offer.go_on.click()
    assert widget.session.job.run.path == living.path
    assert widget.session.queue.place(one) == 1
    wait_for(qtbot, lambda: widget.session.job.state == "running")
    widget.stop_button.click()
    wait_for_the_end(qtbot, widget)
    assert child.wait(10) == 0
    assert one.state() == "prepared"


@pytest.mark.parametrize("odd", ["", "no json", "[]", '{"pid": "x", "runs": []}'])
def test_settings_of_somebody_else_are_no_queue(settings, odd):
    settings.setValue(KEY, odd)
    assert kept_queue(settings) == []
