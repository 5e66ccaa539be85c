"""What the user sees when a training fails: row by row of the design's table."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import threading
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtWidgets import QDialog, QPlainTextEdit

from napari_uda.core.spec.domain import Structure
from napari_uda.ui import array_file
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.predict_widget import PredictWidget
from train_window import (
    begin,
    prepared_run,
    select,
    settle,
    train_here,
    wait_for,
    wait_for_the_end,
)

pytestmark = pytest.mark.usefixtures("own_settings")


@pytest.fixture
def break_at(monkeypatch):
    """Return a function that lets weights and losses become NaN at some steps."""
    import torch  # not before Qt

    from napari_uda.core.methods.source_only import SourceOnly

    step = SourceOnly.step

    def break_it(*calls):
        count = iter(range(1, 10_000))

        def broken(self, batch, engine):
            if next(count) not in calls:
                return step(self, batch, engine)
            with torch.no_grad():
                for parameter in self.parameters():
                    parameter.fill_(float("nan"))
            return {"seg": torch.tensor(float("nan"))}

        monkeypatch.setattr(SourceOnly, "step", broken)

    return break_it


def light_of(widget, name):
    return next(light for light in widget.lights.lights() if light.name == name)


def test_nan_is_rolled_back_once_under_a_yellow_light(train, qtbot, break_at):
    break_at(8)
    train_here(train, "source_only", steps=12)
    train.start_button.click()
    wait_for(qtbot, lambda: train.session.job is not None)
    wait_for_the_end(qtbot, train)
    assert train.session.selected_run.state() == "finished"
    words = "(NaN) at step 8: rolled back to step 5 and halved the learning rate"
    assert words in train.status.messages.text()
    assert not train.status.resume.isVisibleTo(train)
    wait_for(qtbot, lambda: light_of(train, "numbers").level == "warning")
    assert light_of(train, "numbers").words == "invalid numbers undone"


def test_nan_a_second_time_stops_and_explains(train, qtbot, break_at):
    break_at(8, 12)
    train_here(train, "source_only", steps=20)
    train.start_button.click()
    wait_for(qtbot, lambda: train.session.job is not None)
    wait_for_the_end(qtbot, train)
    said = train.status.messages.text()
    assert "(NaN) at step 9 again after the learning rate was halved" in said
    assert "lower method.learning_rate" in said
    assert train.status.resume.isVisibleTo(train)
    wait_for(qtbot, lambda: light_of(train, "numbers").level == "error")
    run = train.session.selected_run
    assert (run.checkpoints / "last.pt").exists()


def test_a_full_disk_is_waited_for_and_the_checkpoint_before_kept(
    train, qtbot, monkeypatch
):
    from napari_uda.core.engine import trainer  # not before Qt

    save, room = trainer.save_checkpoint, threading.Event()
    monkeypatch.setattr(trainer, "RETRY", 0.05)

    def save_if_room(path, content):
        if content["step"] >= 10 and not room.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        save(path, content)

    monkeypatch.setattr(trainer, "save_checkpoint", save_if_room)
    train_here(train, "source_only", steps=12)
    job = begin(qtbot, train, step=6)
    last = job.run.checkpoints / "last.pt"
    status = train.status
    wait_for(qtbot, lambda: "disk is full" in status.messages.text())
    before = last.read_bytes()
    assert f"{last} needs " in status.messages.text()
    assert "MB are free" in status.messages.text()
    assert "Waiting for room" in status.line.text()
    qtbot.wait(300)
    assert job.step == 10
    assert last.read_bytes() == before
    room.set()
    wait_for_the_end(qtbot, train)
    assert job.run.state() == "finished"
    assert last.read_bytes() != before
    assert "disk" not in status.messages.text()


def test_a_run_can_be_stopped_while_it_waits_for_room(train, qtbot, monkeypatch):
    from napari_uda.core.engine import trainer  # not before Qt

    save = trainer.save_checkpoint
    monkeypatch.setattr(trainer, "RETRY", 0.05)

    def never_again(path, content):
        if content["step"] >= 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(path, content)

    monkeypatch.setattr(trainer, "save_checkpoint", never_again)
    train_here(train, "source_only", steps=12)
    begin(qtbot, train, step=6)
    wait_for(qtbot, lambda: "disk is full" in train.status.messages.text())
    train.stop_button.click()
    wait_for_the_end(qtbot, train)
    assert "make room and resume the run" in train.status.messages.text()
    monkeypatch.setattr(trainer, "save_checkpoint", save)
    train.status.resume.click()
    wait_for_the_end(qtbot, train)
    assert train.session.selected_run.state() == "finished"


def test_layers_that_the_disk_has_no_room_for_are_a_sentence(
    train, qtbot, fake, monkeypatch
):
    fake("obey")
    viewer = train.session.viewer
    image = viewer.add_image(np.random.default_rng(0).random((20, 64, 64)))
    labels = viewer.add_labels(np.ones((20, 64, 64), int))
    classes = {1: Structure(name="cell")}
    for name in ("source", "target"):
        choice = DomainChoice(layers=(LayerPair(image, labels),), classes=classes)
        train.session.choose(name, choice)
    settle(qtbot, train)
    free = namedtuple("usage", "free")
    with monkeypatch.context() as patch:
        patch.setattr(array_file.shutil, "disk_usage", lambda _: free(200_000))
        train.start_button.click()
        wait_for(qtbot, lambda: "disk is full" in train.status.messages.text())
    said = train.status.messages.text()
    assert str(train.session.runs_folder) in said
    assert "needs 1 MB" in said
    assert train.session.runs() == []
    assert list(train.session.runs_folder.iterdir()) == []
    assert train.setup.is_open
    train.start_button.click()  # there is room again
    wait_for(qtbot, lambda: train.session.job is not None)
    wait_for_the_end(qtbot, train)
    assert train.session.selected_run.state() == "finished"


def test_a_real_trainer_that_is_killed_goes_on_from_its_checkpoint(train, qtbot):
    train_here(train, "source_only", steps=100_000)
    inside = train.experiment.inside
    inside.setCurrentIndex(inside.findData("process"))
    job = begin(qtbot, train, step=11)
    run = job.run
    os.kill(int(run.owner()["pid"]), signal.SIGKILL)
    wait_for_the_end(qtbot, train)
    status = train.status
    assert "Stopped unexpectedly (signal 9, killed) at step" in status.messages.text()
    assert run.state() == "failed"
    status.log_button.click()
    dialog = train.findChild(QDialog)
    assert dialog.findChild(QPlainTextEdit).toPlainText() == run.log_tail().strip()
    dialog.close()
    killed_at = job.step
    inside.setCurrentIndex(inside.findData("thread"))
    status.resume.click()
    wait_for(qtbot, lambda: train.session.job.step > killed_at)
    train.stop_button.click()
    wait_for_the_end(qtbot, train)
    assert run.state() == "stopped", run.log_tail()
    resumed = next(event for event in run.events() if event.kind == "resumed")
    assert 10 <= resumed.step <= killed_at
    assert not status.messages.text()


class Bomb:
    """What would make a file if it were unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


