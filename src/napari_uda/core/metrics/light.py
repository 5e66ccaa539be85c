"""One traffic light, and what the rules behind the lights have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Literal

from napari_uda.core.spec.methods import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_uda.core.spec.events import Failed, Started, Step, Validation, Warned

Level = Literal["unknown", "ok", "warning", "error"]

PATIENCE = 2
"""Validations in a row that must agree: one may be a whim of a few images."""
OPPONENTS = ("discriminator", "domain")
"""How the names of opponents' losses begin."""
ORDER: tuple[Level, ...] = ("unknown", "ok", "warning", "error")


@dataclass(frozen=True)
class Light:
    """What one rule says about a run."""

    name: str
    """What it watches: discriminator, generator, classes, numbers, contrast, mask."""
    level: Level
    """How bad it is; unknown: not measured (yet)."""
    words: str
    """What is the matter, in two or three words."""
    seen: str
    """What was seen, in a sentence."""
    since: int | None = None
    """First step of the trouble."""
    advice: str = ""
    """What to do about it, in a sentence, where there is trouble."""
    why: str = ""
    """Why the level is unknown, in two or three words."""

    @property
    def sentence(self) -> str:
        """All of it on a line."""
        head = self.words[:1].upper() + self.words[1:]
        if self.since is None:
            return f"{head}: {self.seen}"
        return f"{head}: {self.seen} Since step {self.since:,}. {self.advice}"


@dataclass
class Told:
    """The events that the rules need."""

    begun: Started
    """The last start."""
    steps: list[Step] = field(default_factory=list)
    """Reports of losses."""
    validations: list[Validation] = field(default_factory=list)
    """Validations since the adversarial part of the training began."""
    rolled_back: list[Warned] = field(default_factory=list)
    """Warnings that losses became NaN."""
    failed: Failed | None = None
    """The failure that ended the run."""

    @property
    def translates(self) -> bool:
        """Whether the method translates images."""
        kind = METHODS.get(self.begun.method)
        return bool(kind is not None and kind.translates)

    @cached_property
    def opponents(self) -> list[str]:
        """Names of the losses of discriminators, or of a domain classifier."""
        names = chain.from_iterable(self.begun.loss_groups.values())
        return [one for one in names if one.startswith(OPPONENTS)]

    @cached_property
    def duels(self) -> list[Step]:
        """Reports that hold a loss of an opponent."""
        names = set(self.opponents)
        return [one for one in self.steps if not names.isdisjoint(one.losses)]

    @cached_property
    def prelude(self) -> str:
        """Which phase trains, while it is one without opponents; else empty."""
        phases = self.begun.phases
        if not phases or not self.steps or not self.opponents or self.duels:
            return ""
        number = 1 + sum(self.steps[-1].step > end for end in phases)
        return f"phase {number} of {len(phases) + 1}"


def worst(levels: Iterable[Level]) -> Level:
    """Return the worst of several levels; ok if there are none."""
    return max(levels, key=ORDER.index, default="ok")


def lasting(
    levels: Sequence[Level], steps: Sequence[int], patience: int = PATIENCE
) -> tuple[Level, int | None]:
    """Return the level that the last ones agree on, and since when; None if ok."""
    level = min(levels[-patience:], key=ORDER.index)
    if level == "ok":
        return level, None
    bad = [ORDER.index(one) >= ORDER.index(level) for one in levels]
    return level, since_when(bad, steps)


def since_when(bad: Sequence[bool], steps: Sequence[int]) -> int:
    """Return the first step of the last unbroken stretch of trouble."""
    start = len(bad)
    while start and bad[start - 1]:
        start -= 1
    return steps[start]
