"""What other programs take is told from what this one needs."""

from __future__ import annotations

import psutil
import pytest

from napari_uda.core.engine import crowding
from napari_uda.core.engine.crowding import Crowding, others_now


@pytest.fixture
def watched(monkeypatch):
    """Return a function: what others took of two cores."""
    monkeypatch.setattr(psutil, "cpu_count", lambda: 2)

    def others(passed, own, spent):
        times = iter([(0, 0, 0), (passed, own, spent)])
        monkeypatch.setattr(crowding, "_clocks", lambda: next(times))
        with Crowding() as found:
            pass
        return found.others

    return others


def test_what_is_computed_here_is_nobody_elses(watched):
    assert watched(10, 20, 20) == 0
    assert watched(10, 10, 10) == 0


def test_others_are_a_part_of_all_cores(watched):
    assert watched(10, 2, 20) == pytest.approx(0.9)
    assert watched(10, 10, 15) == pytest.approx(0.25)


def test_a_moment_tells_nothing(watched):
    assert watched(0.05, 0, 0.1) == 0


def test_the_clocks_of_this_machine_can_be_read():
    assert 0 <= others_now() <= 1
