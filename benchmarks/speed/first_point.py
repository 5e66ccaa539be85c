"""Where the seconds go from Start to the first point in a plot.

The sample pair as layers, a quick preset, on the processor. Start is pressed in a real
window; each row is when something was first true, by the clock of the machine that the
window and the trainer share. Once it is pressed at once, so that a trainer has to be
started, and once some seconds after data were in order, when one waits. Target: less
than 5 s.

    python benchmarks/speed/first_point.py [--methods grl] [--repeats 5] [--out FILE]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psutil
from window import (
    HERE,
    close,
    open_window,
    page,
    press_stop,
    pump,
    set_up,
    table,
    wait,
    write,
)

from napari_uda.ui import standby

if TYPE_CHECKING:
    from napari_uda.core.spec.events import Event
    from napari_uda.ui.dock import AdaptationDock

READY = 10.0
"""Seconds in which a trainer has surely imported all it needs."""
WORDS = """\
Median of {repeats} runs, seconds after Start was pressed, quick presets, device cpu,
data from layers. *At once*: a trainer is started then; *waiting*: one began to get
ready {ready:g} s before, as it does once data are in order. Imports alone, in a process
without anything else: `torch` {torch:.1f} s, `napari_uda.core.api` {api:.1f} s (torch
included), the command line {cli:.1f} s.

When a process was started is known to about a second.

Target: a point is drawn within 5 s."""
STAGES = (
    "layers copied, run folder ready",
    "process started",
    "trainer ready (torch imported, data and networks made)",
    "first step done",
    "first loss known to the window",
    "first point drawn",
)


class Clock:
    """Notes when the window hears of the first loss."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.heard = 0.0

    def hear(self, events: list[Event]) -> None:
        """Take in what a job said."""
        self.events += events
        if not self.heard and self.first("step"):
            self.heard = time.time()

    def first(self, kind: str) -> float:
        """Return when the first event of a kind was written; 0 if it was not."""
        return next((event.time for event in self.events if event.kind == kind), 0.0)


def drawn(dock: AdaptationDock) -> bool:
    """Whether a curve with a point is in the plot on top."""
    plot = dock.train.curves.shown
    canvas = getattr(plot, "_canvas", None)
    data = [curve.getData()[0] for curve in getattr(canvas, "_curves", [])]
    return any(x is not None and len(x) for x in data)


def prepare(dock: AdaptationDock, method: str, waiting: bool) -> None:
    """Set a run up, and have a trainer wait for it, or none."""
    standby.standby.dismiss()
    standby.ENOUGH = 0 if waiting else 2**62
    set_up(dock, method, 1_000, device="cpu")
    dock.train.experiment.suggest_name()
    if waiting:
        dock.train.experiment.estimate.refresh()
        wait(lambda: not dock.train.experiment.estimate.busy, "the end of an estimate")
        pump(READY)


def once(dock: AdaptationDock) -> list[float]:
    """Return when each stage was reached, in seconds after Start."""
    began = time.time()
    dock.train.start_button.click()
    wait(lambda: dock.session.job is not None, "a job")
    prepared = time.time()
    job = dock.session.job
    assert job is not None
    clock = Clock()
    job.recalled.connect(clock.hear)
    job.progressed.connect(clock.hear)
    dock.train.curves.tabs.setCurrentIndex(0)
    wait(lambda: "starting" not in job.state and bool(clock.events), "the first event")
    owner = job.run.owner() or {}
    process = psutil.Process(int(str(owner["pid"])))
    # Scores come late: look at losses, as a user who waits for a point would.
    dock.train.curves.tabs.setCurrentIndex(1)
    wait(lambda: drawn(dock), "the first point")
    shown = time.time()
    moments = (
        prepared,
        process.create_time(),
        clock.first("started"),
        clock.first("step"),
        clock.heard,
        shown,
    )
    press_stop(dock)
    pump(1)
    return [moment - began for moment in moments]


def imports(what: str) -> float:
    """Return how long a fresh process takes to import something, median of three."""

    def one() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {what}"], check=True)
        return time.perf_counter() - began

    return median(one() for _ in range(3))


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", nargs="*", default=["source_only", "grl"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=HERE / "first_point.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    cases = [(name, waits) for name in options.methods for waits in (False, True)]
    found: dict[tuple[str, bool], list[list[float]]] = {case: [] for case in cases}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        dock = open_window(folder)
        for _ in range(options.repeats):
            for case in cases:
                prepare(dock, *case)
                found[case].append(once(dock))
        close(dock)
    rows = [
        (stage, *(f"{median(one[index] for one in found[case]):.2f}" for case in cases))
        for index, stage in enumerate(STAGES)
    ]
    words = WORDS.format(
        repeats=options.repeats,
        ready=READY,
        torch=imports("torch"),
        api=imports("napari_uda.core.api"),
        cli=imports("napari_uda.cli"),
    )
    titles = [f"{name}, {'waiting' if waits else 'at once'}" for name, waits in cases]
    body = table(("until", *titles), rows)
    write(options.out, page("From Start to the first point", words, body, load))


if __name__ == "__main__":
    main()
