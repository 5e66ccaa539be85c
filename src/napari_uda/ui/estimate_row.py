"""One line about what a run will need: memory, time, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.qt.threading import thread_worker
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_uda.core.errors import UserError
from napari_uda.core.spec.estimate import Estimate, gigabytes

from .estimating import Estimating
from .listening import Latest
from .standby import standby
from .steady_label import Part, SteadyLabel, marked

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from .experiment_panel import ExperimentPanel
    from .session import Session

DELAY = 1000
"""Milliseconds without a change of the settings before anything is estimated."""
BUSY = "No estimate of memory and time during a run: it would slow the run down."
"""What is said while there is no estimate because of a run."""
LINES = 2
"""Lines that there is room for."""
MOST_KEPT = 50
"""Estimates that are remembered."""


class EstimateRow(QWidget):
    """Tells memory and time of the run that the panel describes, once it knows.

    A child process does some steps of the run meanwhile; nothing waits for it. Where
    the run does not fit, a button changes the settings of the panel so that it does.
    Once it is known, or while the line is out of sight, a trainer gets ready, as Start
    is likely to be pressed.

    Parameters
    ----------
    session
        Its data; nothing is estimated while it has a job, which needs the device.
    panel
        The settings.
    """

    def __init__(self, session: Session, panel: ExperimentPanel) -> None:
        super().__init__()
        self._session = session
        self._panel = panel
        self._known: dict[tuple[object, ...], Estimate | str] = {}
        self._asked: tuple[object, ...] | None = None
        self._shown: Estimate | None = None
        self._work = Latest(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)
        self.words = SteadyLabel(LINES)
        self.fix = QPushButton()
        self.fix.setToolTip("Change the settings above so that the run fits")
        self.fix.hide()
        self.fix.clicked.connect(self._on_fix)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.fix)
        panel.changed.connect(self.refresh)
        panel.device.currentIndexChanged.connect(self.refresh)
        session.choices_changed.connect(self._on_choices)
        session.ready_changed.connect(self.refresh)
        session.job_changed.connect(self.refresh)
        self.destroyed.connect(standby.dismiss)
        self.refresh()

    @property
    def busy(self) -> bool:
        """Whether an estimate is under way or about to be."""
        return self._work.busy or self._timer.isActive()

    def refresh(self) -> None:
        """Show what is known of the run as it is now, or find it out soon."""
        key, idle = self._key(), self._session.job is None
        if idle and key is not None and key == self._asked and self.busy:
            return
        self._work.stop()
        self._timer.stop()
        self._asked = key
        if key is None:
            self._show("")
        elif (known := self._known.get(key)) is not None:
            self._tell(known)
        elif not idle:
            self._show(BUSY)
        elif self.isVisible():
            self._show("Estimating memory and time \N{HORIZONTAL ELLIPSIS}")
            self._timer.start(DELAY)
        else:  # folded or on another tab: nobody waits for an estimate
            standby.prepare_soon()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Begin when there is somebody to read it."""
        super().showEvent(event)
        self.refresh()

    def _key(self) -> tuple[object, ...] | None:
        """Return what the estimate depends on; None if there is no run to be."""
        listed = self._panel.device.currentData() is not None
        if self._session.problem or not listed:
            return None
        try:
            method, training = self._panel.value()
        except UserError:
            return None
        choices = self._session.choices
        return (
            choices["source"], choices["target"], self._session.voxel_size,
            method.model_dump_json(), training.model_dump_json(),
        )  # fmt: skip

    def _ask(self) -> None:
        try:
            snapshot = self._session.snapshot()
            estimating = Estimating(snapshot, *self._panel.value())
        except UserError:
            self._show("")
            return
        worker = thread_worker(estimating.events)()
        self._work.start(worker, self._on_told, self._on_ended, estimating.cancel)

    def _on_told(self, told: Estimate | str) -> None:
        if self._asked is not None:
            while len(self._known) >= MOST_KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[self._asked] = told
        self._tell(told)

    def _on_ended(self) -> None:
        self._work.done()

    def _tell(self, told: Estimate | str) -> None:
        if isinstance(told, str):
            self._show(f"Memory and time could not be estimated: {told}")
            return
        if self._session.job is None:
            standby.prepare_soon()
        if told.fits:
            free, need = gigabytes(told.free), gigabytes(told.memory)
            words = f"About {need} of {free} free, {told.time}"
            self._show(Part(words), told)
            return
        need, free = gigabytes(told.memory), gigabytes(told.free)
        words = f"Needs about {need}, {free} free on {told.device}: {told.advice}."
        self._show(marked("warning", words), told)

    def _show(self, text: Part | str, estimate: Estimate | None = None) -> None:
        self._shown = estimate
        self.words.setParts(text if isinstance(text, Part) else Part(text))
        tip = ""
        if estimate is not None:
            tip = (
                "Measured with a few training steps here and now, with patches of "
                f"{estimate.measured:.0%} of their pixels; the rest is extrapolated."
            )
            if estimate.crowded:
                tip += (
                    " As other programs kept the processor busy, the time is that of "
                    "one core, shared out: training takes many times as long as long "
                    "as they go on."
                )
        self.words.setToolTip(tip)
        suggestion = estimate.suggestion if estimate is not None else {}
        pairs = ", ".join(f"{key} = {value}" for key, value in suggestion.items())
        self.fix.setText(f"Use {pairs}")
        self.fix.setVisible(bool(suggestion))

    def _on_choices(self) -> None:
        # What is remembered would keep layers alive that the user has removed.
        self._known.clear()
        self.refresh()

    def _on_fix(self) -> None:
        if self._shown is not None:
            self._panel.form.change(dict(self._shown.suggestion))
