"""What the structure scores of a translation say, in words.

The thresholds lie where the scores of the built-in sample images (electron microscopy,
heart CT and MR, abdominal CT, cone-beam CT and MR, cine MR; slices of 58 to 256 pixels)
part. Structure is 0.89 to 1.00 after any change of contrast, even one that is not
monotonic; 0.73 to 0.91 after noise, 0.78 to 0.88 after blurring with a Gaussian of two
pixels. It is 0.69 to 0.77 after a shift by four pixels and 0.63 to 0.73 for images that
have nothing in common. The scores compare surroundings of a few pixels: a
structure that was moved far counts as removed and invented.
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

Level = Literal["ok", "warning", "error"]


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
