"""A report of a run has the window painted once, and only where something changed.

Each painting of a window with an OpenGL canvas puts all of it together anew: 20 ms and
more where that is done in software. Five of them for each step made the window stutter.
"""

from __future__ import annotations

import math

import pytest
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QPushButton

from napari_uda.core.spec import events as ev
from train_window import begin, open_train, settle, wait_for_the_end

pytestmark = pytest.mark.usefixtures("own_settings")


class Paintings(QObject):
    """Counts the paintings of a window, and of widgets in it."""

    def __init__(self, window, widgets):
        super().__init__(window)
        self.of_window = self.of_widgets = 0
        window.installEventFilter(self)
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.UpdateRequest:
            self.of_window += watched is self.parent()
        elif event.type() == QEvent.Type.Paint:
            self.of_widgets += watched is not self.parent()
        return False


def step(number, names):
    losses = {name: 1 + math.sin(number) for name in names}
    return ev.Step(
        run="r", step=number, losses=losses, speed=number / 3, remaining=10 * number,
        memory=1.2,
    )  # fmt: skip


def test_a_step_has_the_window_painted_once(make_napari_viewer, qtbot, pair, fake):
    fake("wait")
    train = open_train(make_napari_viewer(show=True), qtbot, pair)
    begin(qtbot, train, step=5)
    settle(qtbot, train)
    job, names = train.session.job, ("seg", "adversarial", "domain")
    for number in range(10, 14):  # curves have their axes, lights their words
        job.progressed.emit([step(number, names)])
        qtbot.wait(1100)
    drawn = next(p for p in train.curves.plots.values() if "domain" in p.series)
    train.curves.tabs.setCurrentWidget(drawn)
    qtbot.wait(300)
    buttons = train.findChildren(QPushButton)
    assert buttons
    paintings = Paintings(train.window(), buttons)
    for number in range(14, 17):
        job.progressed.emit([step(number, names)])
        qtbot.wait(1100)
    assert drawn is train.curves.shown
    assert drawn.series["domain"].arrays()[0][-1] == 16
    assert paintings.of_window == 3
    assert paintings.of_widgets == 0
    train.stop_button.click()
    wait_for_the_end(qtbot, train)
