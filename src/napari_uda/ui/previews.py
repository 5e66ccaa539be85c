"""What the model sees, in the viewer: one layer per kind of picture, over all steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from napari.qt.threading import thread_worker
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QWidget,
)

from napari_uda.core.spec.events import Preview, Resumed

from .mosaics import Mosaic, load_mosaics
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
PATIENCE = 600
"""Milliseconds that pictures of another run may stay before the first of this one."""
FASTEST = 1000
"""Milliseconds between two previews at least: redrawing costs training its speed."""


class Previews(QWidget):
    """A slider over the previews of a run, and their layers in the viewer.

    Parameters
    ----------
    session
        The session of the viewer that shows the layers.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._run: RunFolder | None = None
        self._structures: tuple[Structure, ...] = ()
        self._steps: list[int] = []
        self._wanted: int | None = None
        self._loaded = 0
        self._worker: Any = None
        self._loaded_at = 0.0
        self._watched = True
        self._strip = PreviewStrip(session)

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
        self._steps, self._wanted = [], None
        self._strip.renew()
        self._stale.start(PATIENCE)
        self._enable()

    def add(self, events: Iterable[Event]) -> None:
        """Take in what a run has said; the newest preview is shown if `live`."""
        before = len(self._steps)
        for event in events:
            if isinstance(event, Resumed):
                self._steps = [step for step in self._steps if step <= event.step]
            elif isinstance(event, Preview) and event.step not in self._steps:
                self._steps.append(event.step)
        if len(self._steps) != before:
            self._enable()
            if self.live.isChecked() and self._steps:
                self._want(self._steps[-1])

    def layers(self) -> dict[str, Layer]:
        """Return the preview layers in the viewer by key."""
        return self._strip.layers()

    def set_watched(self, watched: bool) -> None:
        """Show previews, or put them out of sight and load none meanwhile.

        What the user has hidden or shown stays as it is.
        """
        if watched == self._watched:
            return
        self._watched = watched
        if watched:
            self._strip.bring_back()
            if self._wanted is None and self._loaded in self._steps:
                self._wanted = self._loaded  # and find another place if need be
            self._loaded_at = 0.0
            self._load()
        else:
            self._strip.put_away()

    def _enable(self) -> None:
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(self._steps) - 1))
        if self.live.isChecked():
            self.slider.setValue(self.slider.maximum())
        self.slider.blockSignals(False)
        there, several = bool(self._steps), len(self._steps) > 1
        self.slider.setEnabled(several)
        self.slider.setToolTip(STEP_HINT if several else ONE_YET if there else NONE_YET)
        self.show_button.setEnabled(there)
        self.show_button.setToolTip(SHOW_HINT if there else NONE_YET)
        if not there:
            self.step_label.setText("none yet")

    def _on_slid(self, index: int) -> None:
        self.live.setChecked(index == len(self._steps) - 1)
        if self._steps:
            self._want(self._steps[index])

    def _on_live(self, live: bool) -> None:
        if live:
            self.slider.setValue(self.slider.maximum())

    def _on_show(self) -> None:
        self._strip.show_all()

    def _want(self, step: int) -> None:
        self._wanted = step
        self.step_label.setText(f"{step:,}")
        self._load()

    def _load(self) -> None:
        """Read the wanted preview, one at a time and not too often while live."""
        idle = self._worker is None and self._watched
        if self._wanted is None or self._run is None or not idle:
            return
        wait = FASTEST - int(1000 * (time.monotonic() - self._loaded_at))
        if self.live.isChecked() and wait > 0:
            self._patience.start(wait)
            return
        self._loaded_at = time.monotonic()
        step = self._loaded = self._wanted
        self._wanted = None
        self._worker = thread_worker(_load)(self._run.previews / f"{step:06d}.npz")
        self._worker.returned.connect(self._on_loaded)
        self._worker.start()

    def _on_loaded(self, mosaics: list[Mosaic]) -> None:
        if mosaics and self._watched:
            self._stale.stop()
            self._strip.lay_out(mosaics, self._loaded, self._structures)
            self._show_some()
        else:
            self._go_on()

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
    except Exception:
        # The run was deleted or is being copied: there is simply nothing to show. Of a
        # file that ends early numpy lets out what its parts raise, from EOFError on.
        return []
