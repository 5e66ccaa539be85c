"""A long look at data: how far it is, how long it takes, and an end to it."""

from __future__ import annotations

import threading

import pytest

from data_window import folder_of, look
from napari_uda.core.data import inspect as module
from napari_uda.ui import progress
from napari_uda.ui.choice import DomainChoice
from napari_uda.ui.progress import Count


@pytest.fixture
def folders(tmp_path):
    return {
        "source": DomainChoice(folder=folder_of(tmp_path / "source", 1)),
        "target": DomainChoice(folder=folder_of(tmp_path / "target", 5)),
    }


@pytest.fixture
def go_on(monkeypatch):
    """Let a look read one sample, and then wait until this event is set."""
    event = threading.Event()
    read = module.inspect_samples

    def slow(*given, **named):
        for number, report in enumerate(read(*given, **named)):
            if number == 1:
                event.wait(20)
            yield report

    monkeypatch.setattr(module, "inspect_samples", slow)
    yield event
    event.set()


def test_it_says_how_far_it_is(tab, qtbot, folders, go_on):
    for name, choice in folders.items():
        tab.session.choose(name, choice)
    qtbot.waitUntil(lambda: tab.table.samples.rowCount() == 1)
    assert tab.verdict.text().endswith("1 of 4")
    assert tab.samples.stop.isVisibleTo(tab)
    assert tab.session.problem == "The data are being looked at."
    go_on.set()
    qtbot.waitUntil(lambda: tab.session.problem == "")
    assert tab.table.samples.rowCount() == 4
    assert not tab.samples.stop.isVisibleTo(tab)


def test_it_can_be_stopped_and_begun_again(tab, qtbot, folders, go_on):
    for name, choice in folders.items():
        tab.session.choose(name, choice)
    qtbot.waitUntil(lambda: tab.table.samples.rowCount() == 1)
    assert "(Esc)" in tab.samples.stop.toolTip()
    tab.samples.stop.click()
    assert not tab._worker.busy
    assert not tab.samples.stop.isVisibleTo(tab)
    assert "was stopped: look again (F5)" in tab.verdict.text()
    assert tab.session.problem in tab.verdict.text()
    go_on.set()
    qtbot.wait(200)
    assert tab.table.samples.rowCount() == 1
    assert "was stopped" in tab.session.problem
    tab.samples.again.click()
    qtbot.waitUntil(lambda: tab.session.problem == "")
    assert tab.table.samples.rowCount() == 4


def test_a_look_that_fails_is_a_sentence(tab, qtbot, folders, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("out of luck")  # napari lets these vanish

    monkeypatch.setattr(module, "inspect_samples", fail)
    look(qtbot, tab, **folders)
    assert "could not be looked at: out of luck" in tab.verdict.text()
    assert tab.session.problem in tab.verdict.text()
    assert not tab.samples.stop.isVisibleTo(tab)


def test_the_time_left_is_that_of_what_was_done(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    count = Count(40)
    now[0] = 0.01
    assert count.next() == "1 of 40"
    now[0] = 20.0
    assert count.next() == "2 of 40, 6:20 min left"
    assert Count(1).next() == "1 of 1"
