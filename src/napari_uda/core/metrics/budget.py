"""Whether two runs were trained alike, so that their scores may be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from napari_uda.core.errors import UserError

if TYPE_CHECKING:
    from napari_uda.core.spec.methods import MethodConfig
    from napari_uda.core.spec.run import RunFolder

ALIKE = 1.1
"""Up to this ratio two numbers of steps are called the same."""
SEGMENTER = ("segmenter", "width", "levels")
"""Settings of the network that segments."""


class Budget(NamedTuple):
    """What went into a run.

    Attributes
    ----------
    steps
        Steps it was trained for in all, its best checkpoint being one of them; 0 if
        that is not known.
    method
        Its settings.
    """

    steps: int
    method: MethodConfig


def budget_of(run: RunFolder) -> Budget | None:
    """Return what went into a run; None if it cannot be read."""
    try:
        method = run.experiment().method
    except UserError:
        return None
    return Budget(max((event.step for event in run.history()), default=0), method)


def unequal(run: Budget | None, baseline: Budget | None) -> str:
    """Say in a few words what makes a comparison unfair; nothing if it is fair.

    Parameters
    ----------
    run, baseline
        What went into both.
    """
    if run is None or baseline is None:
        return ""
    words = []
    few, many = sorted((run.steps, baseline.steps))
    if few and many > ALIKE * few:
        words.append(f"for {run.steps:,} steps, the baseline for {baseline.steps:,}")
    one, other = run.method, baseline.method
    others = ["patch size"] if one.patch_shape != other.patch_shape else []
    if any(getattr(one, name) != getattr(other, name) for name in SEGMENTER):
        others.append("segmenter")
    if others:
        words.append(f"with another {' and '.join(others)}")
    return f"trained {', '.join(words)}" if words else ""
