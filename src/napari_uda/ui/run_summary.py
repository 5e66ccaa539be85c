"""What the list of runs says about each, and what is done to their folders."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_uda.core.spec.events import LAST_EVENTS, Paused, Validation
from napari_uda.core.spec.run import list_runs

from .jobs import last_word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_uda.core.spec.events import Event
    from napari_uda.core.spec.run import RunFolder, State

LIVING = ("running", "paused")
RESUMABLE = ("prepared", "stopped", "failed", "dead")
STATE_WORDS = {"dead": "interrupted", "prepared": "not started"}


@dataclass(frozen=True)
class RunSummary:
    """What the list says about a run."""

    run: RunFolder
    """The run."""
    state: State
    """Where it stands."""
    step: int
    """Last step that was heard of."""
    truth: float | None
    """Latest mean Dice on target truth, if there is any."""
    title: str = ""
    """What it is called, if not by its id."""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.title or self.run.id

    def after(self, events: Sequence[Event]) -> RunSummary:
        """Return what the list says once the run's living trainer has said more.

        Parameters
        ----------
        events
            What was said since; nothing is read from the disk.
        """
        if not events:
            return self
        state: State = self.state if self.state in LIVING else "running"
        last = last_word(events)
        if isinstance(last, LAST_EVENTS):
            state = last.kind
        elif last is not None:
            state = "paused" if isinstance(last, Paused) else "running"
        truth = _latest_truth(events, self.truth)
        return replace(self, state=state, step=events[-1].step, truth=truth)


def summarise_runs(folder: Path) -> list[RunSummary]:
    """Read what the list shows of every run; for a worker."""
    return [_summary(run) for run in list_runs(folder)]


def delete_run(run: RunFolder) -> str:
    """Remove a run from the disk; return why it could not be, or an empty text."""
    if run.owner() is not None:
        return f"{run.id} is being trained: stop it first."
    try:
        shutil.rmtree(run.path)
    except FileNotFoundError:
        return ""  # somebody was faster
    except OSError as error:
        return f"{run.path} could not be removed completely ({error.strerror})."
    return ""


def _summary(run: RunFolder) -> RunSummary:
    events = run.history()
    step = events[-1].step if events else 0
    truth = _latest_truth(events)
    return RunSummary(run, run.state(), step, truth, run.title)


def _latest_truth(events: Sequence[Event], before: float | None = None) -> float | None:
    for event in events:
        if isinstance(event, Validation) and "mean" in event.truth:
            before = event.truth["mean"]
    return before
