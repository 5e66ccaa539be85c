"""The Train tab: choose a method, train, watch, go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import napari  # noqa: TC002  napari reads the annotation of the viewer
from napari.qt.threading import thread_worker
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_uda.core.errors import UserError
from napari_uda.core.spec.run import RunFolder

from .curves import Curves
from .experiment_panel import ExperimentPanel
from .jobs import Job, thinned
from .preparing import Preparation
from .previews import Previews
from .run_list import RunList
from .run_status import RunStatus
from .session import Session, unwrapped

if TYPE_CHECKING:
    from napari_uda.core.spec.domain import Structure
    from napari_uda.core.spec.events import Event

    from .jobs import How
    from .preparing import Prepared

KEYS = {"start": "F6", "pause": "F7", "stop": "F8"}


@dataclass(frozen=True)
class OpenedRun:
    """What showing a run needs of it."""

    run: RunFolder
    history: list[Event]
    structures: tuple[Structure, ...]
    problem: str = ""


class TrainWidget(QWidget):
    """Trains, and shows how training goes.

    Parameters
    ----------
    viewer
        The viewer of the session.
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        viewer = unwrapped(viewer)
        self.session = Session.of(viewer)
        self._preparation: Preparation | None = None
        self._opener: Any = None
        self._to_open: RunFolder | None = None
        self._shown: RunFolder | None = None

        self.experiment = ExperimentPanel(self.session)
        self.start_button = QPushButton("Start")
        self.pause_button = QPushButton("Pause")
        self.stop_button = QPushButton("Stop")
        self.status = RunStatus()
        self.curves = Curves(viewer.theme)
        self.curves.setMinimumHeight(240)
        self.previews = Previews(self.session)
        self.run_list = RunList(self.session)
        self._lay_out()

        for button, key, slot in (
            (self.start_button, "start", self._on_start),
            (self.pause_button, "pause", self._on_pause),
            (self.stop_button, "stop", self._on_stop),
        ):
            button.setShortcut(KEYS[key])
            button.clicked.connect(slot)
        self.experiment.changed.connect(self._enable)
        self.session.ready_changed.connect(self._enable)
        self.session.run_selected.connect(self._on_run_selected)
        self.session.job_changed.connect(self._on_job_changed)
        self.status.resume_asked.connect(self._on_resume_shown)
        self.status.fix_asked.connect(self.experiment.form.change)
        self.run_list.resume_asked.connect(self.resume)
        self.run_list.attach_asked.connect(self.attach)
        self.run_list.problem.connect(self.status.complain)
        viewer.events.theme.connect(self._on_theme)
        if self.session.job is not None:
            self._listen(self.session.job)
        if self.session.selected_run is not None:
            self._open(self.session.selected_run)
        self._enable()

    def resume(self, run: RunFolder) -> None:
        """Go on with a run that was stopped, has failed or was never started."""
        how = "thread" if self.experiment.inside.currentData() == "thread" else "process"
        self._launch(run, how)

    def attach(self, run: RunFolder) -> None:
        """Follow a run that trains already."""
        self._launch(run, "attach")

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.start_button, self.pause_button, self.stop_button):
            buttons.addWidget(button)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setSpacing(8)
        layout.addWidget(self.experiment)
        layout.addLayout(buttons)
        layout.addWidget(self.status)
        layout.addWidget(self.curves, 1)
        layout.addWidget(self.previews)
        layout.addWidget(self.run_list)
        scroll = QScrollArea()
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _enable(self) -> None:
        job, preparing = self.session.job, self._preparation is not None
        busy = "A run is under way: stop it first." if job or preparing else ""
        reason = busy or self.session.problem or self.experiment.problem
        self._set(self.start_button, "start", reason, "Start a new run")
        state = job.state if job else ""
        paused = state in ("paused", "pausing")
        self.pause_button.setText("Continue" if paused else "Pause")
        # Setting the text of a button makes Qt forget its shortcut.
        self.pause_button.setShortcut(KEYS["pause"])
        reason = {
            "": "No run is under way.",
            "starting": "The run is about to start.",
            "stopping": "The run is about to stop.",
            "continuing": "The run is about to go on.",
        }.get(state, "")
        action = "Go on" if paused else "Finish the step, save, and wait"
        self._set(self.pause_button, "pause", reason, action)
        reason = "" if job or preparing else "No run is under way."
        if state == "stopping":
            reason = "The run is about to stop."
        self._set(self.stop_button, "stop", reason, "Finish the step, save, and end")

    def _set(self, button: QPushButton, key: str, reason: str, action: str) -> None:
        button.setEnabled(not reason)
        button.setToolTip(reason or f"{action} ({KEYS[key]})")

    def _on_start(self) -> None:
        try:
            snapshot = self.session.snapshot()
            method, training = self.experiment.value()
        except UserError as error:
            self.status.complain(str(error))
            return
        name = self.experiment.run_name.text().strip()
        run = RunFolder(self.session.runs_folder / name)
        self.status.clear()
        self.status.busy("Preparing the data \N{HORIZONTAL ELLIPSIS}")
        self._preparation = Preparation(snapshot, run, method, training)
        self._preparation.progressed.connect(self.status.busy)
        self._preparation.done.connect(self._on_prepared)
        self._preparation.start()
        self._enable()

    def _on_prepared(self, prepared: Prepared) -> None:
        self._preparation = None
        self.session.runs_changed.emit()
        if prepared.problem:
            self.status.clear("Cancelled." if prepared.cancelled else "")
            if not prepared.cancelled:
                self.status.complain(prepared.problem)
            self._enable()
        else:
            self.resume(prepared.run)

    def _launch(self, run: RunFolder, how: How) -> None:
        if self.session.job is not None:
            return
        job = Job(run, how)
        self._reset(run)
        self.status.busy(
            "Looking for the run" if how == "attach" else "Starting the trainer"
        )
        self.session.job = job
        self.session.selected_run = run
        job.start()

    def _on_job_changed(self) -> None:
        if self.session.job is not None:
            self._listen(self.session.job)
        self._enable()

    def _listen(self, job: Job) -> None:
        job.progressed.connect(self._on_progress)
        job.state_changed.connect(self._enable)

    def _on_progress(self, events: list[Event]) -> None:
        job = self.session.job
        if job is None or self._shown is None or job.run.path != self._shown.path:
            return
        if self.previews.run is None:
            self._introduce(job.run)
        self._show(events)
        if job.state == "paused":
            self.session.runs_changed.emit()
"""
