"""How the memory of the window grows with the runs that start and stop in it.

Start, wait for the first loss, Stop, wait for the end, again and again in one window;
every run trains in a process of its own, as a user's does, so that what is measured is
the window. No figure was set as a target; a leak shows as a straight line.

    python benchmarks/speed/runs_memory.py [--runs 20] [--out FILE]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
from pathlib import Path

import psutil
from window import (
    HERE,
    close,
    memory,
    open_window,
    page,
    press_start,
    press_stop,
    set_up,
    table,
    wait,
    write,
)

SETTLED = 5
"""Runs before memory is counted."""
WORDS = """\
Resident memory of the window, its threads and child processes after each of {runs}
runs that were started, had a loss and a preview on the screen, and were stopped
(`source_only`, quick, one thread). Since run {settled}: **{grown:+.1f} MB**,
{each:+.2f} MB per run."""


def measure(runs: int) -> list[tuple[int, float, int, int]]:
    """Return memory in MB, threads and child processes after each run."""
    found = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        dock = open_window(folder)
        set_up(dock, "source_only", 1_000, log_every=1, threads=1)
        found.append((0, memory(), threading.active_count(), _children()))
        for number in range(1, runs + 1):
            dock.train.experiment.suggest_name()
            press_start(dock)
            wait(dock.train.previews.show_button.isEnabled, "a preview")
            press_stop(dock)
            found.append((number, memory(), threading.active_count(), _children()))
            print(*found[-1], flush=True)
        close(dock)
    return found


def _children() -> int:
    return len(psutil.Process().children(recursive=True))


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--out", type=Path, default=HERE / "runs_memory.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    found = measure(options.runs)
    base = found[SETTLED][1]
    grown = found[-1][1] - base
    rows = [
        (number, f"{mb:.1f}", f"{mb - base:+.1f}", threads, children)
        for number, mb, threads, children in found
    ]
    words = WORDS.format(
        runs=options.runs,
        settled=SETTLED,
        grown=grown,
        each=grown / max(1, options.runs - SETTLED),
    )
    header = ("runs", "MB", f"since run {SETTLED}", "threads", "processes")
    write(options.out, page("Memory over runs", words, table(header, rows), load))


if __name__ == "__main__":
    main()
