"""A window closes only as its user wants, and a run left behind is offered again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtWidgets import QApplication, QLabel, QMainWindow, QMessageBox

from napari_uda.core.spec.events import Finished, Stopped
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui.background_row import BackgroundRow
from napari_uda.ui.closing import CloseGuard, guard_window
from napari_uda.ui.run_summary import RunSummary
from napari_uda.ui.session import Session

if TYPE_CHECKING:
    from pathlib import Path


class FakeJob(QObject):
    """A job that notes what is asked of it."""

    ended = Signal(object)

    def __init__(self, how: str = "process") -> None:
        super().__init__()
        self.how, self.step, self.stops = how, 1234, 0
        self.run = SimpleNamespace(id="em_grl_01", title="My run")

    def stop(self) -> None:
        self.stops += 1


@pytest.fixture
def session(make_napari_viewer):
    return Session.of(make_napari_viewer())


@pytest.fixture
def window(qtbot, session):
    window = QMainWindow()
    inside = QLabel("image")
    holder = QMainWindow()
    holder.setCentralWidget(inside)
    window.setCentralWidget(holder)
    # At the end it is closed once more.
    qtbot.addWidget(
        window, before_close_func=lambda _: setattr(session, "closing", True)
    )
    guard_window(QLabel("Train", window), session)
    window.show()
    return window


def answer(seen, words):
    """Click the button with these words as soon as the question is there."""

    def click():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        buttons = [button.text() for button in box.buttons()]
        seen.append((box.text(), buttons, box.informativeText()))
        next(b for b in box.buttons() if words in b.text()).click()

    QTimer.singleShot(50, click)


def test_without_a_job_nothing_is_asked(window):
    window.close()
    assert not window.isVisible()


def test_keep_closes_and_stops_nothing(window, session, qtbot):
    session.job, seen = FakeJob(), []
    answer(seen, "Keep")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert session.job.stops == 0
    assert "My run is being trained" in seen[0][0]
    assert "1,234" in seen[0][0]


def test_stop_closes_once_the_run_is_saved(window, session):
    session.job = job = FakeJob()
    answer([], "Stop")
    window.close()
    assert window.isVisible()
    assert job.stops == 1
    job.ended.emit(None)
    assert not window.isVisible()


def test_cancel_leaves_everything_as_it_is(window, session):
    session.job, seen = FakeJob(), []
    answer(seen, "Cancel")
    window.close()
    assert window.isVisible()
    assert session.job.stops == 0
    answer(seen, "Keep")
    window.close()
    assert len(seen) == 2


def test_a_training_inside_napari_cannot_be_kept(window, session):
    session.job, seen = FakeJob("thread"), []
    answer(seen, "Cancel")
    window.close()
    assert not any("Keep" in text for text in seen[0][1])


def test_a_script_that_closes_the_viewer_is_not_asked(window, session):
    session.job = FakeJob()
    window.centralWidget().centralWidget().hide()
    window.centralWidget().hide()
    window.close()
    assert not window.isVisible()


def test_a_shown_viewer_is_closed_by_a_script_without_a_question(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    label = QLabel("Train")
    viewer.window.add_dock_widget(label)
    session = Session.of(viewer)
    guard_window(label, session)
    guard_window(label, session)
    session.job = FakeJob()
    assert len(label.window().findChildren(CloseGuard)) == 1
    viewer.close()  # would hang


def listed(path: Path, state: str) -> RunSummary:
    return RunSummary(RunFolder(path), state, 240, None)


def test_a_run_in_the_background_is_offered(qtbot, session, tmp_path):
    row = BackgroundRow(session)
    qtbot.addWidget(row)
    ended, living = listed(tmp_path / "a", "stopped"), listed(tmp_path / "b", "running")
    row.show_runs([ended])
    assert row.isHidden()
    row.show_runs([ended, living, listed(tmp_path / "c", "paused")])
    assert not row.isHidden()
    assert "b is being trained in the background, step 240, and 1 more" in (
        row.words.text()
    )
    with qtbot.waitSignal(row.attach_asked) as asked:
        row.follow.click()
    assert asked.args == [living.run]


def test_nothing_is_offered_while_a_run_is_followed(qtbot, session, tmp_path):
    row = BackgroundRow(session)
    qtbot.addWidget(row)
    session.job = FakeJob()
    row.show_runs([listed(tmp_path / "b", "running")])
    assert row.isHidden()
    session.job = None
    assert row.isHidden()  # until the list has been read again
    row.show_runs([listed(tmp_path / "b", "running")])
    assert not row.isHidden()


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 run waits in the queue"), (2, "2 runs wait in the queue")],
)
def test_runs_that_wait_are_not_forgotten(window, session, tmp_path, count, words):
    session.job, seen = FakeJob(), []
    answer(seen, "Cancel")
    window.close()
    assert "queue" not in seen[0][2]
    for number in range(count):
        session.queue.add(RunFolder(tmp_path / str(number)), "process")
    answer(seen, "Cancel")
    window.close()
    assert words in seen[1][2]
    assert "offers to go on with" in seen[1][2]


def test_no_run_begins_in_a_window_that_closes(window, session, tmp_path, qtbot):
    session.job = job = FakeJob()
    session.queue.add(RunFolder(tmp_path / "waits"), "process")
    answer([], "Keep")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    job.ended.emit(Finished(run="em_grl_01", step=1234, seconds=1))
    assert session.job is None
    assert len(session.queue) == 1


def test_stopping_at_the_end_starts_and_forgets_no_run(window, session, tmp_path):
    session.job = job = FakeJob()
    waits = RunFolder(tmp_path / "waits")
    session.queue.add(waits, "process")
    answer([], "Stop")
    window.close()
    job.ended.emit(Stopped(run="em_grl_01", step=1234))
    assert not window.isVisible()
    assert session.queue.place(waits) == 1
    assert session.job is None
