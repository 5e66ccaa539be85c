"""The list of runs, what is done from it, and the queue."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QFileDialog, QInputDialog, QMessageBox

from napari_uda.core.spec import events as ev
from napari_uda.ui import run_summary
from napari_uda.ui.jobs import Job
from train_window import (
    begin,
    prepared_run,
    row,
    select,
    settle,
    wait_for,
    wait_for_the_end,
)

pytestmark = pytest.mark.usefixtures("own_settings")


def test_the_list_follows_the_job_without_reading_files(
    train, qtbot, fake, monkeypatch
):
    run = prepared_run(train)
    train.session.runs_changed.emit()
    settle(qtbot, train)
    assert row(train) == ("not started", "0", "")
    for changed in (train.session.job_changed, train.session.runs_changed):
        changed.disconnect(train.run_list.refresh)
    monkeypatch.setattr(train.run_list, "refresh", lambda: None)
    fake("wait")
    train.resume(run)
    wait_for(qtbot, lambda: row(train) == ("running", "5", "0.40"))
    train.stop_button.click()
    wait_for_the_end(qtbot, train)
    assert row(train) == ("stopped", "5", "0.40")


def test_what_is_said_while_the_list_is_read_is_not_forgotten(train, qtbot):
    run = prepared_run(train)
    train.session.runs_changed.emit()
    assert train.run_list._reader is not None
    train.run_list.add(run, [ev.Finished(run=run.id, step=9, seconds=1.0)])
    train.run_list._outdated = False
    settle(qtbot, train)
    assert row(train) == ("finished", "9", "")
    train.session.runs_changed.emit()
    settle(qtbot, train)
    assert row(train)[0] == "not started"


def test_a_run_is_deleted_only_after_confirmation(train, qtbot, monkeypatch):
    run = prepared_run(train)
    run.rename("My run")
    select(qtbot, train, "My run")
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    defaults = []

    def question(*asked):
        assert asked[2].startswith("Delete My run with")
        defaults.append(asked[-1])
        return answers.pop(0)

    monkeypatch.setattr(QMessageBox, "question", question)
    train.run_list.delete_button.click()
    assert run.exists
    assert defaults == [QMessageBox.StandardButton.No]
    train.run_list.delete_button.click()
    wait_for(qtbot, lambda: not run.path.exists())
    settle(qtbot, train)
    assert train.run_list.tree.topLevelItemCount() == 0


def test_while_a_run_is_deleted_the_list_says_so_and_the_window_goes_on(
    train, qtbot, monkeypatch
):
    run, other = prepared_run(train), prepared_run(train, "other")
    select(qtbot, train, "earlier")
    go_on = threading.Event()
    remove = run_summary.shutil.rmtree

    def slow(path):
        go_on.wait(20)
        remove(path)

    yes = QMessageBox.StandardButton.Yes
    monkeypatch.setattr(QMessageBox, "question", lambda *_: yes)
    monkeypatch.setattr(run_summary.shutil, "rmtree", slow)
    runs = train.run_list
    runs.delete_button.click()
    assert runs.section.note == "Deleting earlier \N{HORIZONTAL ELLIPSIS}"
    select(qtbot, train, "other")
    assert runs.section.note == "Deleting earlier \N{HORIZONTAL ELLIPSIS}"
    assert not runs.delete_button.isEnabled()
    assert runs.delete_button.toolTip() == "Deleting earlier"
    go_on.set()
    wait_for(qtbot, lambda: runs._deleter is None)
    settle(qtbot, train)
    assert not run.path.exists()
    assert other.exists
    assert runs.section.note == "1"
    assert runs.delete_button.isEnabled()


def test_the_folder_of_a_run_is_revealed(train, qtbot, monkeypatch):
    run = prepared_run(train)
    select(qtbot, train, "earlier")
    opened = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: bool(opened.append(url)) or True
    )
    train.run_list.reveal_button.click()
    assert [url.toLocalFile() for url in opened] == [str(run.path)]
    assert not train.status.messages.text()


def test_where_there_is_no_file_manager_the_folder_is_said(train, qtbot, monkeypatch):
    run = prepared_run(train)
    select(qtbot, train, "earlier")
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: False)
    train.run_list.reveal_button.click()
    assert f"The run is in {run.path}" in train.status.messages.text()


def test_a_run_that_is_about_to_train_cannot_be_deleted(train, qtbot, monkeypatch):
    run = prepared_run(train)
    select(qtbot, train, "earlier")
    button = train.run_list.delete_button
    assert button.isEnabled()
    job = Job(run)  # not started: that takes as long as it likes
    train.session.job = job
    assert not button.isEnabled()
    assert "being trained" in button.toolTip()
    train.session.job = None
    assert button.isEnabled()

    def its_turn_comes(*_):
        train.session.job = job
        return QMessageBox.StandardButton.Yes

    monkeypatch.setattr(QMessageBox, "question", its_turn_comes)
    button.click()
    assert train.run_list._deleter is None
    assert "stop it first" in train.status.messages.text()
    assert run.exists
    train.session.job = None


def test_a_compared_run_has_its_new_name_in_the_plots(train, qtbot, fake, monkeypatch):
    fake("obey")
    begin(qtbot, train)
    wait_for_the_end(qtbot, train)
    other = prepared_run(train)
    about = {"method": "m", "steps": 9, "device": "d", "precision": "p"}
    groups = {"segmentation": ("seg",)}
    other.append(ev.Started(run="earlier", step=0, loss_groups=groups, **about))
    for step in (1, 2):
        losses = {"losses": {"seg": 0.5}, "speed": 1, "remaining": 1, "memory": 0}
        other.append(ev.Step(run="earlier", step=step, **losses))
    select(qtbot, train, "earlier")
    train.run_list.compare_button.click()
    settle(qtbot, train)
    plot = train.curves.plots["segmentation"]
    assert plot._rival == "earlier"
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("My best", True))
    train.run_list.rename_button.click()
    settle(qtbot, train)
    assert plot._rival == "My best"


def test_another_folder_of_runs_can_be_chosen(train, qtbot, monkeypatch, tmp_path):
    prepared_run(train)
    select(qtbot, train, "earlier")
    before, other = train.session.runs_folder, tmp_path / "other runs"
    answers = ["", str(other), str(before)]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: answers.pop(0))
    button, tree = train.run_list.folder_button, train.run_list.tree
    assert str(before) in button.toolTip()
    for folder, runs in ((before, 1), (other, 0), (before, 1)):
        button.click()
        settle(qtbot, train)
        assert train.session.runs_folder == folder
        assert str(folder) in button.toolTip()
        assert tree.topLevelItemCount() == runs


def test_two_runs_are_compared_in_the_same_plots(train, qtbot, fake):
    fake("obey")
    begin(qtbot, train)
    wait_for_the_end(qtbot, train)
    first = train.session.selected_run
    select(qtbot, train, first.id)
    assert not train.run_list.compare_button.isEnabled()
    assert "is shown" in train.run_list.compare_button.toolTip()
    begin(qtbot, train)
    wait_for_the_end(qtbot, train)
    select(qtbot, train, first.id)
    train.run_list.compare_button.click()
    settle(qtbot, train)
    plot = train.curves.plots["segmentation"]
    assert len(plot.rivals["seg"]) == len(plot.series["seg"]) == 20
    assert first.id in plot._note.text()
    assert train.run_list.compare_button.isChecked()
    train.run_list.compare_button.click()
    assert not plot.rivals
    train.run_list.compare_button.click()
    train.session.selected_run = first
    settle(qtbot, train)
    assert not any(plot.rivals for plot in train.curves.plots.values())
    assert not train.run_list.compare_button.isChecked()


def test_a_run_gets_another_title_but_keeps_its_folder(train, qtbot, monkeypatch):
    run = prepared_run(train)
    train.session.selected_run = run
    select(qtbot, train, "earlier")
    answers = [
        ("  the one with\nnoise ", True),
        ("x" * 81, True),
        ("", False),
        ("", True),
    ]
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: answers.pop(0))

    def rename():
        train.run_list.rename_button.click()
        settle(qtbot, train)
        return train.run_list.tree.topLevelItem(0).text(0)

    assert rename() == "the one with noise"
    assert train.status.title.text() == "the one with noise"
    assert train.run_list.selected().run.path == run.path
    tip = train.run_list.tree.topLevelItem(0).toolTip(0)
    assert tip.splitlines() == ["the one with noise", str(run.path)]
    assert rename() == "the one with noise"
    assert "at most 80" in train.status.messages.text()
    assert rename() == "the one with noise"
    assert rename() == "earlier"
    assert run.exists
    assert not run.title_file.exists()


def test_queued_runs_are_trained_one_after_another(train, qtbot, fake):
    fake("wait")
    first = begin(qtbot, train, step=5)
    train.start_button.click()
    wait_for(qtbot, lambda: len(train.session.queue) == 1)
    earlier = prepared_run(train)
    select(qtbot, train, "earlier")
    assert train.run_list.resume_button.text() == "Queue"
    train.run_list.resume_button.click()
    assert train.session.queue.place(earlier) == 2
    tree = train.run_list.tree
    rows = map(tree.topLevelItem, range(tree.topLevelItemCount()))
    states = {item.text(0): item.text(1) for item in rows}
    assert states["earlier"] == "queued 2"
    assert train.run_list.resume_button.text() == "Unqueue"
    assert train.session.selected_run.path == first.run.path
    fake("obey")
    os.kill(int(first.run.owner()["pid"]), signal.SIGKILL)
    wait_for(qtbot, lambda: earlier.state() == "finished")
    wait_for_the_end(qtbot, train)
    ends = {run.id: run.state() for run in train.session.runs()}
    assert sorted(ends.values()) == ["failed", "finished", "finished"]
    assert train.session.selected_run.path == earlier.path
    assert train.start_button.text() == "Start"


def test_stopping_a_run_ends_the_queue_and_keeps_its_runs(train, qtbot, fake):
    fake("wait")
    begin(qtbot, train, step=5)
    waiting = [prepared_run(train, name) for name in ("one", "two")]
    for run in waiting:
        select(qtbot, train, run.id)
        train.run_list.resume_button.click()
    select(qtbot, train, "one")
    train.run_list.resume_button.click()
    assert [train.session.queue.place(run) for run in waiting] == [0, 1]
    train.stop_button.click()
    assert len(train.session.queue) == 0
    words = "Will not start, since the run before was stopped: two. It stays in the"
    assert words in train.status.messages.text()
    wait_for_the_end(qtbot, train)
    assert words in train.status.messages.text()
    assert [run.state() for run in waiting] == ["prepared", "prepared"]
    select(qtbot, train, "two")
    assert train.run_list.resume_button.text() == "Start"
    assert "never been started" in train.run_list.resume_button.toolTip()


def test_a_run_that_is_queued_after_stop_was_pressed_starts(train, qtbot, fake):
    fake("deaf")
    job = begin(qtbot, train, step=5)
    settle(qtbot, train)
    before, after = (prepared_run(train, name) for name in ("before", "after"))
    train.queue(before)
    job.grace = 1.0  # the stop takes a while
    train.stop_button.click()
    fake("obey")
    select(qtbot, train, "after")
    train.run_list.resume_button.click()
    assert train.footer.queue.text() == "1 run waits to be trained: after"
    wait_for(qtbot, lambda: after.state() == "finished")
    wait_for_the_end(qtbot, train)
    assert (job.run.state(), before.state()) == ("failed", "prepared")


def test_a_run_that_is_queued_while_one_stops_and_saves_starts(train, qtbot, fake):
    fake("wait")
    job = begin(qtbot, train, step=5)
    settle(qtbot, train)
    after = prepared_run(train, "after")
    train.stop_button.click()
    train.queue(after)
    wait_for(qtbot, lambda: train.session.job is not None and train.session.job != job)
    assert job.run.state() == "stopped"
    wait_for(qtbot, lambda: train.session.job.step >= 5)
    train.stop_button.click()
    wait_for_the_end(qtbot, train)
    assert after.state() == "stopped"


def test_a_run_that_another_window_stops_starts_no_other(train, qtbot, fake):
    fake("wait")
    job = begin(qtbot, train, step=5)
    settle(qtbot, train)
    waits = prepared_run(train, "waits")
    train.queue(waits)
    job.run.request("stop")
    wait_for_the_end(qtbot, train)
    assert (job.run.state(), waits.state()) == ("stopped", "prepared")
    assert "was stopped: waits." in train.status.messages.text()
