"""What the list of runs says about each, and what is done to their folders."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_uda.core.spec.events import Validation
from napari_uda.core.spec.run import list_runs

if TYPE_CHECKING:
    from pathlib import Path

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


def summarise_runs(folder: Path) -> list[RunSummary]:
    """Read what the list shows of every run; for a worker."""
    return [_summary(run) for run in list_runs(folder)]


def delete_run(run: RunFolder) -> str:
    """Remove a run from the disk; return why it could not be, or an empty text."""
    if run.owner() is not None:
        return f"{run.id} is being trained: stop it first."
    try:
        shutil.rmtree(run.path)
    except OSError as error:
        return f"{run.path} could not be removed completely ({error.strerror})."
    return ""


def _summary(run: RunFolder) -> RunSummary:
    events = run.history()
    truth = None
    for event in events:
        if isinstance(event, Validation) and "mean" in event.truth:
            truth = event.truth["mean"]
    step = events[-1].step if events else 0
    return RunSummary(run, run.state(), step, truth, run.title)
