"""How long our own slots hold the window, beside a training with previews and plots.

Every method of our widgets that Qt, napari or a timer calls is timed, from the outside:
the product knows nothing of it. Only the outermost call counts, on the main thread.
Methods called for layout only (size hints and the like) are left out. Target: p99 below
10 ms.

    python benchmarks/speed/slots.py [--seconds 60] [--method grl] [--out FILE]
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

if TYPE_CHECKING:
    from collections.abc import Callable

SHARES = [50, 95, 99, 100]
Calls = dict[str, list[tuple[float, float]]]
"""Milliseconds that calls took, and of a processor, by the name of the slot."""
WORDS = """\
{seconds:g} s of a training (method {method}, quick, {speed:.1f} steps/s, a preview
every second, curves at every step) and the moments of Start and Stop, milliseconds per
call of a slot or event handler of ours, outermost calls on the main thread only; cpu:
the most of a processor that a call took, which other processes cannot lengthen. What is
called for layout only (size hints) is not counted.

Target: p99 of all calls below 10 ms. Here: **{p99:.1f} ms** of {calls} calls while it
trains (max {most:.1f} ms). Below, every slot that ever took more than 1 ms."""


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


def measure(seconds: float, method: str) -> tuple[Calls, Calls, float]:
    """Return the calls while it trains, those around it, and the speed."""
    watch = time_our_slots()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        dock = open_window(folder)
        set_up(dock, method, 1_000_000, **OFTEN)
        watch.take()
        press_start(dock)
        wait(dock.train.previews.show_button.isEnabled, "a preview")
        pump(3)
        around = watch.take()
        job = dock.session.job
        assert job is not None
        before, began = job.step, time.monotonic()
        pump(seconds)
        speed = (job.step - before) / (time.monotonic() - began)
        training = watch.take()
        press_stop(dock)
        pump(2)
        for name, calls in watch.take().items():
            around.setdefault(name, []).extend(calls)
        close(dock)
    return training, around, speed


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
    parser.add_argument("--out", type=Path, default=HERE / "slots.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    training, around, speed = measure(options.seconds, options.method)
    all_calls = [one[0] for many in training.values() for one in many]
    words = WORDS.format(
        seconds=options.seconds,
        method=options.method,
        speed=speed,
        p99=np.percentile(all_calls, 99),
        most=max(all_calls),
        calls=len(all_calls),
    )
    header = ("slot", "calls", "p50", "p95", "p99", "max", "cpu")
    body = (
        f"## While it trains\n\n{table(header, rows(training))}\n\n"
        f"## Start, first preview, Stop\n\n{table(header, rows(around))}"
    )
    write(options.out, page("Time in our own slots", words, body, load))


if __name__ == "__main__":
    main()
