"""How long our own slots hold the window: while it trains, in Predict and in Check.

Every method of our widgets that Qt, napari or a timer calls is timed, from the outside:
the product knows nothing of it. Only the outermost call counts, on the main thread.
Methods called for layout only (size hints and the like) are left out. Target: p99 below
10 ms.

    python benchmarks/speed/slots.py [--seconds 60] [--method grl] [--out FILE]
        [--parts train predict check]
"""

from __future__ import annotations

import argparse
import functools
import importlib
import inspect
import os
import pkgutil
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

from napari_uda.samples import write as write_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_uda.ui.dock import AdaptationDock

SHARES = [50, 95, 99, 100]
Calls = dict[str, list[tuple[float, float]]]
"""Milliseconds that calls took, and of a processor, by the name of the slot."""
TRANSLATES = "accseg"
"""Method of the run that predicts and translates."""
PARTS = ("train", "predict", "check")
FILES = 3
"""Images that are predicted."""
STEPS = 8
"""Slices of a check that are gone to, one after another."""
LOOK = 0.3
"""Seconds that something is looked at before the next button is pressed."""
WORDS = """\
A training (method {method}, quick, a preview every second, curves at every step) for
{seconds:g} s and the moments of Start and Stop; {files} files and the target layer of
the sample pair predicted and scored, rows, views and sides; the source layer
translated and measured, items, ways of comparing, sliders and a verdict. Milliseconds
per call of a slot or event handler of ours, outermost calls on the main thread only;
cpu: the most of a processor that a call took, which other processes cannot lengthen.
What is called for layout only (size hints) is not counted.

Target: p99 of all calls below 10 ms. Here: {found}. Below, every slot that ever took
more than 1 ms."""


class Stopwatch:
    """Times the outermost calls of wrapped methods on the thread that made it."""

    def __init__(self) -> None:
        self.calls: Calls = defaultdict(list)
        self._thread = threading.get_ident()
        self._inside = False

    def wrap(self, owner: type, name: str, method: Any) -> None:
        """Time a method; Qt is told its signature as it was."""
        label = f"{owner.__name__}.{name}"
        takes = _positional(method)

        @functools.wraps(method)
        def timed(*args: Any, **options: Any) -> Any:
            # Qt gives a slot as much as it takes, which it cannot see here.
            args = args[:takes]
            if self._inside or threading.get_ident() != self._thread:
                return method(*args, **options)
            self._inside = True
            began, busy = time.perf_counter(), time.thread_time()
            try:
                return method(*args, **options)
            finally:
                took = (time.perf_counter() - began, time.thread_time() - busy)
                self._inside = False
                self.calls[label].append((1000 * took[0], 1000 * took[1]))

        setattr(owner, name, timed)

    def take(self) -> Calls:
        """Return what was timed since the last time."""
        taken, self.calls = self.calls, defaultdict(list)
        return taken


