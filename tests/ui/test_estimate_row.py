"""The line about memory and time: it asks, waits, warns and mends."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from napari_uda.core.spec.events import Stopped
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui import estimate_row, estimating, priority, standby
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.jobs import Job
from napari_uda.ui.priority import NICENESS
from napari_uda.ui.train_widget import TrainWidget
from train_window import settle

FAKE = Path(__file__).parent / "fake_estimator.py"

pytestmark = pytest.mark.usefixtures("own_settings")


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Return a function: the workloads that were estimated so far."""
    file = tmp_path / "calls.jsonl"
    monkeypatch.setattr(estimating, "COMMAND", (sys.executable, str(FAKE), str(file)))
    monkeypatch.setattr(estimate_row, "DELAY", 50)

    def read():
        lines = file.read_text().splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]

    return read


@pytest.fixture
def widget(make_napari_viewer, qtbot, pair, calls):
    found = TrainWidget(make_napari_viewer())
    qtbot.addWidget(found)
    found.session.choose("source", DomainChoice(folder=pair / "source"))
    found.session.choose("target", DomainChoice(folder=pair / "target"))
    settle(qtbot, found)
    return found


def ready(qtbot, widget, timeout=20_000):
    """Let the data be in order, and wait for the estimate."""
    widget.session.set_problem("")
    widget.show()
    told(qtbot, widget, timeout)


def told(qtbot, widget, timeout=20_000):
    row = widget.experiment.estimate
    qtbot.waitUntil(lambda: row.words.text() and not row.busy, timeout=timeout)


def autogroup(pid):
    """Return the words about a scheduling group; none where there are no groups."""
    file = Path(f"/proc/{pid}/autogroup")
    return file.read_text().split() if file.exists() else []


def children():
    return [tuple(child.cmdline()) for child in running()]


