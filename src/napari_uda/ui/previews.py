"""What the model sees, in the viewer: one layer per kind of picture, over all steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from napari.qt.threading import thread_worker
from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_uda.core.spec.events import Preview, Resumed

from .mosaics import DAMAGED, Mosaic, load_mosaics
from .preview_strip import PreviewStrip
from .steady_label import SteadyLabel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari.layers import Layer

    from napari_uda.core.spec.domain import Structure
    from napari_uda.core.spec.events import Event
    from napari_uda.core.spec.run import RunFolder

    from .session import Session

KEY = "F4"
"""Shows the previews."""
STEP_HINT = "Step of the previews shown in the viewer"
SHOW_HINT = f"Show the previews, and move the camera to them ({KEY})"
NONE_YET = "There is no preview yet: a run makes some while it trains."
ONE_YET = "There is one preview only so far."
UNREADABLE = "The file of this preview is missing or damaged."
PATIENCE = 600
"""Milliseconds that pictures of another run may stay before the first of this one."""
FASTEST = 1000
"""Milliseconds between two previews at least: redrawing costs training its speed."""


class Previews(QWidget):
    """A slider over the previews of a run, and their layers in the viewer.

    Slider, step and pictures are of one preview. A run that is opened shows its newest
    one, and those that follow until the user looks at an earlier one.

    Parameters
    ----------
    session
        The session of the viewer that shows the layers.
    """

    unreadable = Signal()
    """A preview could not be shown: its file is missing or damaged."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._run: RunFolder | None = None
        self._structures: tuple[Structure, ...] = ()
        self._steps: list[int] = []
        self._step: int | None = None
        self._wanted: int | None = None
        self._loaded: tuple[RunFolder | None, int] = None, 0
        self._keys: set[str] | None = None
        self._worker: Any = None
        self._loaded_at = 0.0
        self._watched = True
        self._strip = PreviewStrip(session)
        session.stage.changed.connect(self._on_stage)

        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.valueChanged.connect(self._on_slid)
        self.step_label = SteadyLabel()
        self.step_label.setText("none yet")
        self.step_label.setFixedWidth(56)
        fixed = QSizePolicy.Policy.Fixed
        self.step_label.setSizePolicy(fixed, fixed)  # Qt gives what is ignored no room
        self.live = QCheckBox("live")
        self.live.setToolTip("Always show the newest preview")
        self.live.setChecked(True)
        self.live.toggled.connect(self._on_live)
        self.show_button = QPushButton("Show")
        self.show_button.setMinimumWidth(48)
        self.show_button.setShortcut(KEY)
        self.show_button.clicked.connect(self._on_show)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(QLabel("Preview"))
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.step_label)
        layout.addWidget(self.live)
        layout.addWidget(self.show_button)

        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._load)
        self._stale = QTimer(self)
        self._stale.setSingleShot(True)
        self._stale.timeout.connect(self._strip.retire)
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._show_some)
        self._enable()

    def open(self, run: RunFolder | None, structures: tuple[Structure, ...]) -> None:
        """Show the previews of another run; `add` tells which there are."""
        self._run, self._structures = run, structures
        self._steps, self._step, self._wanted, self._keys = [], None, None, None
        self._loaded_at = 0.0
        with signals_blocked(self.live):
            self.live.setChecked(True)  # whatever the user looked at in the run before
        self._strip.renew()
        self._stale.start(PATIENCE)
        self._enable()

    def add(self, events: Iterable[Event]) -> None:
        """Take in what a run has said; the newest preview is shown if `live`."""
        before = list(self._steps)
        for event in events:
            if isinstance(event, Resumed):
                self._steps = [step for step in self._steps if step <= event.step]
            elif isinstance(event, Preview) and event.step not in self._steps:
                self._steps.append(event.step)
        if self._steps == before:
            return
        if not self._steps:
            self._step = self._wanted = None
            self._strip.retire()
        elif self.live.isChecked() or self._step not in self._steps:
            self._want(self._steps[-1])
        self._enable()

    def layers(self) -> dict[str, Layer]:
        """Return the preview layers in the viewer by key."""
        return self._strip.layers()

    def take_stage(self) -> None:
        """Be what the viewer shows, if there is something to show."""
        if self._strip.is_there:
            self._session.stage.take("train")

    def set_watched(self, watched: bool) -> None:
        """Show previews, or put them out of sight and load none meanwhile.

        What the user has hidden or shown stays as it is.
        """
        if watched == self._watched:
            return
        self._watched = watched
        if watched:
            self._load()
        else:
            self._pause()
            self._session.stage.leave("train")

    def _on_stage(self) -> None:
        """Make room for another tab, or go on where that has made room."""
        self._strip.describe()
        if self._session.stage.owner == "train":
            self._load()
        else:
            self._pause()

    def _pause(self) -> None:
        """Show nothing more now, and the same again later, in another place maybe."""
        self._strip.stop()
        self._wanted, self._loaded_at = self._step, 0.0

    def _may_show(self) -> bool:
        return self._watched and self._session.stage.is_open_to("train")

    def _enable(self) -> None:
        with signals_blocked(self.slider):
            self.slider.setRange(0, max(0, len(self._steps) - 1))
            if self._step is not None:
                self.slider.setValue(self._steps.index(self._step))
        there, several = bool(self._steps), len(self._steps) > 1
        self.slider.setEnabled(several)
        self.slider.setToolTip(STEP_HINT if several else ONE_YET if there else NONE_YET)
        self.show_button.setEnabled(there)
        self.show_button.setToolTip(SHOW_HINT if there else NONE_YET)
        if not there:
            self._say("none yet")

    def _say(self, text: str, why: str = "") -> None:
        self.step_label.setText(text)
        self.step_label.setToolTip(why)

    def _on_slid(self, index: int) -> None:
        self.live.setChecked(index == len(self._steps) - 1)
        if self._steps:
            self._session.stage.expect("train")
            self._want(self._steps[index])

    def _on_live(self, live: bool) -> None:
        if live:
            self.slider.setValue(self.slider.maximum())

    def _on_show(self) -> None:
        self._strip.show_all()
        whole = self._keys is not None and self._keys <= set(self.layers())
        if self._step is not None and not whole:
            self._want(self._step)  # its layers were removed, or its file not found

    def _want(self, step: int) -> None:
        self._step = self._wanted = step
        self._say(f"{step:,}")
        self._load()

    def _load(self) -> None:
        """Read the wanted preview, one at a time and not too often while live."""
        idle = self._worker is None and self._may_show()
        if self._wanted is None or self._run is None or not idle:
            return
        wait = FASTEST - int(1000 * (time.monotonic() - self._loaded_at))
        if self.live.isChecked() and wait > 0:
            self._patience.start(wait)
            return
        self._loaded_at = time.monotonic()
        step, self._wanted = self._wanted, None
        self._loaded = self._run, step
        self._worker = thread_worker(_load)(self._run.previews / f"{step:06d}.npz")
        self._worker.returned.connect(self._on_loaded)
        self._worker.start()

    def _on_loaded(self, mosaics: list[Mosaic]) -> None:
        run, step = self._loaded
        if run is not self._run:
            self._go_on()
        elif not self._may_show():
            self._pause()
            self._go_on()
        elif mosaics:
            self._stale.stop()
            self._keys = {mosaic.key for mosaic in mosaics}
            self._session.stage.take("train")
            self._strip.lay_out(mosaics, step, self._structures)
            self._show_some()
        else:
            self._keys = None
            self._strip.retire()
            if step == self._step:
                self._say("no file", UNREADABLE)
            self._go_on()
            self.unreadable.emit()

    def _show_some(self) -> None:
        """Show as much as there is time for, and go on in the next turn."""
        if self._strip.work():
            self._next.start()
        else:
            self._go_on()

    def _go_on(self) -> None:
        self._worker = None
        self._load()


def _load(file: Path) -> list[Mosaic]:
    try:
        return load_mosaics(file)
    except DAMAGED:
        # The run was deleted or is being copied: there is simply nothing to show.
        return []
