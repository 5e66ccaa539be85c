"""Does the window stay fluid? The delay of its event loop, idle and beside a training.

A 10 ms timer is late by whatever holds up the event loop: a slot that takes too long,
the redraw of the canvas, or another process on the same cores. The window shows the
sample pair, live curves and previews; the run trains in its own process.

    python benchmarks/speed/event_loop.py [--seconds 20] [--method grl] [--out FILE]

Needs a screen; without one: xvfb-run -a -s "-screen 0 1600x1000x24" python ...
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uda.ui.dock import AdaptationDock

HERE = Path(__file__).parent
INTERVAL = 0.010
"""Seconds between two ticks of the timer."""
OFTEN = {"log_every": 1, "validate_every": 20, "preview_every": 5}
"""Settings of training under which curves and previews move as fast as they may."""
PATIENCE = 300.0
"""Seconds to wait for something to begin."""


def pump(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
    """Run the event loop for a while, or until something is the case."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    end = time.monotonic() + seconds
    timer = QTimer()
    timer.setInterval(20)
    timer.timeout.connect(
        lambda: loop.quit() if until() or time.monotonic() > end else None
    )
    timer.start()
    loop.exec()
    timer.stop()


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


def begin_training(dock: AdaptationDock, method: str) -> None:
    """Start a quick run on the sample pair and wait for its first preview."""
    train = dock.train
    dock.tabs.setCurrentWidget(train)
    train.experiment.method.setCurrentIndex(train.experiment.method.findData(method))
    train.experiment.form.change({"steps": 1_000_000})
    train.experiment.training.change(OFTEN)
    pump(PATIENCE, train.start_button.isEnabled)
    train.start_button.click()
    pump(PATIENCE, train.previews.show_button.isEnabled)
    pump(2)


def replay(dock: AdaptationDock) -> Callable[[], None]:
    """Show another preview of the run every second; returns what ends this."""
    from qtpy.QtCore import QTimer

    slider = dock.train.previews.slider
    timer = QTimer()
    timer.setInterval(1000)
    timer.timeout.connect(
        lambda: slider.setValue((slider.value() + 1) % (slider.maximum() + 1))
    )
    timer.start()
    return timer.stop


def measure(seconds: float, method: str) -> dict[str, np.ndarray]:
    """Return the delays under each condition, in milliseconds."""
    import napari

    from napari_uda.ui.launch import open_dock, open_sample

    viewer = napari.Viewer(show=True)
    viewer.window.resize(1500, 950)
    open_sample(viewer)
    dock = open_dock(viewer)
    pump(5)
    found = {"idle": delays(seconds)}
    begin_training(dock, method)
    found["training"] = delays(seconds)
    dock.train.stop_button.click()
    pump(PATIENCE, lambda: dock.session.job is None)
    end = replay(dock)
    pump(2)
    found["idle, the same previews replayed"] = delays(seconds)
    end()
    viewer.close()
    return found


def table(found: dict[str, np.ndarray], seconds: float, method: str) -> str:
    """Return the result as a Markdown table."""
    lines = [
        "# Delay of the event loop",
        "",
        f"A 10 ms timer, {seconds:g} s per row; method {method}, quick, in a process "
        "of its own; milliseconds late.",
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}.",
        "",
        "| condition | ticks | p50 | p95 | p99 | max |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, late in found.items():
        numbers = [*np.percentile(late, [50, 95, 99]), late.max()]
        cells = " | ".join(f"{number:.1f}" for number in numbers)
        lines.append(f"| {name} | {len(late)} | {cells} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--method", default="grl")
    parser.add_argument("--out", type=Path, default=HERE / "event_loop.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_UDA_RUNS"] = folder
        found = measure(options.seconds, options.method)
    text = table(found, options.seconds, options.method)
    print(text)
    options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