def running(script=""):
    """Return the child processes that have not ended, of a script or all."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # it has just ended
            if str(script) in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_nothing_is_said_and_started_before_there_are_data(qtbot, widget, calls):
    widget.show()
    qtbot.wait(200)
    assert widget.experiment.estimate.words.text() == ""
    assert not widget.experiment.estimate.busy
    assert calls() == []


def test_memory_and_time_are_told_while_start_can_be_pressed(qtbot, widget, calls):
    widget.experiment.form.change({"batch_size": 2})
    widget.session.set_problem("")
    widget.show()
    row = widget.experiment.estimate
    assert row.busy
    assert "Estimating" in row.words.text()
    assert widget.start_button.isEnabled()
    told(qtbot, widget)
    assert row.words.text() == "About 2.0 GB of 4.2 GB free, 6 minutes on cuda:0"
    assert row.fix.isHidden()
    (workload,) = calls()
    assert workload["source"] == [[64, 64]]
    assert workload["method"]["batch_size"] == 2


def test_a_busy_machine_is_told_apart_from_a_long_run(qtbot, widget):
    widget.experiment.form.change({"batch_size": 1})
    ready(qtbot, widget)
    row = widget.experiment.estimate
    assert "6 minutes on cuda:0, longer while other work takes 90% of it" in (
        row.words.text()
    )
    assert "many times as long" in row.words.toolTip()


def test_what_does_not_fit_is_mended_by_the_button(qtbot, widget):
    widget.experiment.form.change({"batch_size": 8})
    ready(qtbot, widget)
    row = widget.experiment.estimate
    assert "Needs about 8.0 GB, 4.2 GB free on cuda:0: try batch_size = 4" in (
        row.words.text()
    )
    assert row.fix.text() == "Use batch_size = 4"
    row.fix.click()
    assert widget.experiment.form.value().batch_size == 4
    told(qtbot, widget)
    assert row.words.text().startswith("About 4.0 GB")
    assert row.fix.isHidden()


def test_settings_that_were_estimated_are_not_estimated_again(qtbot, widget, calls):
    form = widget.experiment.form
    form.change({"batch_size": 2})
    ready(qtbot, widget)
    form.change({"batch_size": 4})
    told(qtbot, widget)
    form.change({"batch_size": 2})
    assert widget.experiment.estimate.words.text().startswith("About 2.0 GB")
    widget.experiment.run_name.setText("another-name")
    assert not widget.experiment.estimate.busy
    assert len(calls()) == 2


def test_a_stale_estimate_is_ended_and_replaced(qtbot, widget, calls, monkeypatch):
    monkeypatch.setattr(priority, "NICENESS", NICENESS)
    form = widget.experiment.form
    form.change({"batch_size": 3})  # takes a minute
    widget.session.set_problem("")
    widget.show()
    qtbot.waitUntil(lambda: len(calls()) == 1, timeout=20_000)
    (child,) = running(FAKE)
    if psutil.POSIX:
        assert child.nice() == NICENESS
    # On Linux the group that shares the cores gives way; it must not be the window's.
    if own := autogroup("self"):
        group, _, niceness = autogroup(child.pid)
        assert group != own[0]
        assert int(niceness) == NICENESS
    form.change({"batch_size": 2})
    told(qtbot, widget)
    assert widget.experiment.estimate.words.text().startswith("About 2.0 GB")
    qtbot.waitUntil(lambda: not child.is_running(), timeout=5000)


def test_a_run_that_starts_ends_the_estimate(qtbot, widget, calls, tmp_path):
    widget.experiment.form.change({"batch_size": 3})  # takes a minute
    widget.session.set_problem("")
    widget.show()
    qtbot.waitUntil(lambda: len(calls()) == 1, timeout=20_000)
    (child,) = running(FAKE)
    job = Job(RunFolder(tmp_path / "run"))
    widget.session.job = job
    qtbot.waitUntil(lambda: not child.is_running(), timeout=5000)
    words = widget.experiment.estimate.words.text()
    assert "No estimate of memory and time during a run: it would" in words
    job.ended.emit(Stopped(run="run", step=0))


def test_the_child_ends_with_the_window(qtbot, widget, calls):
    widget.experiment.form.change({"batch_size": 3})  # takes a minute
    widget.session.set_problem("")
    widget.show()
    qtbot.waitUntil(lambda: len(calls()) == 1, timeout=20_000)
    # no_leftovers, which every test here has, would find the child


def test_a_trainer_gets_ready_then_and_ends_with_the_window(qtbot, widget, monkeypatch):
    waits = (sys.executable, "-c", "input()")
    monkeypatch.setattr(standby, "COMMAND", waits)
    monkeypatch.setattr(standby, "ENOUGH", 0)
    widget.experiment.form.change({"batch_size": 2})
    ready(qtbot, widget)

    qtbot.waitUntil(lambda: waits in children(), timeout=5000)
    # no_leftovers, which every test here has, would find the child


def test_a_trainer_gets_ready_while_the_line_is_out_of_sight(
    qtbot, widget, monkeypatch, calls
):
    waits = (sys.executable, "-c", "input()")
    monkeypatch.setattr(standby, "COMMAND", waits)
    monkeypatch.setattr(standby, "ENOUGH", 0)
    assert waits not in children()
    widget.session.set_problem("")
    qtbot.waitUntil(lambda: waits in children(), timeout=5000)
    assert calls() == []


def test_why_there_is_no_estimate_is_said(qtbot, widget):
    widget.experiment.form.change({"batch_size": 5})
    ready(qtbot, widget)
    assert "device cuda:7 is not available." in widget.experiment.estimate.words.text()
    assert widget.start_button.isEnabled()


def test_layers_are_estimated_by_their_shapes(qtbot, widget, calls):
    viewer = widget.session.viewer
    image = viewer.add_image(np.zeros((5, 70, 80), np.uint8), name="stack")
    labels = viewer.add_labels(np.ones((5, 70, 80), np.uint8), name="organs")
    widget.session.choose("source", DomainChoice(layers=(LayerPair(image, labels),)))
    widget.session.choose("target", DomainChoice(layers=(LayerPair(image),)))
    settle(qtbot, widget)
    widget.experiment.form.change({"batch_size": 2})
    ready(qtbot, widget)
    assert calls()[-1]["source"] == calls()[-1]["target"] == [[5, 70, 80]]
