"""What does the plugin cost a user of napari? Its start with and without the dock.

    python benchmarks/speed/opening.py [--repeats 5] [--out FILE]

Each start is a fresh process, with and without in turn; the result is the median time
from the start of the process to the first idle moment of the window. Needs a screen;
without one: xvfb-run -a -s "-screen 0 1600x1000x24" python ...
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent


def open_once(with_dock: bool) -> None:
    """Open napari in this process, print how long it took, and leave."""
    import napari
    import psutil
    from qtpy.QtCore import QTimer

    viewer = napari.Viewer(show=True)
    before = time.perf_counter()
    if with_dock:
        viewer.window.add_plugin_dock_widget("napari-uda", "Domain adaptation")
    added = time.perf_counter() - before

    def tell() -> None:
        total = time.time() - psutil.Process().create_time()
        torch = "torch" in sys.modules
        print(json.dumps({"total": total, "dock": added, "torch": torch}), flush=True)
        viewer.close()

    QTimer.singleShot(0, tell)
    napari.run()


def start(with_dock: bool) -> dict[str, float]:
    """Return the seconds that one start took."""
    command = [sys.executable, __file__, "--child", "with" if with_dock else "without"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def table(plain: list[dict[str, float]], docked: list[dict[str, float]]) -> str:
    """Return the result as a Markdown table."""
    without = median(one["total"] for one in plain)
    with_dock = median(one["total"] for one in docked)
    rows = [
        ("napari alone", without),
        ("napari with the dock", with_dock),
        ("difference", with_dock - without),
        ("adding the dock to an open window", median(one["dock"] for one in docked)),
    ]
    lines = [
        "# Opening the plugin",
        "",
        f"Median of {len(plain)} fresh processes each, until the window is idle. "
        f"torch imported: {'yes' if any(one['torch'] for one in docked) else 'no'}.",
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}.",
        "",
        "| what | seconds |",
        "|---|---:|",
        *(f"| {name} | {seconds:.2f} |" for name, seconds in rows),
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
    start(True)  # the first start of a day reads everything from the disk
    plain, docked = [], []
    for _ in range(options.repeats):
        plain.append(start(False))
        docked.append(start(True))
    text = table(plain, docked)
    print(text)
    options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
