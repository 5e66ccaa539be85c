"""Which of two runs is better on the same images, in a sentence."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING, Literal, NamedTuple

from .outcome import EQUAL
from .report import mean_dice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .paired import Score
    from .report import Row

ENOUGH = 6
"""Images from which on the paired test can tell anything: p is never below 0.05 with
fewer."""
SURE = 0.05
"""Values of p from here on are called chance."""
DISTANCES: tuple[tuple[Literal["hd95", "assd"], str], ...] = (
    ("hd95", "HD95"),
    ("assd", "ASSD"),
)
"""Distances that may say otherwise than Dice, and what they are called."""
CLOSE = 0.02
"""Part of a distance below which two are equal."""


class Gain(NamedTuple):
    """Whether a run is better than another.

    Attributes
    ----------
    level
        ok if it is better, warning if it is worse or the comparison is unfair, note if
        neither, or if distances say otherwise.
    text
        A sentence without a full stop.
    """

    level: Literal["ok", "note", "warning"]
    text: str


def gain(
    after: Sequence[Row],
    before: Sequence[Row],
    run: str,
    baseline: str,
    *,
    sections: bool = False,
    unequal: str = "",
) -> Gain | None:
    """Compare the mean Dice of a run with that of its baseline.

    Distances are mentioned where they say otherwise.

    Parameters
    ----------
    after, before
        Scores of run and baseline on the same images.
    run, baseline
        What they are called.
    sections
        Whether images are sections of one stack, which no test may take for
        independent.
    unequal
        What makes the comparison unfair, as of `budget.unequal`.

    Returns
    -------
    Gain or None
        None where there is nothing to compare.
    """
    pairs = list(_paired(after, before).values())
    one, other = mean_dice(after), mean_dice(before)
    if not pairs or not (math.isfinite(one) and math.isfinite(other)):
        return None
    structures = len({row["class"] for row in after})
    of = f" of {structures} structures" if structures > 1 else ""
    word = "section" if sections else "image"
    where = f"on {len(pairs)} {word}{'s' if len(pairs) > 1 else ''}"
    change = abs(round(one, 2) - round(other, 2))
    level: Literal["ok", "note", "warning"] = "note"
    said, way = f"equal within {EQUAL}", 0
    if abs(one - other) >= EQUAL:
        way = 1 if one > other else -1
        said = f"{'better' if way > 0 else 'worse'} by {change:.2f}"
    against = [
        name for key, name in DISTANCES if _way(after, before, key) not in (None, way)
    ]
    if against:
        where += f"; {' and '.join(against)} {'are' if len(against) > 1 else 'is'} not"
    if way:
        level = "warning" if way < 0 or unequal else "note" if against else "ok"
    remarks = [unequal] if unequal else []
    remarks += [_counted(pairs, one >= other)] if len(pairs) > 1 else []
    remarks += _chance(pairs) if not sections else []
    inside = f" ({'; '.join(remarks)})" if remarks else ""
    seen = f"mean Dice{of} {one:.2f} with {run}, {other:.2f} with {baseline}"
    # What matters comes first: a narrow dock cuts the end.
    return Gain(level, f"Dice {said} {where}{inside}: {seen}")


def _paired(
    after: Sequence[Row], before: Sequence[Row]
) -> dict[str, tuple[float, float]]:
    """Return the mean Dice of both by image, over structures that both have."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row, one, two in _both(after, before, "dice"):
        found.setdefault(row["image"], []).append((one, two))
    return {
        image: (fmean(one for one, _ in values), fmean(two for _, two in values))
        for image, values in found.items()
    }


def _way(
    after: Sequence[Row], before: Sequence[Row], key: Literal["hd95", "assd"]
) -> int | None:
    """Return 1 if a distance is better than before, -1 if worse, 0 if about equal.

    None if it was not measured, or in several units.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    units = set()
    for row, one, two in _both(after, before, key):
        found.setdefault(row["class"], []).append((one, two))
        units.add(row["unit"])
    if len(units) != 1:
        return None
    now, then = (
        fmean(fmean(pair[side] for pair in pairs) for pairs in found.values())
        for side in (0, 1)
    )
    if abs(now - then) <= CLOSE * max(now, then):
        return 0
    return 1 if now < then else -1


def _both(
    after: Sequence[Row], before: Sequence[Row], key: Score
) -> Iterator[tuple[Row, float, float]]:
    """Yield rows that have a score on both sides, with that of run and baseline."""
    other = {(row["image"], row["class"]): row[key] for row in before}
    for row in after:
        one, two = row[key], other.get((row["image"], row["class"]))
        if one is not None and two is not None and math.isfinite(one + two):
            yield row, one, two


def _counted(pairs: list[tuple[float, float]], higher: bool) -> str:
    """Say on how many images the run is as it is in the mean."""
    number = sum(one > two if higher else one < two for one, two in pairs)
    return f"{'higher' if higher else 'lower'} on {number}"


def _chance(pairs: list[tuple[float, float]]) -> list[str]:
    """Say whether it may be chance, by the paired test if it can tell."""
    if len(pairs) < ENOUGH:
        return ["too few to rule out chance"]
    # scipy.stats takes a moment to import: not before it is needed.
    from .paired import wilcoxon

    p = wilcoxon([one for one, _ in pairs], [two for _, two in pairs])
    text = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    return [text if p < SURE else f"{text}: may be chance"]
