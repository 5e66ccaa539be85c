"""Hands and eyes of `walk.py`: clicks, keys, waits, pictures, and a watch.

Everything goes through events that a user could have caused. The watch listens to the
pulse of the window's event loop, and says where the program was when it stopped.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from qtpy.QtCore import QElapsedTimer, QPoint, Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QScrollArea,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari import Viewer

    from napari_uda.ui.forms import ConfigForm

PULSE = 0.01
"""Seconds between two beats of the event loop."""
FROZEN = 0.3
"""Seconds without a beat from which on the place is written down."""
COLOURS = 256
"""Colours of a picture: grey images need no more, and files are small."""


def say(text: str) -> None:
    """Print a line with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def let_live(seconds: float) -> None:
    """Let the window live for a while."""
    clock = QElapsedTimer()
    clock.start()
    while clock.elapsed() < 1000 * seconds:
        QApplication.processEvents()
        time.sleep(PULSE / 2)


def wait(until: Callable[[], object], seconds: float, what: str) -> None:
    """Let the window live until something is so; say if it took over a second."""
    begin = time.monotonic()
    while not until():
        if time.monotonic() - begin > seconds:
            raise SystemExit(f"{what} took longer than {seconds:g} s")
        QApplication.processEvents()
        time.sleep(PULSE / 2)
    taken = time.monotonic() - begin
    if taken > 1:
        say(f"  {what} took {taken:.1f} s")


def reveal(widget: QWidget) -> None:
    """Scroll to a widget, as a user has to before a click."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    if parent is not None:
        parent.ensureWidgetVisible(widget, 0, 4)
    let_live(0.1)


def click(widget: QWidget, place: QPoint | None = None) -> None:
    """Click a widget that can be seen and used."""
    reveal(widget)
    name = getattr(widget, "text", lambda: type(widget).__name__)()
    if not widget.isVisible() or not widget.isEnabled():
        why = f": {widget.toolTip()}" if widget.isVisible() else ""
        raise SystemExit(f"'{name}' cannot be clicked{why}")
    spot = place if place is not None else widget.rect().center()
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=spot)


def pick(box: QComboBox, text: str) -> None:
    """Choose an item by the keyboard; the first that begins with a text."""
    reveal(box)
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.count()):
        if box.currentText().startswith(text):
            return
        QTest.keyClick(box, Qt.Key.Key_Down)
    items = ", ".join(box.itemText(index) for index in range(box.count()))
    raise SystemExit(f"'{text}' is not offered, only {items}")


def enter(form: ConfigForm, name: str, value: object) -> None:
    """Type a value into a field of a form."""
    if name not in form.names:
        raise SystemExit(f"there is no field '{name}'")
    section = form.section(name)
    if not section.is_open:
        click(section.title)
    field = form.editor(name)
    if not isinstance(field, QAbstractSpinBox):
        field = field.findChild(QAbstractSpinBox) or field
    reveal(field)
    field.selectAll()
    QTest.keyClicks(field, str(value))
    QTest.keyClick(field, Qt.Key.Key_Return)


def answer(ask: Callable[[], object], path: Path) -> None:
    """Do what opens a file dialog, and enter a path there."""
    timer = QTimer()
    timer.setInterval(50)

    def fill() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog):
            return
        timer.stop()
        line = dialog.findChild(QLineEdit, "fileNameEdit")
        line.setText(str(path))  # typed letters would go to what completes them
        QTest.keyClick(line, Qt.Key.Key_Return)

    timer.timeout.connect(fill)
    timer.start()
    ask()


class Watch(threading.Thread):
    """Notices when the event loop stops, and where the program is then."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.step = "opening"
        self.longest: dict[str, float] = {}
        self.places: Counter[str] = Counter()
        self._beat, self._busy = time.monotonic(), time.thread_time()
        self._paused = False
        self._seen: Counter[str] = Counter()
        self._window = threading.main_thread().ident
        self._timer = QTimer()
        self._timer.setInterval(round(1000 * PULSE))
        self._timer.timeout.connect(self._on_beat)
        self._timer.start()
        self.start()

    def run(self) -> None:
        """Look whether there was a beat."""
        while True:
            time.sleep(FROZEN / 3)
            if time.monotonic() - self._beat > FROZEN and not self._paused:
                frame = sys._current_frames().get(self._window)
                stack = traceback.extract_stack(frame) if frame else []
                self._seen[_place(stack)] += 1

    def pause(self, paused: bool) -> None:
        """Leave out what no user does, such as taking pictures."""
        self._paused = paused
        self._beat, self._busy = time.monotonic(), time.thread_time()

    def _on_beat(self) -> None:
        now, busy = time.monotonic(), time.thread_time()
        gap, work = now - self._beat, busy - self._busy
        self._beat, self._busy = now, busy
        if self._paused:
            return
        self.longest[self.step] = max(gap, self.longest.get(self.step, 0))
        if gap > FROZEN:
            place = self._seen.most_common(1)[0][0] if self._seen else "?"
            say(f"  frozen {gap:.2f} s ({work:.2f} s of work) in {place}")
            self.places[place] += 1
        self._seen.clear()


def _place(stack: list[traceback.FrameSummary]) -> str:
    """Say where a stack is: last line of ours, and last line of all."""

    def line(one: traceback.FrameSummary) -> str:
        return f"{'/'.join(one.filename.split('/')[-2:])}:{one.lineno} {one.name}"

    ours = [line(one) for one in stack if "napari_uda" in one.filename]
    return " > ".join([*ours[-1:], *map(line, stack[-1:])])


class Window:
    """A napari window, who watches it, and where its pictures go."""

    def __init__(self, viewer: Viewer, window: QWidget, out: Path) -> None:
        self.viewer, self.window, self.out = viewer, window, out
        self.watch = Watch()

    @property
    def canvas(self) -> QWidget:
        """The widget that draws the layers and takes the keys of the viewer."""
        return next(
            widget
            for widget in self.window.findChildren(QWidget)
            if type(widget).__name__.startswith("CanvasBackend")
        )

    def key(self, keys: str) -> None:
        """Press a key of the viewer."""
        QTest.keySequence(self.canvas, keys)

    def picture(self, name: str, top: QWidget | None = None) -> None:
        """Save a picture of the whole window, once it has settled.

        Parameters
        ----------
        name
            Name of the file.
        top
            What to scroll to before.
        """
        if top is not None:
            reveal(top)
        let_live(1.5)
        self.watch.pause(True)
        shot = self.viewer.screenshot(canvas_only=False, flash=False)
        picture = Image.fromarray(np.asarray(shot)[..., :3])
        picture = picture.quantize(
            COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE
        )
        picture.save(self.out / f"{name}.png", optimize=True)
        self.watch.pause(False)
        say(f"picture {name}")

    def step(self, name: str) -> None:
        """Begin a step of the story."""
        self.watch.step = name
        say(f"== {name}")

    def summary(self) -> None:
        """Say how long the window was not there for its user."""
        for step, longest in self.watch.longest.items():
            say(f"longest pause of the window in {step}: {1000 * longest:.0f} ms")
        for place, count in self.watch.places.most_common():
            say(f"frozen {count} times in {place}")
