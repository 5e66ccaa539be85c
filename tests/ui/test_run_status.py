"""What the Train tab says while nothing is heard of a run."""

from __future__ import annotations

import pytest

from napari_uda.core.spec import events as ev
from napari_uda.ui import run_status as module
from napari_uda.ui.run_status import RunStatus


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def status(qtbot, clock):
    widget = RunStatus()
    qtbot.addWidget(widget)
    qtbot.addWidget(widget.progress)
    widget._timer.setInterval(5)
    widget.add(
        [
            ev.Started(
                run="r", step=0, method="grl", steps=60, device="cpu",
                precision="float32", loss_groups={},
            )
        ]
    )  # fmt: skip
    return widget


def step(number, speed):
    return ev.Step(
        run="r", step=number, losses={}, speed=speed, remaining=9, memory=0.1
    )


def test_a_run_that_is_not_heard_of_says_for_how_long(status, clock, qtbot):
    status.foretell("running")
    status.add([step(10, 1 / 6)])
    clock[0] += 119
    with qtbot.waitSignal(status._timer.timeout):
        pass
    assert "no news" not in status.line.text()
    clock[0] += 1
    words = "no news for 2:00 min (a report is due every 1:00 min)"
    qtbot.waitUntil(lambda: words in status.line.text())
    assert "6.0 seconds per step" in status.line.text()
    status.add([step(20, 1 / 6)])
    assert "no news" not in status.line.text()
    status.add([step(21, 1 / 6)])
    clock[0] += 15
    words = "no news for 15 s (a report is due every 6 s)"
    qtbot.waitUntil(lambda: words in status.line.text())


def test_the_steps_that_a_resumed_run_was_set_back_by_are_no_pace(status, clock, qtbot):
    status.foretell("running")
    status.add([step(10, 1.0), step(20, 1.0)])
    resumed = ev.Resumed(
        run="r", step=12, method="grl", steps=60, device="cpu", precision="float32",
        loss_groups={},
    )  # fmt: skip
    status.add([resumed, step(22, 1.0)])
    clock[0] += 30
    words = "no news for 30 s (a report is due every 10 s)"
    qtbot.waitUntil(lambda: words in status.line.text())


def test_before_the_first_step_its_time_is_not_known(status, clock, qtbot):
    status.foretell("running")
    clock[0] += 95
    qtbot.waitUntil(lambda: status.line.text() == "no news for 1:35 min")


@pytest.mark.parametrize("state", ["paused", "stopping", "ended"])
def test_of_a_run_that_waits_or_has_ended_no_news_is_expected(status, clock, state):
    status.foretell("running")
    assert status._timer.isActive()
    status.foretell(state)
    assert not status._timer.isActive()


def test_of_another_run_that_is_opened_no_news_is_expected(status):
    status.foretell("running")
    status.clear("another")
    assert not status._timer.isActive()


def test_what_is_said_of_a_pause_ends_with_it(status):
    status.add([step(10, 2.0), ev.Paused(run="r", step=10)])
    assert status.line.text() == "Paused and saved."
    status.add([ev.Continued(run="r", step=10)])
    assert status.line.text().startswith("2.0 steps per second")


def test_a_note_is_no_error(status):
    status.note("two will not start.")
    assert "Two will not start." in status.messages.text()
    assert not status.resume.isVisibleTo(status)
