"""How much a translation has changed: scores of what is kept say nothing about it.

A translation that does nothing keeps everything, and must not look like a good one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .trust import Finding

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .trust import Trust

HARDLY = 3.0
"""Below this per cent a translation has hardly changed anything, see `docs/scores.md`:
generators that compute changes start at 0 to 2.6, those that have learnt are above."""


def changed_percent(original: ArrayLike, translated: ArrayLike) -> float:
    """Return the mean absolute change in per cent of the intensity range.

    Parameters
    ----------
    original, translated
        Of one shape, 0 for black and 1 for white, both by the normalisation that the
        networks see; what is beyond is clipped, as it is there, and NaN is black.

    Returns
    -------
    float
        100 * mean(|translated - original|), from 0 to 100.
    """
    one, other = (
        np.clip(np.nan_to_num(np.asarray(image, np.float32), nan=0.0), 0, 1)
        for image in (original, translated)
    )
    return float(100 * np.mean(np.abs(other - one), dtype=np.float64))


def percent_text(percent: float) -> str:
    """Return a percentage with one digit after the point, as `0.4 %`."""
    return f"{percent:.1f} %"


def verdict_lines(trust: Trust, changed: float) -> list[Finding]:
    """Say how much was changed, and whether anatomy was kept if it was.

    Parameters
    ----------
    trust
        Which scores agree.
    changed
        As of `changed_percent`; NaN if it is not known.

    Returns
    -------
    list of Finding
        That scores agree on what was hardly changed is no news, and left out.
    """
    hardly = changed < HARDLY
    lines = []
    if hardly:
        text = (
            f"hardly changed ({percent_text(changed)}): there is nothing to trust yet"
        )
        lines.append(Finding("warning", text))
    elif not np.isnan(changed):
        text = f"changed by {percent_text(changed)} of the intensity range"
        lines.append(Finding("note", text))
    if trust.text and not (hardly and trust.level == "ok"):
        lines.append(Finding(trust.level, f"anatomy kept: {trust.text}"))
    return lines


def short_line(trust: Trust, changed: float) -> Finding:
    """Say the same of one slice in a few words; without a text if nothing is known."""
    hardly = changed < HARDLY
    words = [trust.text.replace(" scores agree", "")] if trust.text else []
    if hardly:
        words.append(f"hardly changed ({percent_text(changed)})")
    elif not np.isnan(changed):
        words.append(f"changed by {percent_text(changed)}")
    level = "warning" if hardly and trust.level == "ok" else trust.level
    return Finding(level, "; ".join(words))
