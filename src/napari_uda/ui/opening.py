"""What showing a run needs of its folder; for workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_uda.core.errors import UserError
from napari_uda.core.spec.events import Failed

from .jobs import gone_text, thinned

if TYPE_CHECKING:
    from napari_uda.core.spec.domain import Structure
    from napari_uda.core.spec.events import Event
    from napari_uda.core.spec.run import RunFolder


@dataclass(frozen=True)
class OpenedRun:
    """A run as it was when it was opened."""

    run: RunFolder
    """The run."""
    history: list[Event]
    """What it has said, thinned out."""
    structures: tuple[Structure, ...] = ()
    """What it segments."""
    problem: str = ""
    """Why it cannot be shown as it should, in one sentence."""


def open_run(run: RunFolder) -> OpenedRun:
    """Read a run; one that died without a word gets its last words here."""
    if not run.exists:
        return OpenedRun(run, [], problem=gone_text(run))
    try:
        structures = run.experiment().data.structures
    except UserError as error:
        return OpenedRun(run, [], problem=str(error))
    history = thinned(run.history())
    step = history[-1].step if history else 0
    if run.state() == "dead":
        message = (
            f"Interrupted at step {step}: the computer or the trainer was shut down. "
            "Everything up to the last checkpoint is kept: press Resume to go on."
        )
        history.append(
            Failed(run=run.id, step=step, message=message, detail=run.log_tail())
        )
    return OpenedRun(run, history, structures)
