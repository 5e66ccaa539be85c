"""The Train tab: choose a method, train, watch, go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.qt.threading import thread_worker
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_uda.core.errors import UserError
from napari_uda.core.spec.amend import amend
from napari_uda.core.spec.run import RunFolder

from .background_row import BackgroundRow
from .closing import guard_window
from .curves import NO_RUN, Curves
from .experiment_panel import ExperimentPanel
from .jobs import Job
from .light_row import LightRow
from .listening import Listener
from .opening import OpenedRun, open_run
from .outcome_row import OutcomeRow
from .page import page_of
from .parting import Parting
from .preparing import Preparation
from .previews import Previews
from .queue_offer import QueueOffer
from .rival import Rival
from .run_footer import RunFooter
from .run_list import RunList
from .run_status import RunStatus
from .section import Section
from .session import Session, unwrapped

if TYPE_CHECKING:
    from napari import Viewer
    from qtpy.QtGui import QHideEvent, QShowEvent

    from napari_uda.core.spec.events import Event

    from .jobs import How
    from .preparing import Prepared

STARTING = "Starting the training process \N{HORIZONTAL ELLIPSIS}"


class TrainWidget(QWidget):
    """Trains, and shows how training goes.

    Parameters
    ----------
    napari_viewer
        The viewer of the session.
    parent
        Parent widget.
    """

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("napari-uda train")
        viewer = unwrapped(napari_viewer)
        self.session = Session.of(viewer)
        self._preparation: Preparation | None = None
        self._opener: Any = None
        self._shown: RunFolder | None = None
        self._recalled: list[Event] | None = None
        self._backlog: list[Event] = []

        self.setup = Section("New run", bold=True, open=True)
        self.experiment = ExperimentPanel(self.session)
        self.footer = RunFooter(self.session)
        self.start_button = self.footer.start
        self.pause_button = self.footer.pause
        self.stop_button = self.footer.stop
        self.status = RunStatus()
        self.lights = LightRow()
        self.outcome = OutcomeRow(self.session)
        self.curves = Curves(viewer.theme)
        self.previews = Previews(self.session)
        self.run_list = RunList(self.session)
        self.rival = Rival(self.curves, self.run_list)
        self.background = BackgroundRow(self.session)
        self.offer = QueueOffer(self.session)
        self._lay_out()

        self.start_button.clicked.connect(self._on_start)
        self.pause_button.clicked.connect(self._on_pause)
        self.stop_button.clicked.connect(self._on_stop)
        self.setup.toggled.connect(self._on_changed)
        self.experiment.changed.connect(self._on_changed)
        self.session.queue.changed.connect(self._enable)
        self.previews.unreadable.connect(self._on_unreadable)
        self.curves.save.saved.connect(self.status.say)
        self.curves.save.problem.connect(self.status.complain)
        self.session.ready_changed.connect(self._enable)
        self.session.run_selected.connect(self.show_run)
        self.session.job_changed.connect(self._on_job_changed)
        self.status.resume_asked.connect(self._on_resume_shown)
        self.status.fix_asked.connect(self._on_fix)
        self.run_list.resume_asked.connect(self.resume)
        self.run_list.attach_asked.connect(self.attach)
        self.run_list.queue_asked.connect(self.queue)
        self.run_list.compare_asked.connect(self.rival.compare)
        seen = self.background.show_runs, self.offer.show_runs
        for slot in (self._on_listed, *seen, self.experiment.suggest_method):
            self.run_list.listed.connect(slot)
        self.background.attach_asked.connect(self.attach)
        self.offer.go_on_asked.connect(self._on_go_on)
        self.run_list.noted.connect(self.status.note)
        for source in (self.run_list, self.rival):
            source.problem.connect(self.status.complain)
        Listener(self).connect(viewer.events.theme, self._on_theme)
        self._on_job_changed()
        Parting(self)
        if self.session.selected_run is not None:
            self.show_run(self.session.selected_run)

    def resume(self, run: RunFolder) -> None:
        """Go on with a run that was stopped, has failed or was never started."""
        self._launch(run, self.experiment.how)

    def attach(self, run: RunFolder) -> None:
        """Follow a run that trains already."""
        self._launch(run, "attach")

    def queue(self, run: RunFolder) -> None:
        """Train a run when those before it have ended."""
        self.session.queue.add(run, self.experiment.how)

    def show_run(self, run: RunFolder | None) -> None:
        """Show the curves, previews and the end of a run, in whatever state it is."""
        self._shown = run
        self._enable()
        self._opener = None
        rival = self.rival.run
        if rival is not None and (run is None or run.path == rival.path):
            self.rival.compare(None)
        self._recalled, self._backlog = None, []
        self._wipe()
        self.previews.open(None, ())
        if run is None and self.session.job is None and self._preparation is None:
            self.setup.unfold()
        if run is not None:
            self.status.busy("Reading the run \N{HORIZONTAL ELLIPSIS}")
            self.curves.expect("Reading the run \N{HORIZONTAL ELLIPSIS}")
            self._opener = thread_worker(open_run)(run)
            self._opener.returned.connect(self._on_opened)
            self._opener.start()

    @property
    def in_front(self) -> bool:
        """Whether no other tab lies over this one."""
        parent = self.parentWidget()
        return parent is None or self.isVisibleTo(parent)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Bring previews back into sight."""
        super().showEvent(event)
        guard_window(self, self.session)
        self.previews.take_stage()
        self.previews.set_watched(self.in_front)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Put previews out of sight while another tab is looked at."""
        super().hideEvent(event)
        self.previews.set_watched(self.in_front)

    def _lay_out(self) -> None:
        self.setup.content.addWidget(self.experiment)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(6)
        above = self.background, self.offer, self.setup
        for widget in (*above, self.status, self.lights, self.outcome):
            layout.addWidget(widget)
        layout.addWidget(self.curves, 1)
        layout.addWidget(self.previews)
        layout.addWidget(self.run_list)
        scroll = page_of(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 6)
        outer.addWidget(scroll)
        # Not in the scroll area: whatever is unfolded, a run can be stopped.
        self._foot = QVBoxLayout()
        self._foot.addWidget(self.footer)
        outer.addLayout(self._foot)

    def _enable(self) -> None:
        """Enable what can work now, and say why the rest cannot."""
        problem = self.session.problem or self.experiment.problem
        waiting = [self.run_list.name_of(run) for run in self.session.queue.runs]
        self.footer.enable(self._preparation is not None, problem, waiting)
        self._place_progress()

    def _place_progress(self) -> None:
        """Show the progress of the run at the foot, unless the foot is another's."""
        progress, foot = self.status.progress, self._foot
        if self.footer.is_elsewhere:
            self.status.take(progress)
        elif foot.indexOf(progress) < 0:
            foot.insertWidget(0, progress)

    def _on_changed(self) -> None:
        self.setup.note = "" if self.setup.is_open else self.experiment.brief
        self._enable()

    def _on_start(self) -> None:
        try:
            snapshot = self.session.snapshot()
            method, training = self.experiment.value()
        except UserError as error:
            self.status.complain(str(error))
            return
        self.session.stage.expect("train")
        folder, title = self.experiment.name
        run = RunFolder(self.session.runs_folder / folder)
        self._preparation = Preparation(snapshot, run, method, training, title)
        if self.session.job is None:
            self.session.selected_run = None
            self.setup.fold()
            self.status.clear(title)
            self.status.busy("Preparing the data \N{HORIZONTAL ELLIPSIS}")
            self.curves.expect("Preparing the data \N{HORIZONTAL ELLIPSIS}")
            self._preparation.progressed.connect(self.status.busy)
        self._preparation.done.connect(self._on_prepared)
        self._preparation.start()
        self._enable()

    def _on_prepared(self, prepared: Prepared) -> None:
        self._preparation = None
        alone = self.session.job is None
        if prepared.problem and alone:
            self.setup.unfold()
            self.curves.expect(NO_RUN)
            self.status.clear()
            self.status.say("Cancelled." if prepared.cancelled else "")
        if prepared.problem and not prepared.cancelled:
            self.status.complain(prepared.problem)
        elif not prepared.problem:
            (self.resume if alone else self.queue)(prepared.run)
        self._enable()
        self.session.runs_changed.emit()

    def _on_pause(self) -> None:
        if job := self.session.job:
            (job.resume if job.state == "paused" else job.pause)()

    def _on_stop(self) -> None:
        if self._preparation is not None:
            self._preparation.cancel()
        if job := self.session.job:
            job.stop()
            self.session.queue.drop()

    def _on_go_on(self, runs: list[RunFolder]) -> None:
        """Train runs one after another; the first one now, unless something trains."""
        if self.session.job is None and (living := self.background.living):
            self.attach(living)
        elif self.session.job is None:
            self.resume(runs.pop(0))
        for run in runs:
            self.queue(run)

    def _launch(self, run: RunFolder, how: How) -> None:
        if self.session.job is not None:
            return
        self.setup.fold()
        job = Job(run, how)
        self.session.job = job
        if self._shown is None or self._shown.path != run.path:
            self.session.selected_run = run
        else:
            self.show_run(run)
        job.start()

    def _on_job_changed(self) -> None:
        if job := self.session.job:
            job.recalled.connect(self._on_recalled)
            job.progressed.connect(self._on_progress)
            job.state_changed.connect(self._on_state)
            guard_window(self, self.session)
            self.footer.name(self.run_list.name_of(job.run))
        self._enable()

    def _on_state(self) -> None:
        self._enable()
        job = self.session.job
        if job is not None and self._is_shown(job.run):
            self._foretell(job.state)
            if job.state == "ended" and self.curves.expected == STARTING:
                self.curves.expect(NO_RUN)
        # The list shows whether a run is running, paused, or neither.
        if job is not None and job.state in ("running", "paused"):
            self.run_list.refresh()

    def _on_recalled(self, events: list[Event]) -> None:
        job = self.session.job
        if job is None or not self._is_shown(job.run):
            return
        if self._opener is not None:
            self._recalled = events
        else:
            self._wipe()
            self._show(events)
            self._foretell(job.state)

    def _on_progress(self, events: list[Event]) -> None:
        job = self.session.job
        if job is not None:
            self.run_list.add(job.run, events)
        if job is None or not self._is_shown(job.run):
            return
        if self._opener is not None:
            self._backlog += events
        else:
            self._show(events)

    def _on_opened(self, opened: OpenedRun) -> None:
        if not self._is_shown(opened.run) or self._opener is None:
            return
        self._opener = None
        self._wipe()
        self.previews.open(opened.run, opened.structures)
        # A job that began meanwhile knows the history best, and what came after it.
        history = opened.history if self._recalled is None else self._recalled
        known = {(event.time, event.step, event.kind) for event in history}
        self._show(history)
        job = self.session.job
        if job is not None and self._is_shown(job.run):
            self._foretell(job.state)
        self._show([e for e in self._backlog if (e.time, e.step, e.kind) not in known])
        self._backlog = []
        if opened.problem:
            self.status.complain(opened.problem)

    def _foretell(self, state: str) -> None:
        self.status.foretell(state)
        if state == "starting":
            self.curves.expect(STARTING)

    def _wipe(self) -> None:
        self.curves.clear()
        self.lights.clear()
        name = self.run_list.name_of(self._shown) if self._shown else ""
        self.curves.save.name = name or "run"
        self.status.clear(name, self._shown)

    def _on_listed(self) -> None:
        if job := self.session.job:
            self.footer.name(self.run_list.name_of(job.run))
            self._enable()
        if self._shown is not None:
            self.status.name(self.run_list.name_of(self._shown))

    def _show(self, events: list[Event]) -> None:
        self.curves.add(events)
        self.lights.add(events)
        self.previews.set_watched(self.in_front)
        self.previews.add(events)
        self.status.add(events)

    def _is_shown(self, run: RunFolder) -> bool:
        return self._shown is not None and self._shown.path == run.path

    def _on_unreadable(self) -> None:
        job = self.session.job
        if self._shown is not None and (job is None or not self._is_shown(job.run)):
            self.run_list.is_gone(self._shown)

    def _on_resume_shown(self) -> None:
        if self._shown is not None:
            self.resume(self._shown)

    def _on_fix(self, settings: dict[str, Any]) -> None:
        if (run := self._shown) is None or self.run_list.is_gone(run):
            return
        try:
            amended = amend(run, settings)
        except UserError as error:
            self.status.complain(str(error))
            return
        if amended.method.name == self.experiment.method.currentData():
            self.experiment.form.change(settings)  # the next run shall fit, too
        (self.queue if self.session.job else self.resume)(run)

    def _on_theme(self, event: Any) -> None:
        self.curves.set_theme(event.value)