def _positional(method: Callable[..., Any]) -> int | None:
    kinds = [one.kind for one in inspect.signature(method).parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return None
    return sum(
        kind
        in (
            inspect.Parameter.POSITIONAL_ONLY,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
        )
        for kind in kinds
    )


def time_our_slots() -> Stopwatch:
    """Wrap the methods of everything in `napari_uda.ui`."""
    import napari_uda.ui as ui

    watch = Stopwatch()
    for found in pkgutil.iter_modules(ui.__path__):
        module = importlib.import_module(f"{ui.__name__}.{found.name}")
        for kind in list(vars(module).values()):
            if inspect.isclass(kind) and kind.__module__ == module.__name__:
                for name, method in list(vars(kind).items()):
                    if inspect.isfunction(method) and _counts(kind, name, method):
                        watch.wrap(kind, name, method)
    return watch


def _counts(kind: type, name: str, method: Any) -> bool:
    if name.startswith("__") or inspect.isgeneratorfunction(method):
        return False
    # What Qt asks for layout is none; what it tells (paintEvent) is.
    strangers = (b for b in kind.__mro__ if not b.__module__.startswith("napari_uda"))
    inherited = any(name in vars(base) for base in strangers)
    return not inherited or name.endswith("Event")


def measure(parts: list[str], seconds: float, method: str) -> dict[str, Calls]:
    """Return the calls by what was done meanwhile."""
    watch = time_our_slots()
    found: dict[str, Calls] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        dock = open_window(Path(folder) / "runs")
        if "train" in parts:
            found |= dict(while_it_trains(dock, watch, seconds, method))
        if parts != ["train"]:
            train_a_little(dock)
        if "predict" in parts:
            pair = write_pair("em-pair", Path(folder) / "pair")
            files = sorted((pair / "target" / "images").iterdir())[:FILES]
            found["Predict"] = in_predict(dock, watch, files)
        if "check" in parts:
            found["Check"] = in_check(dock, watch)
        close(dock)
    return found


def while_it_trains(
    dock: AdaptationDock, watch: Stopwatch, seconds: float, method: str
) -> Iterator[tuple[str, Calls]]:
    """Train; yields the calls meanwhile, and those around it."""
    set_up(dock, method, 1_000_000, **OFTEN)
    watch.take()
    press_start(dock)
    wait(dock.train.previews.show_button.isEnabled, "a preview")
    pump(3)
    around = watch.take()
    pump(seconds)
    yield "While it trains", watch.take()
    press_stop(dock)
    pump(2)
    for name, calls in watch.take().items():
        around.setdefault(name, []).extend(calls)
    yield "Start, first preview, Stop", around


def train_a_little(dock: AdaptationDock) -> None:
    """Make a run that can predict and translate; it need not do so well."""
    set_up(dock, TRANSLATES, 10, validate_every=10, preview_every=10)
    press_start(dock)
    wait(lambda: dock.session.job is None, "a run")
    pump(2)


def in_predict(dock: AdaptationDock, watch: Stopwatch, files: list[Path]) -> Calls:
    """Predict files, then the target layer; look at all of it in every way."""
    tab = dock.predict
    watch.take()
    dock.tabs.setCurrentWidget(tab)
    wait(lambda: tab.run.run() is not None, "the run")
    tab.inputs.set_files(files)
    for origin in ("files", "layers"):
        tab.inputs.origin.setCurrentText(origin)
        wait(tab.predict.isEnabled, "something to predict")
        tab.predict.click()
        wait(tab.predict.isEnabled, "predictions and scores")
        for number in range(tab.scores.topLevelItemCount()):
            for row in range(tab.scores.topLevelItem(number).childCount()):
                tab.scores.setCurrentItem(tab.scores.topLevelItem(number).child(row))
                pump(LOOK)
        for name in ("contour", "difference", "before", "fill", "after"):
            if (button := tab.shown.button(name)).isVisible():
                button.click()
                pump(LOOK)
    return watch.take()


def in_check(dock: AdaptationDock, watch: Stopwatch) -> Calls:
    """Translate the source layer and measure it; go through slices and modes."""
    from napari_uda.ui.comparison import MODES

    tab = dock.check
    watch.take()
    dock.tabs.setCurrentWidget(tab)
    wait(tab.translate.isEnabled, "something to translate")
    tab.translate.click()
    panel = tab.panel
    wait(lambda: panel.review is not None, "a translation")
    wait(lambda: not panel.busy, "scores")
    for mode in MODES:
        panel.mode_button(mode).click()
        pump(LOOK)
        if panel.slider.isVisible():
            panel.slider.setValue(panel.slider.maximum())
        for _ in range(STEPS):
            panel.next.click()
            pump(LOOK)
        for _ in range(STEPS):
            panel.previous.click()
    panel.verdict.accept.click()
    pump(LOOK)
    return watch.take()


def rows(calls: Calls) -> list[tuple[object, ...]]:
    """Return the slots that ever took more than 1 ms, the slowest first, and all."""
    everything = {"all": [one for many in calls.values() for one in many]}
    slow = {name: many for name, many in calls.items() if max(many)[0] > 1}
    ordered = dict(sorted(slow.items(), key=lambda item: -max(item[1])[0]))
    return [
        (
            name,
            len(many),
            *(f"{n:.1f}" for n in np.percentile(np.array(many)[:, 0], SHARES)),
            f"{np.array(many)[:, 1].max():.1f}",
        )
        for name, many in (everything | ordered).items()
    ]


def main() -> None:
    """Measure, print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--method", default="grl")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--out", type=Path, default=HERE / "slots.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    found = measure(options.parts, options.seconds, options.method)
    p99 = {
        title: np.percentile([ms for many in calls.values() for ms, _ in many], 99)
        for title, calls in found.items()
    }
    words = WORDS.format(
        seconds=options.seconds,
        method=options.method,
        files=FILES,
        found="; ".join(f"{title}: **{ms:.1f} ms**" for title, ms in p99.items()),
    )
    header = ("slot", "calls", "p50", "p95", "p99", "max", "cpu")
    body = "\n\n".join(
        f"## {title}\n\n{table(header, rows(calls))}" for title, calls in found.items()
    )
    write(options.out, page("Time in our own slots", words, body, load))


if __name__ == "__main__":
    main()
