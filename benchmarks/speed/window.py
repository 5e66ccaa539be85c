"""What the benchmarks of the window share: opening it, driving it, and their tables.

The window is real: napari with the sample pair as layers and the dock, on a screen or,
without one, on xvfb-run -a -s "-screen 0 1600x1000x24". Only widgets are pressed.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from napari_uda.ui.dock import AdaptationDock

HERE = Path(__file__).parent
PATIENCE = 300.0
"""Seconds to wait for something to begin or end."""
OFTEN = {"log_every": 1, "validate_every": 20, "preview_every": 5}
"""Settings of training under which curves and previews move as fast as they may."""


def pump(seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
    """Run the event loop for a while, or until something is the case; tell if it is."""
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
    return until()


def wait(until: Callable[[], bool], what: str) -> None:
    """Run the event loop until something is the case.

    Raises
    ------
    SystemExit
        If it is not for too long.
    """
    if not pump(PATIENCE, until):
        raise SystemExit(f"waited {PATIENCE:g} s in vain: {what}")


def open_window(runs: str | Path) -> AdaptationDock:
    """Open napari with the sample pair and the dock, its Train tab ready to start.

    Parameters
    ----------
    runs
        Folder of the runs.
    """
    os.environ["NAPARI_UDA_RUNS"] = str(runs)
    import napari

    from napari_uda.ui.launch import open_dock, open_sample

    viewer = napari.Viewer(show=True)
    viewer.window.resize(1500, 950)
    open_sample(viewer)
    dock = open_dock(viewer)
    dock.tabs.setCurrentWidget(dock.train)
    wait(dock.train.start_button.isEnabled, "data that can be trained on")
    wait(lambda: not dock.train.experiment.estimate.busy, "the estimate")
    pump(2)
    return dock


def set_up(dock: AdaptationDock, method: str, steps: int, **training: object) -> None:
    """Choose a method with its quick preset, and change settings in the form."""
    panel = dock.train.experiment
    panel.method.setCurrentIndex(panel.method.findData(method))
    panel.form.change({"steps": steps})
    panel.training.change(training)
    wait(dock.train.start_button.isEnabled, "a run that can be started")


def press_start(dock: AdaptationDock) -> None:
    """Start a run and wait until its process is about to be started."""
    dock.train.start_button.click()
    wait(lambda: dock.session.job is not None, "a job")


def press_stop(dock: AdaptationDock) -> None:
    """Stop the run and wait for its end."""
    dock.train.stop_button.click()
    wait(lambda: dock.session.job is None, "the end of the run")


def close(dock: AdaptationDock) -> None:
    """Close the window."""
    dock.session.viewer.close()
    pump(0.5)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as a Markdown table; numbers stand at the right."""
    lines = [f"| {' | '.join(header)} |", f"|---|{'---:|' * (len(header) - 1)}"]
    lines += [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join(lines)


def page(title: str, words: str, body: str, load: float) -> str:
    """Return the page of a result: what, how, where and with which code.

    Parameters
    ----------
    title, words
        What was measured, in a line and in sentences.
    body
        The tables.
    load
        Load of the machine before it began.
    """
    command = " ".join(["python", f"benchmarks/speed/{Path(sys.argv[0]).name}"])
    command = " ".join([command, *sys.argv[1:]])
    where = (
        f"{platform.system()} {platform.machine()}, {_processor()}, {os.cpu_count()} "
        f"cores, software OpenGL, Python {platform.python_version()}, "
        f"{time.strftime('%Y-%m-%d')}, commit {commit()}; load before: {load:.1f}."
    )
    return f"# {title}\n\n{words}\n\n`{command}`; {where}\n\n{body}\n"


def write(file: Path, text: str) -> None:
    """Print a page, and keep it."""
    print(text)
    file.write_text(text, encoding="utf-8")


def commit() -> str:
    """Return the commit of the code, with + where it was changed since."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=HERE, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", "../../src", "*.py")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def memory(settle: float = 1.0) -> float:
    """Return the resident memory of this process in MB, garbage collected."""
    import gc

    import psutil

    pump(settle)
    gc.collect()
    pump(0.1)
    return float(psutil.Process().memory_info().rss) / 1e6


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    return names[0].strip() if names else platform.machine()
