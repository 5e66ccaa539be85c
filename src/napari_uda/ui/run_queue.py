"""Runs that wait for the one under way, to be trained one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from napari_uda.core.spec.events import Event
    from napari_uda.core.spec.run import RunFolder

    from .jobs import How, Job
    from .session import Session


class RunQueue(QObject):
    """The runs that wait; each starts when the one before has finished or failed.

    Where the user stops a run, those that wait then wait no longer: they stay in the
    list of runs, from where they can be started. What is added later, while the run is
    still about to stop, starts after it. The queue ends with its window; the next one
    offers to go on with it.

    Parameters
    ----------
    session
        The session, whose job is waited for.
    """

    changed = Signal()
    """Runs were added, removed, or started."""
    dropped = Signal(list)
    """These runs wait no longer, since the one before them was stopped."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._waiting: list[tuple[RunFolder, How]] = []
        self._held = False

    def __len__(self) -> int:
        """Return the number of runs that wait."""
        return len(self._waiting)

    @property
    def runs(self) -> list[RunFolder]:
        """The runs that wait, the next one first."""
        return [run for run, _ in self._waiting]

    def hold(self) -> None:
        """Start and forget nothing from now on: the window is about to close."""
        self._held = True

    def place(self, run: RunFolder) -> int:
        """Return the place of a run in the queue, from 1; 0 if it does not wait."""
        paths = [one.path for one, _ in self._waiting]
        return 1 + paths.index(run.path) if run.path in paths else 0

    def add(self, run: RunFolder, how: How) -> None:
        """Let a run wait until those before it have ended.

        Parameters
        ----------
        run
            A run that can be resumed, or that was never started.
        how
            Where its trainer shall run.
        """
        if not self.place(run):
            self._waiting.append((run, how))
            self.changed.emit()

    def remove(self, run: RunFolder) -> None:
        """Let a run wait no longer."""
        if place := self.place(run):
            del self._waiting[place - 1]
            self.changed.emit()

    def drop(self) -> None:
        """Let none of the runs wait any longer: the one before them is stopped."""
        dropped, self._waiting = self.runs, []
        if dropped:
            self.changed.emit()
            self.dropped.emit(dropped)

    def go_on(self, ended: Job, last: Event) -> None:
        """Start the next run, unless the one that ended was stopped elsewhere.

        Who stops it here drops the queue at once, and may have filled it again.

        Parameters
        ----------
        ended
            The job that ended.
        last
            Its last event.
        """
        if not self._waiting or self._held or self._session.closing:
            return
        if last.kind == "stopped" and not ended.stop_asked:
            self.drop()
            return
        # Not at the top: a session begins long before its first job.
        from .jobs import Job

        run, how = self._waiting.pop(0)
        self.changed.emit()
        job = Job(run, how)
        self._session.job = job
        shown = self._session.selected_run
        if shown is None or shown.path == ended.run.path:
            self._session.selected_run = run
        job.start()