def foreign(path):
    """Write a checkpoint as an attacker would; return what it would make."""
    path.parent.mkdir(parents=True)
    made = path.with_name("executed")
    path.write_bytes(pickle.dumps({"format": 1, "average": Bomb(made)}))
    return made


def newer(path):
    import torch  # not before Qt

    path.parent.mkdir(parents=True)
    torch.save({"format": 99}, path)


def damaged(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PK\x03\x04 torn")


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (foreign, "nothing in it was executed"),
        (damaged, "is damaged"),
        (newer, "newer napari-uda"),
    ],
    ids=["foreign", "damaged", "newer"],
)
def test_a_checkpoint_that_cannot_be_used_is_one_sentence(train, qtbot, write, words):
    train_here(train)
    run = prepared_run(train)
    made = write(run.checkpoints / "last.pt")
    select(qtbot, train, "earlier")
    train.run_list.resume_button.click()
    wait_for_the_end(qtbot, train)
    said = train.status.messages.text()
    assert words in said
    assert "last.pt" in said
    assert "Traceback" not in said
    assert made is None or not made.exists()
    assert (run.checkpoints / "last.pt").exists()


def test_a_foreign_checkpoint_is_not_executed_by_a_prediction(train, qtbot, pair):
    made = foreign(prepared_run(train).checkpoints / "best.pt")
    viewer = train.session.viewer
    viewer.open(str(pair / "target/images/a.tif"), plugin="napari")
    widget = PredictWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Predict", area="right")
    wait_for(qtbot, widget.predict.isEnabled)
    widget.predict.click()
    wait_for(qtbot, lambda: not widget._work.busy)
    assert "nothing in it was executed" in widget.message.text()
    assert not made.exists()


def test_a_run_of_a_newer_version_is_one_sentence_and_stays(train, qtbot):
    run = prepared_run(train)
    text = run.experiment_file.read_text().replace("version: 1", "version: 2")
    assert "version: 2" in text
    run.experiment_file.write_text(text)
    words = "has format 2, but this napari-uda reads format 1: update napari-uda."
    select(qtbot, train, "earlier")
    train.run_list.open_button.click()
    settle(qtbot, train)
    assert words in train.status.messages.text()
    train_here(train)
    train.run_list.resume_button.click()
    wait_for_the_end(qtbot, train)
    assert words in train.status.messages.text()
    assert run.experiment_file.read_text() == text


def test_a_broken_event_file_shows_what_can_be_read(train, qtbot, fake):
    fake("obey")
    begin(qtbot, train)
    wait_for_the_end(qtbot, train)
    run = train.session.selected_run
    lines = run.events_file.read_bytes().splitlines(keepends=True)
    lines[3:5] = [b"\x00\xff not json\n", b'{"kind": "from the future", "step": 4}\n']
    Path(run.events_file).write_bytes(b"".join(lines))
    train.session.selected_run = None
    select(qtbot, train, run.id)
    train.run_list.open_button.click()
    settle(qtbot, train)
    assert "Finished" in train.status.line.text()
    steps = train.curves.plots["segmentation"].series["seg"].arrays()[0]
    assert 15 < len(steps) < 20
