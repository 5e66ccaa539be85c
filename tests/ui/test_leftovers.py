"""The guard of `conftest.py` notices what it is there for, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from napari.qt.threading import create_worker
from qtpy.QtCore import Qt, QThread, QTimer
from qtpy.QtWidgets import QWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    NoLeftovers = Callable[..., AbstractContextManager[None]]

SHORT = 0.2
LEFT = pytest.fail.Exception


def test_a_window_is_noticed(no_leftovers: NoLeftovers) -> None:
    kept = []
    with pytest.raises(LEFT, match="1 window"), no_leftovers(SHORT):
        kept.append(QWidget())


def test_a_window_held_only_by_a_cycle_is_not(no_leftovers: NoLeftovers) -> None:
    with no_leftovers():
        window = QWidget()
        window.itself = window
        del window


def test_a_closed_window_is_not_noticed(no_leftovers: NoLeftovers) -> None:
    with no_leftovers():
        window = QWidget()
        window.show()
        window.close()
        window.deleteLater()


def test_a_running_timer_is_noticed(no_leftovers: NoLeftovers) -> None:
    timer = QTimer()
    with pytest.raises(LEFT, match=r"1 timer.*70 ms"), no_leftovers(SHORT):
        timer.start(70)
    assert not timer.isActive()


def test_a_timer_known_only_to_its_parent_is_noticed(no_leftovers: NoLeftovers) -> None:
    owner = QWidget()
    with pytest.raises(LEFT, match=r"1 timer.*70 ms"), no_leftovers(SHORT):
        QTimer(owner).start(70)


def test_a_timer_of_an_earlier_test_is_noticed(
    no_leftovers: NoLeftovers, spare: Callable[[], None]
) -> None:
    timer = QTimer()
    spare()
    with pytest.raises(LEFT, match=r"1 timer.*70 ms"), no_leftovers(SHORT):
        timer.start(70)


def test_a_stopped_timer_is_not_noticed(no_leftovers: NoLeftovers) -> None:
    timer = QTimer()
    with no_leftovers():
        timer.start(70)
        timer.stop()


def test_a_qthread_is_noticed_and_ended(no_leftovers: NoLeftovers) -> None:
    thread = QThread()
    with pytest.raises(LEFT, match="1 thread: QThread"), no_leftovers(SHORT):
        thread.start()
    assert thread.isFinished()


def test_a_python_thread_is_noticed(no_leftovers: NoLeftovers) -> None:
    go = threading.Event()
    thread = threading.Thread(target=go.wait, name="slow", daemon=True)
    with pytest.raises(LEFT, match=r"1 thread.*slow"), no_leftovers(SHORT):
        thread.start()
    go.set()
    thread.join()


def test_a_worker_is_noticed_and_asked_to_quit(no_leftovers: NoLeftovers) -> None:
    def work() -> Iterator[int]:
        while True:
            time.sleep(0.01)
            yield 1

    worker = create_worker(work)
    with pytest.raises(LEFT, match="1 worker"), no_leftovers(SHORT):
        worker.start()
    assert worker.abort_requested


def test_a_worker_that_ends_in_time_is_not(no_leftovers: NoLeftovers) -> None:
    def work() -> Iterator[int]:
        yield 1

    with no_leftovers():
        create_worker(work).start()


def test_a_process_is_noticed_and_killed(no_leftovers: NoLeftovers) -> None:
    with pytest.raises(LEFT, match="1 process"), no_leftovers(SHORT):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    assert child.wait(10) != 0


def test_a_popup_of_a_window_that_stays_is_not_noticed(
    no_leftovers: NoLeftovers,
) -> None:
    window = QWidget()
    inside = QWidget(window)
    with no_leftovers(SHORT):
        QWidget(inside, Qt.WindowType.Popup)
    with pytest.raises(LEFT, match="1 window"), no_leftovers(SHORT):
        stranger = QWidget(None, Qt.WindowType.Popup)
    del stranger
    window.deleteLater()
