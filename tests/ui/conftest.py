"""No test of the window may leave a window, timer, thread or process behind.

napari's own fixtures notice viewers only. Whatever a test started and did not end is
reported here, as an error of that test, and ended so that the next one starts clean.
"""

from __future__ import annotations

import functools
import gc
import sys
import threading
import time
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
import tifffile
from npe2 import PluginManifest
from qtpy.compat import isalive
from qtpy.QtCore import (
    QCoreApplication,
    QEvent,
    QObject,
    QSettings,
    QThread,
    QThreadPool,
    QTimer,
)
from qtpy.QtWidgets import QApplication
from superqt.utils import WorkerBase

from data_window import data_window, empty
from napari_uda.ui import estimate_row, priority, standby, trainer_process
from napari_uda.ui import session as session_module
from train_window import FAKE, open_train, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from qtpy.QtWidgets import QWidget

    NoLeftovers = Callable[..., AbstractContextManager[None]]

GRACE = 3.0
"""Seconds that something which is ending already may take."""

_FAILED = pytest.StashKey[bool]()
_SPARED: weakref.WeakSet[QObject] = weakref.WeakSet()
"""Timers and threads that the garbage collector does not list any more."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test itself failed."""
    report = yield
    if call.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[None]:
    try:
        with _no_leftovers():
            yield
    except pytest.fail.Exception:
        # The traceback of a failed test keeps its widgets alive: no second failure.
        if not request.node.stash.get(_FAILED, False):
            raise
    _spare()


@pytest.fixture(autouse=True)
def _no_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is estimated, and no trainer waits, but where a test wants it."""
    monkeypatch.setattr(estimate_row, "DELAY", 10_000_000)
    monkeypatch.setattr(standby, "ENOUGH", 2**62)


@pytest.fixture(autouse=True)
def _no_giving_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trainer is as important as the window, or tests beside it would starve it."""
    monkeypatch.setattr(priority, "NICENESS", 0)


@pytest.fixture(autouse=True, scope="session")
def _manifests_are_read_once() -> Iterator[None]:
    """Read no plugin's YAML anew for each window."""
    read = functools.cache(PluginManifest.from_file)

    def copy(file: str) -> PluginManifest:
        return read(file).model_copy(deep=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PluginManifest, "from_file", copy)
        yield


@pytest.fixture
def no_leftovers() -> NoLeftovers:
    """Return the guard as a context, to test it."""
    return _no_leftovers


@pytest.fixture
def spare() -> Callable[[], None]:
    """Return what is done after each test to what it has made, to test it."""
    return _spare


@contextmanager
def _no_leftovers(grace: float = GRACE) -> Iterator[None]:
    before = _running()
    yield
    left = _wait_for_the_end(before, grace)
    problem = _explain(left)
    _end(left)
    if left:
        pytest.fail(problem, pytrace=False)


def _spare() -> None:
    """Let the collector look no more at what there is: 6000 objects of each window."""
    gc.collect()
    _SPARED.update(_alive())
    gc.freeze()


def _alive() -> list[QObject]:
    """Return all timers and threads of Qt; spared ones are unknown to the collector."""
    # type(), because __class__ of a lazy proxy would import or raise
    new = (obj for obj in gc.get_objects() if _runs_by_itself(type(obj)))
    return [obj for obj in (*_SPARED, *new) if isalive(obj)]


def _running() -> dict[str, list[object]]:
    """List everything that could outlive a test, by what it is called in a report."""
    alive = _alive()
    return {
        "window": list(QApplication.topLevelWidgets()),
        "timer": [t for t in alive if isinstance(t, QTimer) and t.isActive()],
        "thread": [
            *(t for t in alive if isinstance(t, QThread) and _runs(t)),
            # a dummy stands for a thread of Qt that once ran Python, even if it is gone
            *(t for t in threading.enumerate() if not t.name.startswith("Dummy-")),
        ],
        "worker": list(WorkerBase._worker_set),
        "process": [
            child
            for child in psutil.Process().children(recursive=True)
            if child.status() != psutil.STATUS_ZOMBIE
        ],
    }


@functools.cache
def _runs_by_itself(kind: type) -> bool:
    # Kept for each type, as there are some hundred thousand objects to ask about.
    return issubclass(kind, QTimer | QThread)


def _runs(thread: QThread) -> bool:
    return thread.isRunning() and thread != QCoreApplication.instance().thread()


