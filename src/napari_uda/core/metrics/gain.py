"""Which of two runs is better on the same images, in a sentence."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING, Literal, NamedTuple

from .outcome import EQUAL
from .report import mean_dice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .report import Row

ENOUGH = 6
"""Images from which on the paired test can tell anything: p is never below 0.05 with
fewer."""
SURE = 0.05
"""Values of p from here on are called chance."""


class Gain(NamedTuple):
    """Whether a run is better than another.

    Attributes
    ----------
    level
        ok if it is better, warning if it is worse, note if neither.
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
) -> Gain | None:
    """Compare the mean Dice of a run with that of its baseline.

    Parameters
    ----------
    after, before
        Scores of run and baseline on the same images.
    run, baseline
        What they are called.
    sections
        Whether images are sections of one stack, which no test may take for
        independent.

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
    said = f"equal within {EQUAL}"
    if abs(one - other) >= EQUAL:
        level = "ok" if one > other else "warning"
        said = f"{'better' if one > other else 'worse'} by {change:.2f}"
    remarks = [_counted(pairs, one >= other)] if len(pairs) > 1 else []
    remarks += _chance(pairs) if not sections else []
    inside = f" ({'; '.join(remarks)})" if remarks else ""
    seen = f"mean Dice{of} {one:.2f} with {run}, {other:.2f} with {baseline}"
    # What matters comes first: a narrow dock cuts the end.
    return Gain(level, f"{said} {where}{inside}: {seen}")


def _paired(
    after: Sequence[Row], before: Sequence[Row]
) -> dict[str, tuple[float, float]]:
    """Return the mean Dice of both by image, over structures that both have."""
    other = {(row["image"], row["class"]): row["dice"] for row in before}
    found: dict[str, list[tuple[float, float]]] = {}
    for row in after:
        pair = row["dice"], other.get((row["image"], row["class"]), math.nan)
        if all(map(math.isfinite, pair)):
            found.setdefault(row["image"], []).append(pair)
    return {
        image: (fmean(one for one, _ in values), fmean(two for _, two in values))
        for image, values in found.items()
    }


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
