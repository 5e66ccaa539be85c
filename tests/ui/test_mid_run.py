"""What is deleted under a training, and what many trainings leave behind: nothing."""

from __future__ import annotations

import gc
import shutil
import threading

import numpy as np
import psutil
import pytest
from qtpy.compat import isalive
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QMessageBox

from napari_uda.core.spec.domain import Structure
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.jobs import Job
from train_window import (
    begin,
    prepared_run,
    select,
    settle,
    wait_for,
    wait_for_the_end,
)

pytestmark = pytest.mark.usefixtures("own_settings")


def go_on(qtbot, widget):
    """Let a fake trainer that waits at step 5 make the other 15 steps."""
    widget.session.job.resume()
    wait_for_the_end(qtbot, widget)


def test_layers_deleted_in_a_training_are_not_missed(train, qtbot, fake):
    fake("wait")
    viewer = train.session.viewer
    image = viewer.add_image(np.random.default_rng(0).random((20, 64, 64)))
    labels = viewer.add_labels(np.ones((20, 64, 64), int))
    classes = {1: Structure(name="cell")}
    choice = DomainChoice(layers=(LayerPair(image, labels),), classes=classes)
    for name in ("source", "target"):
        train.session.choose(name, choice)
    settle(qtbot, train)
    begin(qtbot, train, step=5)
    wait_for(qtbot, lambda: len(train.previews.layers()) == 2)
    settle(qtbot, train)
    viewer.layers.remove(train.previews.layers()["source"])
    viewer.layers.remove(image)
    viewer.layers.remove(labels)
    assert train.session.choices["source"].empty
    go_on(qtbot, train)
    assert "Finished" in train.status.line.text()
    wait_for(qtbot, lambda: set(train.previews.layers()) == {
        "source", "source_prediction"
    })  # fmt: skip
    run = train.session.selected_run
    assert run.experiment().data.source.samples[0].image.exists()
    train.start_button.click()
    assert "There is no source" in train.status.messages.text()


def test_all_layers_can_be_cleared_in_a_training(train, qtbot, fake):
    fake("wait")
    begin(qtbot, train, step=5)
    wait_for(qtbot, lambda: len(train.previews.layers()) == 2)
    settle(qtbot, train)
    train.session.viewer.layers.clear()
    go_on(qtbot, train)
    wait_for(qtbot, lambda: len(train.previews.layers()) == 2)
    assert train.session.selected_run.state() == "finished"


def test_a_folder_deleted_before_it_is_opened_is_a_sentence(
    train, qtbot, fake, monkeypatch
):
    fake("obey")
    run = prepared_run(train)
    select(qtbot, train, "earlier")
    shutil.rmtree(run.path)
    train.run_list.open_button.click()
    settle(qtbot, train)
    assert f"{run.path} was removed" in train.status.messages.text()
    assert train.run_list.tree.topLevelItemCount() == 0


def test_a_folder_deleted_by_somebody_else_can_be_deleted(train, qtbot, monkeypatch):
    run = prepared_run(train)
    select(qtbot, train, "earlier")
    shutil.rmtree(run.path)
    yes = QMessageBox.StandardButton.Yes
    monkeypatch.setattr(QMessageBox, "question", lambda *_: yes)
    train.run_list.delete_button.click()
    wait_for(qtbot, lambda: train.run_list._deleter is None)
    settle(qtbot, train)
    assert train.run_list.tree.topLevelItemCount() == 0
    assert not train.status.messages.text()


def counts(widget):
    """Count what could grow with every run."""
    gc.collect()
    objects = gc.get_objects()
    timers = [one for one in objects if type(one) is QTimer and isalive(one)]
    return {
        "widgets": len(QApplication.allWidgets()),
        "timers": len(timers),
        "jobs": sum(type(one) is Job and isalive(one) for one in objects),
        "threads": threading.active_count(),
        "processes": len(psutil.Process().children(recursive=True)),
        "layers": len(widget.session.viewer.layers),
        "plots": len(widget.curves.plots),
    }


def test_twenty_starts_and_stops_leave_no_more_than_one(train, qtbot, fake):
    fake("wait")

    def start_and_stop():
        begin(qtbot, train, step=5)  # each with a preview and scores
        train.stop_button.click()
        wait_for_the_end(qtbot, train)
        assert train.session.selected_run.state() == "stopped"

    for _ in range(2):
        start_and_stop()
    before = counts(train)
    for _ in range(18):
        start_and_stop()
    after = counts(train)
    assert len(train.session.runs()) == 20
    assert {key: n for key, n in after.items() if n > before[key]} == {}
