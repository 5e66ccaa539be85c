"""The points of a curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_POINTS = 4000
"""Points kept of a curve; beyond, every other one is dropped."""


class Series:
    """The points of one curve, never more than `MOST_POINTS`."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._values: list[float] = []
        self._stride = 1
        self._seen = 0

    def __len__(self) -> int:
        """Return the number of points kept."""
        return len(self._steps)

    def add(self, step: int, value: float) -> None:
        """Append a point, thinning out the old ones when there are too many."""
        self._seen += 1
        if self._seen % self._stride:
            return
        self._steps.append(step)
        self._values.append(value)
        if len(self._steps) > MOST_POINTS:
            del self._steps[::2], self._values[::2]
            self._stride *= 2

    def cut(self, step: int) -> None:
        """Forget the points beyond a step."""
        while self._steps and self._steps[-1] > step:
            self._steps.pop()
            self._values.pop()

    def arrays(
        self, window: int = 1, log: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return steps and values.

        Parameters
        ----------
        window
            Points to average around each point.
        log
            Whether values that have no logarithm become NaN.
        """
        values = smoothed(np.array(self._values, np.float64), window)
        usable = np.isfinite(values) & ((values > 0) | (not log))
        return np.array(self._steps, np.float64), np.where(usable, values, np.nan)


def smoothed(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Average over a centred window, leaving out what is not finite."""
    window = min(window, len(values))
    if window <= 1:
        return values
    finite = np.isfinite(values)
    kernel = np.ones(window)
    total = np.convolve(np.where(finite, values, 0.0), kernel, "same")
    count = np.convolve(finite.astype(np.float64), kernel, "same")
    mean = np.full(len(values), np.nan)
    # What rounding leaves of a sum over no finite point is no value.
    np.divide(total, count, out=mean, where=count > 0.5)
    return mean