def _wait_for_the_end(
    before: dict[str, list[object]], grace: float
) -> dict[str, list[object]]:
    """Return what runs now and did not before, once `grace` seconds have passed."""
    deadline = time.monotonic() + grace
    while True:
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        left = _new(before)
        if not left or time.monotonic() > deadline:
            return left
        del left  # or it would keep alive what gc.collect() is to free
        gc.collect()  # a window in a reference cycle is no leftover
        time.sleep(0.02)


def _new(before: dict[str, list[object]]) -> dict[str, list[object]]:
    new = {
        kind: [obj for obj in now if obj not in before[kind]]
        for kind, now in _running().items()
    }
    new["window"] = [w for w in new["window"] if not _belongs(w, before["window"])]
    return {kind: objects for kind, objects in new.items() if objects}


def _belongs(window: QWidget, windows: list[object]) -> bool:
    """Tell whether it is a popup of one of `windows`, which several tests share."""
    while (window := window.parentWidget()) is not None:
        if window in windows:
            return True
    return False


def _end(left: dict[str, list[object]]) -> None:
    for worker in left.get("worker", []):
        worker.quit()
    for process in left.get("process", []):
        process.kill()
    for timer in left.get("timer", []):
        timer.stop()
    for thread in left.get("thread", []):
        if isinstance(thread, QThread):
            thread.requestInterruption()
            thread.quit()
            thread.wait(1000)
    for window in left.get("window", []):
        window.hide()
        window.deleteLater()
    if left:
        QThreadPool.globalInstance().waitForDone(1000)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _explain(left: dict[str, list[object]]) -> str:
    found = "; ".join(
        f"{len(objects)} {kind}: {', '.join(map(_describe, objects[:5]))}"
        for kind, objects in left.items()
    )
    return (
        f"The test left behind {found}. Close what it opened, stop what it started; a "
        "window that stays is usually held by a lambda or partial over self."
    )


def _describe(obj: object) -> str:
    if isinstance(obj, QTimer):
        return f"{type(obj).__name__} every {obj.interval()} ms of {obj.parent()!r}"
    if isinstance(obj, psutil.Process | threading.Thread):
        return repr(obj)
    name = obj.objectName() if isinstance(obj, QObject) else ""
    return f"{type(obj).__name__} {name!r}" if name else type(obj).__name__


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads or writes the settings of whoever runs it."""
    file = str(tmp_path / "settings.ini")
    monkeypatch.setattr(
        session_module, "_settings", lambda: QSettings(file, QSettings.Format.IniFormat)
    )


@pytest.fixture
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the runs of a test to itself."""
    monkeypatch.setenv("NAPARI_UDA_RUNS", str(tmp_path / "runs"))


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A labelled source and a target folder with one 64 x 64 image each."""
    random = np.random.default_rng(0)
    for name in ("source", "target"):
        for kind in ("images", "labels"):
            (tmp_path / name / kind).mkdir(parents=True)
        labels = np.zeros((64, 64), np.uint8)
        labels[16:40, 20:50] = 1
        image = 100 + 80 * labels + random.normal(0, 10, labels.shape)
        tifffile.imwrite(tmp_path / name / "images/a.tif", image.astype(np.uint8))
        tifffile.imwrite(tmp_path / name / "labels/a.tif", labels)
    return tmp_path


@pytest.fixture(scope="module")
def data_tab(qapp):
    """Data tab in a window that all tests of a module share."""
    with data_window() as tab:
        yield tab


@pytest.fixture
def tab(data_tab, qtbot):
    """Data tab that each test finds empty."""
    yield data_tab
    empty(qtbot, data_tab)


@pytest.fixture
def open_window(make_napari_viewer, qtbot, pair):
    """Return a function that opens a viewer with a Train tab."""
    opened = []

    def new(**options):
        widget = open_train(make_napari_viewer(**options), qtbot, pair)
        opened.append(widget)
        return widget

    yield new
    for widget in opened:
        if isalive(widget) and not widget.session.closing:
            settle(qtbot, widget)


@pytest.fixture
def train(open_window):
    """Train tab with both domains chosen."""
    return open_window()


@pytest.fixture
def fake(monkeypatch):
    """Return a function that says how the next trainers behave."""

    def behave(behaviour):
        command = (sys.executable, FAKE, behaviour)
        monkeypatch.setattr(trainer_process, "TRAIN", command)

    return behave
