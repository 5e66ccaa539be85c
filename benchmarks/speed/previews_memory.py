"""How the memory of the window grows with the previews of a run.

A real window is attached to a run that shows previews, each a bit different, as fast as
the window takes them: one at a time, in the layers of the viewer, with ten steps in the
curves between two. Nothing is trained meanwhile, so that all memory is the window's.
Target: less than 20 MB over 500 previews, after the first 20.

    python benchmarks/speed/previews_memory.py [--previews 500] [--out FILE]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from window import (
    HERE,
    OFTEN,
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

if TYPE_CHECKING:
    from napari_uda.core.spec.run import RunFolder
    from napari_uda.ui.dock import AdaptationDock

WARM_UP = 20
"""Previews before memory is counted: caches fill with the first ones."""
STEPS_PER_PREVIEW = 10
WORDS = """\
Resident memory of the window (napari, the dock, software OpenGL) while it shows
previews of a run one after the other, in the layers that are there, with ten steps in
the curves between two.

Target: less than 20 MB between preview {warm_up} and {previews}. Here: **{grown:+.1f}
MB**."""


def record(dock: AdaptationDock) -> RunFolder:
    """Train until there is a preview and ten steps; return the run."""
    set_up(dock, "grl", 1_000_000, **OFTEN | {"threads": 1})
    press_start(dock)
    job = dock.session.job
    assert job is not None
    wait(lambda: job.step >= STEPS_PER_PREVIEW, "ten steps")
    press_stop(dock)
    return job.run


def shows(dock: AdaptationDock, step: int) -> bool:
    """Whether the layers show the preview of a step."""
    ending = f"step {step:,}"
    return any(str(layer.name).endswith(ending) for layer in layers(dock).values())


def layers(dock: AdaptationDock) -> dict[str, object]:
    """Return the preview layers by key."""
    return dict(dock.train.previews.layers())


def measure(previews: int) -> list[tuple[int, float]]:
    """Return memory in MB by the number of previews shown."""
    from napari_uda.core.spec.run import RunFolder
    from napari_uda.ui import previews as module

    # A user waits a second for the next one: the benchmark need not.
    module.FASTEST = 0
    every = max(1, previews // 10)
    marks = {1, WARM_UP, *range(every, previews + 1, every), previews}
    found = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        dock = open_window(folder)
        run = record(dock)
        copy = RunFolder(run.path.parent / "replayed")
        command = [sys.executable, str(HERE / "replay.py"), str(run.path)]
        with subprocess.Popen(
            [*command, str(copy.path), "asked"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.readline()
            dock.train.attach(copy)
            for number in range(1, previews + 1):
                process.stdin.write("next\n")
                process.stdin.flush()
                step = STEPS_PER_PREVIEW * number
                wait(lambda step=step: shows(dock, step), f"preview {number}")  # type: ignore[misc]
                if number in marks:
                    found.append((number, memory()))
                    print(*found[-1], len(layers(dock)), flush=True)
            process.stdin.close()
            wait(lambda: dock.session.job is None, "the end of the replay")
        close(dock)
    return found


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--previews", type=int, default=500)
    parser.add_argument("--out", type=Path, default=HERE / "previews_memory.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    found = measure(options.previews)
    base = dict(found)[WARM_UP]
    rows = [(number, f"{mb:.1f}", f"{mb - base:+.1f}") for number, mb in found]
    words = WORDS.format(
        warm_up=WARM_UP, previews=options.previews, grown=found[-1][1] - base
    )
    body = table(("previews shown", "MB", f"since preview {WARM_UP}"), rows)
    write(options.out, page("Memory over previews", words, body, load))


if __name__ == "__main__":
    main()
