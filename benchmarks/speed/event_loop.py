"""Does the window stay fluid? The delay of its event loop, idle and beside a training.

A 10 ms timer is late by whatever holds up the event loop: a slot that takes too long,
the redraw of the canvas, or another process on the same cores. The window shows the
sample pair, live curves and previews; the run trains in its own process, as fast as it
can. Then what it said is replayed at the same pace by a process that computes nothing:
only its previews, and its previews and curves. Target: p95 beside the training within
1.5 times p95 of the replay.

    python benchmarks/speed/event_loop.py [--seconds 30] [--method grl] [--out FILE]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from window import (
    HERE,
    OFTEN,
    close,
    open_window,
    page,
    press_start,
    press_stop,
    pump,
    set_up,
    table,
    wait,
    write,
)

if TYPE_CHECKING:
    from napari_uda.core.spec.run import RunFolder
    from napari_uda.ui.dock import AdaptationDock

INTERVAL = 0.010
"""Seconds between two ticks of the timer."""
WORDS = """\
A 10 ms timer, {seconds:g} s per row, ticks late by milliseconds; method {method},
quick, in a process of its own at full load ({speed:.1f} steps/s), a preview every
second (as fast as the window takes them), curves redrawn with every step. *Replayed*:
the same previews (and curves) at the same pace, told by a process that computes
nothing.

Target: p95 beside the training within 1.5 times p95 of the window idle with the same
previews. Here: **{ratio:.2f}** times the replay of previews and curves, {bare:.2f}
times the replay of previews alone."""


def delays(seconds: float) -> np.ndarray:
    """Return by how many milliseconds each tick of the timer was late."""
    from qtpy.QtCore import Qt, QTimer

    ticks: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(int(INTERVAL * 1000))
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start()
    pump(seconds)
    timer.stop()
    return 1000 * np.maximum(0, np.diff(ticks) - INTERVAL)


def beside_replay(
    dock: AdaptationDock, run: RunFolder, name: str, seconds: float, kinds: list[str]
) -> np.ndarray:
    """Return the delays while a window is attached to what says everything again."""
    copy = run.path.parent / name
    script = str(HERE / "replay.py")
    command = [sys.executable, script, str(run.path), str(copy), "paced", *kinds]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        dock.train.attach(type(run)(copy))
        shown = dock.train.previews.layers
        wait(lambda: any(copy_step(layer) for layer in shown().values()), "a preview")
        pump(3)
        late = delays(seconds)
        press_stop(dock)
    return late


def copy_step(layer: object) -> bool:
    """Whether a preview layer tells the step that it shows."""
    return "step" in str(getattr(layer, "name", ""))


def measure(seconds: float, method: str) -> tuple[dict[str, np.ndarray], float]:
    """Return the delays under each condition, and the speed of the training."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        dock = open_window(folder)
        found = {"idle": delays(seconds)}
        set_up(dock, method, 1_000_000, **OFTEN)
        press_start(dock)
        job = dock.session.job
        assert job is not None
        run = job.run
        wait(dock.train.previews.show_button.isEnabled, "a preview")
        pump(3)
        before, began = job.step, time.monotonic()
        found["training, previews and curves"] = delays(seconds)
        speed = (job.step - before) / (time.monotonic() - began)
        press_stop(dock)
        found["idle, previews replayed"] = beside_replay(
            dock, run, "previews", seconds, ["preview"]
        )
        found["idle, previews and curves replayed"] = beside_replay(
            dock, run, "all", seconds, []
        )
        close(dock)
    return found, speed


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--method", default="grl")
    parser.add_argument("--out", type=Path, default=HERE / "event_loop.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    found, speed = measure(options.seconds, options.method)
    p95 = [float(np.percentile(late, 95)) for late in found.values()]
    rows = [
        (name, len(late), *(f"{n:.1f}" for n in np.percentile(late, [50, 95, 99, 100])))
        for name, late in found.items()
    ]
    words = WORDS.format(
        seconds=options.seconds,
        method=options.method,
        speed=speed,
        ratio=p95[1] / p95[3],
        bare=p95[1] / p95[2],
    )
    header = ("condition", "ticks", "p50", "p95", "p99", "max")
    write(
        options.out, page("Delay of the event loop", words, table(header, rows), load)
    )


if __name__ == "__main__":
    main()
