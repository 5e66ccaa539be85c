"""Start, Pause and Stop, and which run they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from napari_uda.core.spec.events import Resumed, Started

from .steady_label import SteadyLabel, place_kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QResizeEvent

    from napari_uda.core.spec.events import Event

    from .session import Session

KEYS = {"start": "F6", "pause": "F7", "stop": "F8"}
MARGIN = 24
"""Pixels of a button that its text cannot use."""


class RunFooter(QWidget):
    """The buttons of the run that trains.

    While another run is looked at, a line above them names the one that trains, says
    how far it is, and shows it when clicked.

    Parameters
    ----------
    session
        The session, whose job the buttons are for.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._name = ""
        self._steps = 0
        self.start = QPushButton("Start")
        self.pause = QPushButton("Pause")
        self.stop = QPushButton("Stop")
        self.queue = SteadyLabel()
        self.elsewhere = QPushButton()
        self.elsewhere.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed
        )
        self.elsewhere.setToolTip("Pause and Stop are for this run. Click to show it.")
        layout = QGridLayout(self)
        layout.setContentsMargins(6, 0, 6, 0)
        layout.addWidget(self.queue, 0, 0, 1, 3)
        layout.addWidget(self.elsewhere, 1, 0, 1, 3)
        for column, button in enumerate((self.start, self.pause, self.stop)):
            # As wide as the others, whatever it says: it is aimed at while runs go on.
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            layout.setColumnStretch(column, 1)
            layout.addWidget(button, 2, column)
        self.elsewhere.clicked.connect(self._on_elsewhere)
        session.job_changed.connect(self._on_job_changed)
        session.run_selected.connect(self._say)
        self._on_job_changed()

    @property
    def is_elsewhere(self) -> bool:
        """Whether another run trains than the one that is looked at."""
        job, shown = self._session.job, self._session.selected_run
        return job is not None and (shown is None or shown.path != job.run.path)

    def name(self, name: str) -> None:
        """Call the run that trains by this name."""
        self._name = name
        self._say()

    def enable(
        self, preparing: bool, problem: str, waiting: Sequence[str] = ()
    ) -> None:
        """Enable what can work now, and say why the rest cannot.

        Parameters
        ----------
        preparing
            Whether the data of a new run are being prepared.
        problem
            Why no new run can be started; empty if it can.
        waiting
            Names of the runs that wait, the next one first.
        """
        job = self._session.job
        state = job.state if job else ""
        busy = "The data of a run are being prepared." if preparing else ""
        later = "Let a new run wait until those under way and queued have ended"
        self.start.setText("Add to queue" if job else "Start")
        count = "1 run waits" if len(waiting) == 1 else f"{len(waiting)} runs wait"
        self.queue.setText(f"{count} to be trained: {', '.join(waiting)}")
        if waiting:
            # Its place stays when the last one begins: nothing above it moves then.
            self.queue.setSizePolicy(place_kept(self.queue.sizePolicy()))
        self.queue.setVisible(bool(waiting))
        self._set(
            self.start, "start", busy or problem, later if job else "Start a new run"
        )
        which = f"{self._name}: " if self.is_elsewhere else ""
        paused = state == "paused"
        self.pause.setText("Continue" if paused else "Pause")
        self._set(
            self.pause,
            "pause",
            {
                "": "No run is under way.",
                "starting": "The run is about to start.",
                "pausing": "The run is about to pause.",
                "continuing": "The run is about to go on.",
                "stopping": "The run is about to stop.",
            }.get(state, ""),
            which + ("Go on" if paused else "Finish the step, save, and wait"),
        )
        idle = "" if job or preparing else "No run is under way."
        self._set(
            self.stop,
            "stop",
            "The run is about to stop." if state == "stopping" else idle,
            f"{which}Finish the step, save everything, and end; runs that wait stay in "
            "the list, not started",
        )
        self._say()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Leave out what does not fit of a long name."""
        super().resizeEvent(event)
        self._say()

    def _set(self, button: QPushButton, key: str, reason: str, action: str) -> None:
        button.setEnabled(not reason)
        button.setToolTip(reason or f"{action} ({KEYS[key]})")
        # Setting the text of a button makes Qt forget its shortcut.
        button.setShortcut(KEYS[key])

    def _say(self, _run: object = None) -> None:
        job = self._session.job
        self.elsewhere.setVisible(self.is_elsewhere)
        if job is None or not self.is_elsewhere:
            return
        doing = "paused" if job.state == "paused" else "training"
        total = f" / {self._steps:,}" if self._steps else ""
        head, tail = f"{doing}: ", f", step {job.step:,}{total}"
        metrics = self.fontMetrics()
        room = self.width() - MARGIN - metrics.horizontalAdvance(head + tail)
        name = metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, room)
        # A button reads & as the sign of a key.
        self.elsewhere.setText(f"{head}{name}{tail}".replace("&", "&&"))

    def _on_job_changed(self) -> None:
        self._steps = 0
        if job := self._session.job:
            self._name = job.run.id
            job.recalled.connect(self._on_events)
            job.progressed.connect(self._on_events)
        self._say()

    def _on_events(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Started | Resumed):
                self._steps = event.steps
        self._say()

    def _on_elsewhere(self) -> None:
        if job := self._session.job:
            self._session.selected_run = job.run
