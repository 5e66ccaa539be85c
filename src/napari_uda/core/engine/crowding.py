"""How much of the processor other programs take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

import psutil

if TYPE_CHECKING:
    from types import TracebackType

NOTICED = 0.25
"""Part of the processor that others may take before it counts as busy."""
LOOK = 0.3
"""Seconds of a look at what others do."""


class Crowding:
    """Watches what others take of the processor; a context."""

    def __init__(self) -> None:
        self._began = self._ended = (0.0, 0.0, 0.0)

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._began = _clocks()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Watch no longer."""
        self._ended = _clocks()

    @property
    def others(self) -> float:
        """Part of the processor, all its cores taken together, that others took."""
        passed, own, spent = (
            after - before
            for before, after in zip(self._began, self._ended, strict=True)
        )
        if passed < LOOK / 2:  # clocks of the system tick a hundred times per second
            return 0.0
        capacity = max(passed * (psutil.cpu_count() or 1), 1e-9)
        return min(1.0, max(0.0, spent - own) / capacity)


def others_now() -> float:
    """Return the part of the processor that others take, after a short look."""
    with Crowding() as crowding:
        time.sleep(LOOK)
    return crowding.others


def _clocks() -> tuple[float, float, float]:
    """Return the time, and processor time of this process and of all processes."""
    spent = psutil.cpu_times()._asdict()
    idle = spent["idle"] + spent.get("iowait", 0.0)
    # Time of virtual machines is part of that of users.
    double = spent.get("guest", 0.0) + spent.get("guest_nice", 0.0)
    return time.perf_counter(), time.process_time(), sum(spent.values()) - idle - double
