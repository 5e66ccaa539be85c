"""What the list of runs says about each, and what is done to their folders."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_uda.core.spec.events import (
    LAST_EVENTS,
    Checkpoint,
    Paused,
    Started,
    Validation,
)
from napari_uda.core.spec.run import list_runs

from .jobs import last_word
from .predicted_scores import last_score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_uda.core.spec.events import Event
    from napari_uda.core.spec.run import RunFolder, State

    from .predicted_scores import PredictedScore

LIVING = ("running", "paused")
RESUMABLE = ("prepared", "stopped", "failed", "dead")
DICE_TIP = (
    "<qt>Mean Dice on the held-back truth of a few target patches, at the step of the "
    "best checkpoint. Predict scores whole images, so it differs: once files were "
    "predicted, the tooltip of a row has that Dice, too.</qt>"
)
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
    """Mean Dice on target truth at the best checkpoint, if there are both."""
    title: str = ""
    """What it is called, if not by its id."""
    truth_step: int = 0
    """Step of that checkpoint."""
    method: str = ""
    """Name of its method, once it began."""
    latest: tuple[int, float] | None = None
    """Step and mean Dice on target truth of the last validation with truth."""
    predicted: PredictedScore | None = None
    """Dice of the files that it has predicted last."""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.title or self.run.id

    @property
    def truth_tip(self) -> str:
        """Where the Dice is from, or why there is none; and that of Predict."""
        lines = ["No truth was scored at a best checkpoint (yet)"]
        if self.truth is not None:
            lines = [
                f"Validation patches at step {self.truth_step:,}: {self.truth:.2f}"
            ]
        if self.predicted is not None:
            lines.append(self.predicted.text)
        return "\n".join(lines)

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
        now = replace(self, state=state, step=events[-1].step)
        return now.scored(events)

    def scored(self, events: Sequence[Event]) -> RunSummary:
        """Take in the truth of the validation that each best checkpoint was saved at.

        Predict uses that checkpoint unless told otherwise.
        """
        truth, truth_step, latest = self.truth, self.truth_step, self.latest
        for event in events:
            if isinstance(event, Validation) and "mean" in event.truth:
                latest = (event.step, event.truth["mean"])
            elif isinstance(event, Checkpoint) and event.best:
                truth_step = event.step
                truth = latest[1] if latest and latest[0] == event.step else None
        return replace(self, truth=truth, truth_step=truth_step, latest=latest)


def summarise_runs(folder: Path) -> list[RunSummary]:
    """Read what the list shows of every run; for a worker."""
    return [_summary(run) for run in list_runs(folder)]


def delete_run(run: RunFolder) -> str:
    """Remove a run from the disk; return why it could not be, or an empty text."""
    if run.owner() is not None:
        return f"{run.title} is being trained: stop it first."
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
    begun = (event.method for event in events if isinstance(event, Started))
    summary = RunSummary(
        run,
        run.state(),
        step,
        None,
        run.title,
        method=next(begun, ""),
        predicted=last_score(run),
    )
    return summary.scored(events)
