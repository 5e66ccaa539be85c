"""A dock that is closed ends its widget: it hears, shows and does nothing any more."""

from __future__ import annotations

import gc
import weakref

import pytest
from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget

from napari_uda.ui import parting
from napari_uda.ui.dock import AdaptationDock
from napari_uda.ui.launch import open_dock
from napari_uda.ui.parting import Parting
from napari_uda.ui.session import Session
from train_window import answer, begin, prepared_run, settle, wait_for, wait_for_the_end

pytestmark = pytest.mark.usefixtures("own_settings")


class Child(QWidget):
    """Has a timer, and a collector of garbage that comes in between."""

    def __init__(self):
        super().__init__()
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.calls = 0

    def work(self, _run=None):
        self.calls += 1
        gc.collect()
        self.timer.start()


class Docked(QWidget):
    """What napari lets go of, in a cycle of references as our widgets are."""

    def __init__(self, session):
        super().__init__()
        self.own = self
        self.child = Child()
        QVBoxLayout(self).addWidget(self.child)
        session.run_selected.connect(self.child.work)
        Parting(self)


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


def turn():
    QApplication.processEvents()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def close_dock(viewer, widget):
    """Close a dock as its button does; return what is left of the widget."""
    viewer.window.add_dock_widget(widget, area="right")
    viewer.window.remove_dock_widget(widget)
    return weakref.ref(widget)


def test_the_collector_ends_nothing_while_it_works(viewer):
    session = Session.of(viewer)
    left = close_dock(viewer, Docked(session))
    child = weakref.ref(left().child)
    session.run_selected.emit(None)  # in the same turn: the collector comes, and ...
    assert child().calls == 1
    assert isalive(child().timer)
    turn()
    assert left() is None or not isalive(left())
    session.run_selected.emit(None)
    assert child() is None or child().calls == 1


def test_what_is_shown_as_a_window_goes_on(viewer, qtbot):
    widget = Docked(Session.of(viewer))
    close_dock(viewer, widget)
    widget.show()
    qtbot.addWidget(widget)
    turn()
    assert isalive(widget)
    assert widget not in parting._LEAVING  # Python may end it


def test_what_gets_another_parent_at_once_goes_on(viewer):
    session = Session.of(viewer)
    widget = Docked(session)
    close_dock(viewer, widget)
    viewer.window.add_dock_widget(widget, area="left")
    turn()
    session.run_selected.emit(None)
    assert widget.child.calls == 1
    viewer.window.remove_dock_widget(widget)
    turn()
    assert not isalive(widget)


@pytest.mark.parametrize(
    "name", ["Domain adaptation", "1 Data", "2 Train", "3 Predict", "4 Check"]
)
def test_no_widget_of_ours_outlives_its_dock(viewer, qtbot, name):
    dock, widget = viewer.window.add_plugin_dock_widget("napari-uda", name)
    qtbot.wait(300)
    dock.destroyOnClose()
    wait_for(qtbot, lambda: not isalive(widget))
    session = Session.of(viewer)
    session.runs_changed.emit()
    session.choices_changed.emit()
    viewer.add_points([[0, 0]])
    assert bool(viewer.keymap) == (name == "3 Predict")
    for action in list(viewer.keymap.values()):
        action(viewer)


def test_the_question_stays_when_the_dock_that_started_the_run_is_closed(
    open_window, qtbot, fake
):
    fake("wait")
    train = open_window(show=True)
    session, window = train.session, train.window()
    job = begin(qtbot, train, step=5)
    settle(qtbot, train)
    session.viewer.window.remove_dock_widget(train)
    wait_for(qtbot, lambda: not isalive(train))
    seen = []
    answer("Cancel", seen)
    window.close()
    assert window.isVisible()
    assert "step 5 at its last report" in seen[0]

    dock = open_dock(session.viewer)  # its Train tab is not even made
    assert isinstance(dock, AdaptationDock)
    answer("Stop", seen)
    window.close()
    assert len(seen) == 2
    wait_for(qtbot, lambda: session.closing)
    assert job.run.state() == "stopped"
    assert not isalive(window) or not window.isVisible()
    session.viewer.window._teardown()
    del session.viewer.window._qt_window


def test_a_run_goes_on_without_the_dock_that_started_it(train, qtbot, fake):
    fake("wait")
    session = train.session
    waits = prepared_run(train)
    job = begin(qtbot, train, step=5)
    settle(qtbot, train)
    train.queue(waits)
    session.viewer.window.remove_dock_widget(train)
    wait_for(qtbot, lambda: not isalive(train))
    again = open_dock(session.viewer).train
    settle(qtbot, again)
    job.resume()
    wait_for(qtbot, lambda: session.job is not None and session.job is not job)
    wait_for(qtbot, lambda: session.job.step >= 5)
    session.job.resume()
    wait_for_the_end(qtbot, again)
    assert (job.run.state(), waits.state()) == ("finished", "finished")
