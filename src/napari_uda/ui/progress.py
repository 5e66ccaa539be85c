"""A progress bar that says what is being done, and how long that will take."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt

from .words import duration_text

if TYPE_CHECKING:
    from qtpy.QtWidgets import QProgressBar

    from .child import Progress

BETWEEN = "  \N{MIDDLE DOT}  "
"""What stands between the parts of the text."""


EARLY = 0.02
"""Fraction of some work up to which the time that is left cannot be told."""


class Count:
    """How many of several things are done, and how long the rest will take."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._began = monotonic()

    def next(self) -> str:
        """Count one more; returns words such as `3 of 40, 2:10 min left`."""
        self._done += 1
        left = max(0, self._total - self._done)
        text = f"{self._done:,} of {self._total:,}"
        seconds = left * (monotonic() - self._began) / self._done
        return f"{text}, {duration_text(seconds)} left" if seconds >= 1 else text


def how_far(done: float, spent: float) -> str:
    """Return words such as `40 %, 2:10 min left`; of the time, once it can be told.

    Parameters
    ----------
    done
        Fraction done.
    spent
        Seconds that this took.
    """
    left = spent * (1 - done) / done if done > EARLY else 0.0
    tail = f", {duration_text(left)} left" if left >= 1 else ""
    return f"{100 * done:.0f} %{tail}"


def move(bar: QProgressBar, value: int, text: str) -> None:
    """Set value and text of a bar, to be painted with what else has changed.

    By itself, Qt paints a bar at once, and all that waits to be painted with it.
    """
    bar.setUpdatesEnabled(False)
    bar.setValue(value)
    bar.setFormat(text)
    bar.setUpdatesEnabled(True)


def show_progress(bar: QProgressBar, told: Progress) -> None:
    """Show how far some work is; what is being done is cut to fit, whole as tooltip.

    Parameters
    ----------
    bar
        A bar from 0 to 1000.
    told
        How far the work is.
    """
    bar.setToolTip(told.text)
    tail = f"{BETWEEN}%p %"
    if told.remaining is not None:
        tail += f"{BETWEEN}{duration_text(told.remaining)} left"
    metrics = bar.fontMetrics()
    room = bar.contentsRect().width() - metrics.horizontalAdvance(f"{tail}    ")
    # A bar puts its own numbers where it reads %p, %v or %m, also in a name.
    words = told.text.replace("%", "%\N{ZERO WIDTH SPACE}")
    text = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, max(0, room))
    move(bar, round(1000 * told.done), f"{text}{tail}")
