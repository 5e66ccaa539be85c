"""What a run says while it works: typed events, one line each in events.jsonl."""

from __future__ import annotations

import time
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from .config import Config


class BaseEvent(Config):
    """What every event carries."""

    run: str
    """Id of the run: the name of its folder."""
    step: int
    """Training step the event belongs to; losses of step 1 are those of the first."""
    time: float = Field(default_factory=time.time)
    """Wall time in seconds since 1970."""


class Started(BaseEvent):
    """Training begins at step 0."""

    kind: Literal["started"] = "started"
    method: str
    """Name of the method."""
    steps: int
    """Steps in all."""
    device: str
    """Device in words."""
    precision: str
    """float32 or bfloat16."""
    loss_groups: dict[str, tuple[str, ...]]
    """Losses that belong in one plot, by the title of the plot."""
    guessing: dict[str, float] = {}
    """What the loss of an opponent (a discriminator, or a domain classifier) is if it
    can but guess, by the name of the loss."""
    phases: tuple[int, ...] = ()
    """Steps after which training does something else, where it has several phases."""
    expected: dict[str, float] = {}
    """Share of each structure among the labelled pixels of the source."""


class Resumed(Started):
    """Training goes on from a checkpoint at `step`; what was said beyond is void."""

    kind: Literal["resumed"] = "resumed"  # type: ignore[assignment]


class Step(BaseEvent):
    """Losses of one step."""

    kind: Literal["step"] = "step"
    losses: dict[str, float]
    """Unweighted losses by name."""
    speed: float
    """Steps per second, lately."""
    remaining: float
    """Seconds left at this speed."""
    memory: float
    """Memory in GB: of the accelerator, or of the process on a CPU."""


class Validation(BaseEvent):
    """Scores of the averaged model."""

    kind: Literal["validation"] = "validation"
    scores: dict[str, float]
    """Scores that use no target labels."""
    truth: dict[str, float] = {}
    """Dice on target truth by structure and `mean`: shown, not used for selection."""
    shares: dict[str, float] = {}
    """Share of each structure among the pixels predicted in target images."""
    translations: dict[str, dict[str, float]] = {}
    """How translations relate to their originals, by the look they got; names and
    meaning are in `core.engine.translated`."""


class Preview(BaseEvent):
    """A file with the fixed samples as the model sees them now."""

    kind: Literal["preview"] = "preview"
    file: str
    """Path within the run folder."""


class Checkpoint(BaseEvent):
    """A checkpoint was written."""

    kind: Literal["checkpoint"] = "checkpoint"
    file: str
    """Path within the run folder."""
    best: bool
    """Whether it is the best so far."""


class Paused(BaseEvent):
    """Training waits; a checkpoint is written."""

    kind: Literal["paused"] = "paused"


class Continued(BaseEvent):
    """Training goes on after a pause."""

    kind: Literal["continued"] = "continued"


class Warned(BaseEvent):
    """Something the user should know; training goes on."""

    kind: Literal["warning"] = "warning"
    code: str
    """Short name of the trouble, such as `nan`."""
    message: str
    """One sentence."""


class Finished(BaseEvent):
    """All steps are done."""

    kind: Literal["finished"] = "finished"
    seconds: float
    """Seconds spent training, pauses left out, since the last start."""


class Stopped(BaseEvent):
    """Stopped on request; a checkpoint is written."""

    kind: Literal["stopped"] = "stopped"


class Failed(BaseEvent):
    """Training ended against the user's will."""

    kind: Literal["failed"] = "failed"
    message: str
    """One sentence: what happened and what to do."""
    detail: str = ""
    """Traceback or end of the log, for a report."""
    fix: dict[str, Any] = {}
    """Settings that may help, such as {"batch_size": 4}."""


Event = (
    Started | Resumed | Step | Validation | Preview | Checkpoint | Paused | Continued
    | Warned | Finished | Stopped | Failed
)  # fmt: skip
LAST_EVENTS = (Finished, Stopped, Failed)
"""Every job ends in exactly one of these."""


@cache
def _adapter() -> TypeAdapter[Event]:
    """Return what reads events; made late, as that takes a while."""
    return TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def event_from_json(line: str | bytes) -> Event:
    """Read one event; raises pydantic's ValidationError on anything else."""
    return _adapter().validate_json(line)
