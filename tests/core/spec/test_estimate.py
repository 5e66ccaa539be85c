"""What is said of memory and time."""

from __future__ import annotations

from napari_uda.core.spec.estimate import Estimate


def estimate(**changes):
    values = {
        "device": "cpu", "memory": 2e9, "free": 4e9, "total": 8e9, "seconds": 180,
        "measured": 1.0,
    }  # fmt: skip
    return Estimate(**values | changes)


def test_a_busy_machine_is_told_apart_from_a_long_run():
    assert estimate().time == "3 minutes on cpu"
    busy = estimate(crowded=0.9)
    assert busy.time == "3 minutes on cpu, longer while other work takes 90% of it"
    assert busy.time in str(busy)
