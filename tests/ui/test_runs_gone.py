"""Runs whose folders were removed on the disk: it is said, and none is made anew."""

from __future__ import annotations

import shutil

import pytest
from qtpy.QtWidgets import QInputDialog

from napari_uda.core.spec import events as ev
from train_window import begin, prepared_run, select, settle, wait_for, wait_for_the_end

pytestmark = pytest.mark.usefixtures("own_settings")


def listed(widget):
    tree = widget.run_list.tree
    return [tree.topLevelItem(row).text(0) for row in range(tree.topLevelItemCount())]


def gone(widget, run):
    """Tell whether it is said, in words for the window, and the list is without it."""
    said = widget.status.messages.text()
    assert "--run" not in said
    assert "Traceback" not in said
    assert not run.path.exists()
    return f"{run.path} was removed" in said and run.id not in listed(widget)


@pytest.fixture
def finished(train, qtbot, fake):
    """A run that has finished and is shown."""
    fake("obey")
    begin(qtbot, train)
    wait_for_the_end(qtbot, train)
    run = train.session.selected_run
    select(qtbot, train, run.id)
    assert run.state() == "finished"
    return run


def test_the_slider_of_a_run_that_is_gone_says_it(train, qtbot, finished):
    shutil.rmtree(finished.path)
    train.previews.slider.setValue(0)
    settle(qtbot, train)
    assert gone(train, finished)
    assert train.previews.step_label.text() == "no file"
    assert not any(one.visible for one in train.previews.layers().values())


@pytest.mark.parametrize("what", ["rename", "open", "reveal", "compare"])
def test_nothing_is_done_with_a_run_that_is_gone(
    train, qtbot, finished, monkeypatch, what
):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("a title", True))
    if what in ("open", "compare"):
        train.session.selected_run = prepared_run(train)
        settle(qtbot, train)
        select(qtbot, train, finished.id)
    shutil.rmtree(finished.path)
    getattr(train.run_list, f"{what}_button").click()
    settle(qtbot, train)
    assert gone(train, finished)


def test_a_run_that_goes_while_its_title_is_typed_is_not_made_anew(
    train, qtbot, finished, monkeypatch
):
    def typed(*_, **__):
        shutil.rmtree(finished.path)
        return "a title", True

    monkeypatch.setattr(QInputDialog, "getText", typed)
    train.run_list.rename_button.click()
    settle(qtbot, train)
    assert gone(train, finished)


def test_a_run_that_goes_while_it_trains_can_only_be_left(train, qtbot, fake):
    fake("wait")
    job = begin(qtbot, train, step=5)
    settle(qtbot, train)
    shutil.rmtree(job.run.path)
    train.stop_button.click()
    wait_for_the_end(qtbot, train)
    assert gone(train, job.run)
    assert "Start a new one" in train.status.messages.text()
    assert train.start_button.isEnabled()
    for button in (train.status.resume, train.status.log_button, train.status.fix):
        assert not button.isVisibleTo(train)


@pytest.mark.parametrize("how", ["process", "thread"])
def test_a_failed_run_that_goes_before_it_is_resumed_is_gone(train, qtbot, fake, how):
    fake("fail")
    begin(qtbot, train)
    wait_for_the_end(qtbot, train)
    run = train.session.selected_run
    assert train.status.resume.isVisibleTo(train)
    shutil.rmtree(run.path)
    inside = train.experiment.inside
    inside.setCurrentIndex(inside.findData(how))
    train.status.resume.click()
    wait_for_the_end(qtbot, train)
    assert gone(train, run)
    assert not train.status.resume.isVisibleTo(train)
    assert "Starting" not in train.curves.expected


def test_a_run_that_goes_while_it_waits_is_said_when_its_turn_comes(train, qtbot, fake):
    fake("wait")
    job = begin(qtbot, train, step=5)
    settle(qtbot, train)
    waits = prepared_run(train)
    train.queue(waits)
    shutil.rmtree(waits.path)
    job.resume()
    wait_for(qtbot, lambda: train.session.job is None)
    settle(qtbot, train)
    assert gone(train, waits)
    assert not train.status.log_button.isVisibleTo(train)
    assert "Starting" not in train.curves.expected + train.status.line.text()


def test_a_fix_of_a_run_that_is_gone_is_not_tried(train, qtbot):
    run = prepared_run(train)
    failed = ev.Failed(run="earlier", step=0, message="no room.", fix={"batch_size": 1})
    run.append(failed)
    train.session.selected_run = run
    settle(qtbot, train)
    assert train.status.fix.isVisibleTo(train)
    shutil.rmtree(run.path)
    train.status.fix.click()
    settle(qtbot, train)
    assert gone(train, run)
    assert not train.status.fix.isVisibleTo(train)


def test_a_trainer_that_cannot_begin_does_not_seem_to_start(train, qtbot, fake):
    fake("refuse")
    run = prepared_run(train)
    run.append(ev.Stopped(run="earlier", step=0))
    train.resume(run)
    wait_for_the_end(qtbot, train)
    assert "do not fit together" in train.status.messages.text()
    assert "Starting" not in train.curves.expected


def test_a_run_that_goes_before_it_is_read_is_said(train, qtbot, finished):
    train.session.selected_run = None
    shutil.rmtree(finished.path)
    train.session.selected_run = finished
    settle(qtbot, train)
    train.run_list.refresh()
    settle(qtbot, train)
    assert gone(train, finished)
