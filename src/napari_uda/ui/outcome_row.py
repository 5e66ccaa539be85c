"""Below the lights of a run that has ended: whether it helped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.qt.threading import thread_worker

from napari_uda.core.metrics.outcome import ending_of, verdict

from .baselines import find_baselines
from .listening import Latest
from .predicted_scores import scored_by_both
from .steady_label import SteadyLabel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_uda.core.metrics.outcome import Verdict
    from napari_uda.core.spec.run import RunFolder

    from .session import Session

ENDED = ("finished", "stopped")
LINES = 3
HINT = "One run each: another seed may come out otherwise."


class OutcomeRow(SteadyLabel):
    """Compares the selected run with its baseline, once it has ended.

    Parameters
    ----------
    session
        The session, whose selected run it is about.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(LINES)
        self.setToolTip(HINT)
        self._session = session
        self._work = Latest(self)
        self._run: RunFolder | None = None
        session.run_selected.connect(self.refresh)
        session.job_changed.connect(self.refresh)
        session.runs_changed.connect(self.refresh)
        self.hide()
        self.refresh()

    @property
    def busy(self) -> bool:
        """Whether runs are being read."""
        return self._work.busy

    def refresh(self, _run: RunFolder | None = None) -> None:
        """Read the selected run and its baseline, in a worker."""
        self._work.stop()
        run, job = self._session.selected_run, self._session.job
        if run is None or (job is not None and job.run.path == run.path):
            self._run = None
            self.hide()
            return
        if self._run is None or self._run.path != run.path:
            self.hide()
        self._run = run
        worker = thread_worker(look)(run, self._session.runs_folder)
        self._work.start(worker, self._on_found, self._work.done)

    def _on_found(self, found: Verdict) -> None:
        self.setMarked(found.level, found.text)
        self.show()


def look(run: RunFolder, folder: Path) -> Iterator[Verdict]:
    """Yield whether a run helped, if it has ended and that can be told."""
    from napari_uda.core.metrics.budget import budget_of, unequal
    from napari_uda.core.spec.run import list_runs

    if run.state() not in ENDED or (own := ending_of(run.history())) is None:
        return
    before = tested = None
    unfair = ""
    # One that still trains, or broke off, would be easy to beat.
    others = [one for one in list_runs(folder) if one.state() in ENDED]
    for found in find_baselines(run, others):
        if found.default is not None:
            before = ending_of(found.default.history())
            tested = scored_by_both(run, found.default)
            unfair = unequal(budget_of(run), budget_of(found.default))
    if (said := verdict(own, before, tested, unfair)) is not None:
        yield said
