"""What the scores of a translation say, in words.

The thresholds lie where the scores of the built-in sample images (electron microscopy,
heart CT and MR, abdominal CT, cone-beam CT and MR, cine MR, radiographs; slices of 58
to 256 pixels) part. `benchmarks/trust.py` measures them, see `docs/scores.md`.

Structure is 0.89 to 1.00 after any change of contrast, even one that is not monotonic;
0.73 to 0.91 after noise, 0.78 to 0.88 after blurring with a Gaussian of two pixels. It
is 0.69 to 0.77 after a shift by four pixels and 0.63 to 0.73 for images that have
nothing in common. The scores compare surroundings of a few pixels: a structure that was
moved far counts as removed and invented. Edges agree by 0.84 and more after slight
noise, by 0.79 to 0.94 after blurring, and by 0.50 to 0.79 after a shift or between
images that have nothing in common. Masks whose outlines are a pixel off reach a Dice of
0.83 to 0.96 where nothing moved. Correlation is 0.84 to 1.00 where brightness alone was
changed, and -1 where it was inverted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

STRUCTURE_LOST = 0.74
"""Below this structure score a slice is as unlike its original as another image."""
STRUCTURE_IN_DOUBT = 0.80
"""Below this one, structure has suffered more than from a change of contrast."""
INVERTED = -0.3
"""Below this correlation bright and dark have changed places. Images that have nothing
in common reach -0.4 by chance, so that it counts only where structure is not lost."""

AGREES = {
    "correlation": 0.0,
    "structure": STRUCTURE_IN_DOUBT,
    "edges": 0.78,
    "mask": 0.80,
}
"""A score agrees that a slice can be trusted from this value on. Correlation: bright is
on the whole still bright; the others: no worse than after a harmless change."""
MOST = 0.9
"""A score agrees on many slices if it does on this part of those that have it."""

Level = Literal["ok", "note", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """One thing that a user should know about a translation."""

    level: Level
    """How bad it is."""
    text: str
    """What it is, without a full stop."""
    slices: tuple[int, ...] = ()
    """Slices that it concerns."""


def findings(scores: Mapping[str, ArrayLike], unit: str = "slice") -> list[Finding]:
    """Say what is wrong with a translation, the worst first, or that nothing is.

    Parameters
    ----------
    scores
        (n,) values of "correlation" and "structure", as of `structure_scores`.
    unit
        What an item is called.

    Returns
    -------
    list of Finding
        At least one, unless there are no scores.
    """
    correlation, structure = (
        np.asarray(scores[name], float) for name in ("correlation", "structure")
    )
    total = len(structure)
    if not total:
        return []
    lost = structure < STRUCTURE_LOST
    doubtful = ~lost & (structure < STRUCTURE_IN_DOUBT)
    inverted = ~lost & (correlation < INVERTED)
    constant = np.isnan(structure)
    found = [
        _finding("error", "structure is lost", lost, unit),
        _finding("warning", "contrast is inverted", inverted, unit),
        _finding("warning", "structure is in doubt", doubtful, unit),
        _finding("warning", "there is nothing to compare", constant, unit),
    ]
    kept = [item for item in found if item.slices]
    if kept:
        return kept
    where = f"all {total} {unit}s" if total > 1 else f"the {unit}"
    return [Finding("ok", f"structure and contrast are kept in {where}")]


def _finding(level: Level, text: str, where: NDArray[np.bool_], unit: str) -> Finding:
    slices = tuple(int(index) for index in np.flatnonzero(where))
    total = len(where)
    count = f"{len(slices)} of {total} {unit}s" if total > 1 else f"the {unit}"
    return Finding(level, f"{text} in {count}", slices)


@dataclass(frozen=True)
class Trust:
    """Which scores agree that a translation can be trusted."""

    agree: tuple[str, ...]
    """Scores that do."""
    against: tuple[str, ...]
    """Scores that do not."""

    @property
    def level(self) -> Level:
        """How bad it is: one score against is a warning, two are an error."""
        if len(self.against) > 1:
            return "error"
        return "warning" if self.against else "ok"

    @property
    def text(self) -> str:
        """What they say, without a full stop; empty without scores."""
        total = len(self.agree) + len(self.against)
        if not total:
            return ""
        *others, last = self.against or ("",)
        names = f"{', '.join(others)} and {last}" if others else last
        but = f", but not {names}" if self.against else ""
        return f"{len(self.agree)} of {total} scores agree{but}"


def trust(scores: Mapping[str, ArrayLike]) -> Trust:
    """Count the scores that agree that a translation can be trusted.

    Parameters
    ----------
    scores
        (n,) values, or a single one, by the names in `AGREES`; other scores do not
        count, and neither does one that has no value anywhere.
    """
    agree: list[str] = []
    against: list[str] = []
    for name, least in AGREES.items():
        values = np.atleast_1d(np.asarray(scores.get(name, np.nan), float))
        values = values[~np.isnan(values)]
        if values.size:
            part = np.mean(values >= least)
            (agree if part >= MOST else against).append(name)
    return Trust(tuple(agree), tuple(against))


def worst_first(scores: Mapping[str, NDArray[np.float64]]) -> NDArray[np.intp]:
    """Return slice numbers, the ones to look at first in front.

    Those that most scores disagree with come first; among equals, the one whose lowest
    score is lowest. Correlation is no such score: it is low where two modalities have
    opposite contrast, and says nothing of anatomy then. A slice without scores comes
    in the middle of those that nothing disagrees with.

    Parameters
    ----------
    scores
        (n,) values by the names in `AGREES`; NaN where there is none.
    """
    known = {name: np.asarray(scores[name], float) for name in AGREES if name in scores}
    against = sum(
        ((values < AGREES[name]).astype(int) for name, values in known.items()),
        start=np.zeros(len(next(iter(known.values()))), int),
    )
    kept = [values for name, values in known.items() if name != "correlation"]
    # fmin ignores NaN, as long as there is a number.
    lowest = np.fmin.reduce(kept) if kept else known["correlation"]
    there = lowest[~np.isnan(lowest) & (against == 0)]
    middle = float(np.median(there)) if there.size else 0.0
    return np.lexsort((~np.isnan(lowest), np.nan_to_num(lowest, nan=middle), -against))
