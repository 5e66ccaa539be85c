"""What does the plugin cost a user of napari? Its start with and without the dock.

    python benchmarks/speed/opening.py [--repeats 5] [--out FILE]

Each start is a fresh process, with and without in turn. The dock is added once napari's
own window is idle; then two moments are waited for: the Data tab is painted and the
window idle again, so that the tab can be used; all tabs are there and the window idle.
Python's bytecode is kept between the starts, as it is where packages are installed.
Needs a screen; without one: xvfb-run -a -s "-screen 0 1600x1000x24" python ...
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
SETTLE = 1.0
"""Seconds that napari's own window gets to become idle."""


def open_once(with_dock: bool) -> None:
    """Open napari in this process, print how long what took, and leave."""
    import napari
    import psutil
    from qtpy.QtCore import QEvent, QObject
    from qtpy.QtWidgets import QApplication

    class Painted(QObject):
        """Tells whether a widget was painted."""

        yet = False

        def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
            self.yet = self.yet or event.type() == QEvent.Type.Paint
            return False

    viewer = napari.Viewer(show=True)
    QApplication.processEvents()
    told = {"window": time.time() - psutil.Process().create_time()}
    settle()
    if with_dock:
        began = time.perf_counter()
        _, dock = viewer.window.add_plugin_dock_widget(
            "napari-uda", "Domain adaptation"
        )
        painted = Painted()
        dock.data.installEventFilter(painted)
        while not painted.yet:
            QApplication.processEvents()
        QApplication.processEvents()  # the canvas, which has another size now
        told["usable"] = time.perf_counter() - began
        longest = 0.0
        while not dock.complete:
            turn = time.perf_counter()
            QApplication.processEvents()
            longest = max(longest, time.perf_counter() - turn)
        told["complete"] = time.perf_counter() - began
        told["longest"] = longest
    told["torch"] = "torch" in sys.modules
    print(json.dumps(told), flush=True)
    viewer.close()


def settle() -> None:
    """Let the window do all it has to do at first."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + SETTLE
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def start(with_dock: bool, cache: str) -> dict[str, float]:
    """Return the seconds that one start took."""
    command = [sys.executable, __file__, "--child", "with" if with_dock else "without"]
    kept = {"PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | kept
    )
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def table(plain: list[dict[str, float]], docked: list[dict[str, float]]) -> str:
    """Return the result as a Markdown table."""

    def row(name: str, key: str, among: list[dict[str, float]]) -> str:
        values = [one[key] for one in among]
        return f"| {name} | {median(values):.2f} | {max(values):.2f} |"

    lines = [
        "# Opening the plugin",
        "",
        f"Seconds, in {len(plain)} fresh processes each; the dock is added to a window "
        "that is idle, and its Data tab can be used once it is painted and the window "
        "idle again. The other tabs are made after that, a piece per turn of the event "
        "loop. Target: below 0.30 s until the Data tab can be used. "
        f"torch imported: {'yes' if any(one['torch'] for one in docked) else 'no'}.",
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}.",
        "",
        "| what | median | most |",
        "|---|---:|---:|",
        row("napari alone, from the start of its process", "window", plain),
        row("adding the dock, until the Data tab can be used", "usable", docked),
        row("adding the dock, until all tabs are there", "complete", docked),
        row("longest turn of the event loop between the two", "longest", docked),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=HERE / "opening.md")
    parser.add_argument("--child", choices=["with", "without"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        open_once(options.child == "with")
        return
    plain, docked = [], []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache:
        start(True, cache)  # compiles everything, and reads it from the disk
        for _ in range(options.repeats):
            plain.append(start(False, cache))
            docked.append(start(True, cache))
    text = table(plain, docked)
    print(text)
    options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
