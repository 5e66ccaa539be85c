"""Whether a training helped: lights only say that it was healthy.

A run is compared with one of `source_only` on the same data, both at their best
checkpoints: by whole images that both have predicted, else by the truth of the few
patches of a validation, else by the scores that use no labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from napari_uda.core.spec.events import Checkpoint, Started, Validation

from .amount import HARDLY, percent_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_uda.core.spec.events import Event

BASELINE = "source_only"
NO_ADAPTATION = (BASELINE, "supervised")
"""Methods that are there to be compared with."""
OF_SOURCE = ("source_dice", "cycle_dice")
"""Scores that say nothing about masks of the target."""
EQUAL = 0.01
"""Difference of two Dice below which one is no better than the other."""
GUESS = "Perhaps better than"
"""What is said without whole images: scores without labels can be wrong, and so can a
few patches."""
PREDICT = "Predict with both."
LIGHTS = "Lights say that training was healthy, not that it helped."


class Verdict(NamedTuple):
    """Whether a run helped.

    Attributes
    ----------
    level
        How bad it is.
    text
        A sentence or some.
    """

    level: Literal["ok", "note", "warning"]
    text: str


class OnImages(NamedTuple):
    """What a run and its baseline have scored on the same whole images.

    Attributes
    ----------
    run, baseline
        Mean Dice.
    images
        How many images.
    """

    run: float
    baseline: float
    images: int


@dataclass(frozen=True)
class Ending:
    """What a run has come to at its best checkpoint."""

    method: str
    """Name of its method."""
    truth: float | None = None
    """Mean Dice on target truth, if there is some."""
    scores: tuple[tuple[str, float], ...] = ()
    """Scores of target masks that use no labels, by name; higher is better."""
    changed: float | None = None
    """Per cent of the intensity range by which it changes images, if it does."""


def ending_of(events: Iterable[Event]) -> Ending | None:
    """Return what a run has come to; None if it was never validated.

    Parameters
    ----------
    events
        What it has said and what still holds, in order.
    """
    method, last, best = "", None, None
    for event in events:
        match event:
            case Started():
                method = event.method
            case Validation():
                last = event
            case Checkpoint(best=True) if last and last.step == event.step:
                best = last
    found = best or last
    if found is None:
        return None
    scores = ((k, v) for k, v in found.scores.items() if k not in OF_SOURCE)
    changes = [
        look["changed"] for look in found.translations.values() if "changed" in look
    ]
    return Ending(
        method,
        found.truth.get("mean"),
        tuple(scores),
        max(changes, default=None),
    )


def verdict(
    run: Ending,
    baseline: Ending | None,
    tested: OnImages | None = None,
    unequal: str = "",
) -> Verdict | None:
    """Say whether a run is better than its baseline; None if it is one itself.

    Parameters
    ----------
    run
        The run.
    baseline
        A run of `source_only` on the same data, if there is one.
    tested
        What both have scored on whole images, if they have.
    unequal
        What makes the comparison unfair, as of `budget.unequal`.
    """
    if run.method in NO_ADAPTATION:
        return None
    hint = ""
    if run.changed is not None and run.changed < HARDLY:
        hint = f" Its translations hardly change images ({percent_text(run.changed)})."
    if baseline is None:
        text = (
            f"Whether it helped, nothing tells: train {BASELINE} on the same data, too."
        )
        return Verdict("warning" if hint else "note", f"{text}{hint}")
    advice = ""
    if tested is not None:
        better = tested.run >= tested.baseline + EQUAL
        whole = f"{tested.images} whole image{'s' if tested.images > 1 else ''}"
        seen = f"Dice {tested.run:.2f} against {tested.baseline:.2f} on {whole}"
    elif run.truth is not None and baseline.truth is not None:
        better = run.truth >= baseline.truth + EQUAL
        seen = f"target Dice {run.truth:.2f} against {baseline.truth:.2f} on a few"
        seen, advice = f"{seen} patches", f" {PREDICT}"
    else:
        before = dict(baseline.scores)
        both = [(value, before[name]) for name, value in run.scores if name in before]
        if not both:
            return Verdict("note", f"Nothing tells whether it helped.{hint}")
        more = sum(now > then for now, then in both)
        better = more > len(both) / 2
        seen = f"{more} of {len(both)} scores without labels are higher (no truth)"
    known = tested is not None
    head = "No better than" if not better else "Better than" if known else GUESS
    inside = f" ({unequal})" if unequal else ""
    said = f"{head} {BASELINE}{inside}: {seen}.{advice}{hint}"
    if better and unequal:
        return Verdict("warning", said)
    if better and not hint:
        return Verdict("ok" if known else "note", said)
    if advice and not hint:
        return Verdict("note", said)
    return Verdict("warning", f"{said} {LIGHTS}")
