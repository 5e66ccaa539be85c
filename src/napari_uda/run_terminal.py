"""How commands show a run that trains, and how they are told to stop it."""

from __future__ import annotations

import math
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from napari_uda import terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from napari_uda.core.spec.events import Event
    from napari_uda.core.spec.run import RunFolder

LIGHTS = {"warning": "yellow", "error": "red"}
"""Colours of the lights that are printed when a run has ended."""
QUIET = 10.0
"""Seconds after which a file or a pipe is told how training goes."""
POLL = 0.3
"""Seconds between two looks at a growing file."""


def follow(
    events: Iterable[Event], run: RunFolder, as_json: bool = False, title: str = ""
) -> int:
    """Show the events of a run until it ends; returns the exit code."""
    from napari_uda.core.metrics.lights import lights, troubles

    last: Event | None = None
    if as_json:
        for last in events:
            terminal.emit(last.model_dump(mode="json"))
        return _code(last)
    out = terminal.console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        console=out,
        disable=not out.is_terminal,
    )
    bar = progress.add_task(title or run.id, total=None, detail="starting")

    def line(text: str) -> None:
        progress.print(text, markup=False, soft_wrap=True)

    detail, told, step = "", -math.inf, -1
    with progress:
        for last in events:
            match last.kind:
                case "started" | "resumed":
                    progress.update(bar, total=last.steps, completed=last.step)
                    if not out.is_terminal:
                        line(f"{last.method} on {last.device}, {last.steps} steps")
                case "step":
                    speed = f"{rate(last.speed)} {clock(last.remaining)} left"
                    detail = f"{speed} {numbers(last.losses)}"
                    progress.update(bar, completed=last.step, detail=detail)
                    if not out.is_terminal and time.monotonic() - told >= QUIET:
                        line(f"step {last.step}: {detail}")
                        told, step = time.monotonic(), last.step
                case "validation":
                    scores = {**last.scores}
                    if "mean" in last.truth:
                        scores["target Dice (truth)"] = last.truth["mean"]
                    if not out.is_terminal and step != last.step:
                        line(f"step {last.step}: {detail}")
                        told = time.monotonic()
                    line(f"step {last.step}: {numbers(scores)}")
                case "paused" | "continued":
                    progress.update(bar, detail=last.kind)
                    line(f"step {last.step}: {last.kind}")
                case "warning" | "failed":
                    line(f"{last.kind}: {last.message}")
    for found in troubles(lights(run.history())):
        line(f"{LIGHTS[found.level]} light: {found.sentence}")
    if last is not None and last.kind == "finished":
        line(f"Finished in {clock(last.seconds)}: {run.path}")
    elif last is not None and last.kind == "stopped":
        how_to_resume(f"Stopped at step {last.step}", run)
    return _code(last)


def numbers(values: Mapping[str, float]) -> str:
    """Write losses or scores on a line."""
    return "  ".join(f"{name} {value:.3f}" for name, value in values.items())


def _code(last: Event | None) -> int:
    return 1 if last is not None and last.kind == "failed" else 0


def how_to_resume(what: str, run: RunFolder) -> None:
    """Print what became of a run and how to go on."""
    terminal.console(stderr=True).print(
        f"{what}. Go on with: napari-uda train --resume {run.path}",
        markup=False,
        soft_wrap=True,
    )


@contextmanager
def stopping(run: RunFolder) -> Iterator[list[int]]:
    """Turn the first Ctrl-C or SIGTERM into a request to stop; a second one kills.

    Yields the list of signals that came.
    """
    came: list[int] = []

    def stop(number: int, _: object) -> None:
        came.append(number)
        restore()
        print("Stopping after this step; once more to quit at once.", file=sys.stderr)
        run.request("stop")

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {
        number: signal.signal(number, stop)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield came
    finally:
        restore()


def logged(events: Iterable[Event], run: RunFolder) -> Iterator[Event]:
    """Pass events on; what is known of a failure goes to the log of the run."""
    for event in events:
        if event.kind == "failed" and event.detail:
            with run.log_file.open("a", encoding="utf-8") as log:
                log.write(f"{event.detail.rstrip()}\n")
        yield event


def events_of(run: RunFolder) -> Iterator[Event]:
    """Yield what a run said since its last start, then what it says, until it ends."""
    from napari_uda.core.spec.events import LAST_EVENTS, Resumed, Started
    from napari_uda.core.spec.run import EventReader, valid_events

    reader = EventReader(run.events_file)
    seen = valid_events(list(reader.read()))
    starts = [i for i, e in enumerate(seen) if isinstance(e, Started | Resumed)]
    yield from seen[starts[-1] if starts else 0 :]
    last = seen[-1] if seen else None
    while not (isinstance(last, LAST_EVENTS) and run.owner() is None):
        alive = run.owner() is not None
        news = list(reader.read())
        yield from news
        last = news[-1] if news else last
        if not news and not alive:
            return
        time.sleep(POLL)


def rate(speed: float) -> str:
    """Write steps per second as 4.1 it/s, or as 7.5 s/it where they take long."""
    return f"{speed:.1f} it/s" if speed >= 1 else f"{1 / max(speed, 1e-9):.1f} s/it"


def clock(seconds: float) -> str:
    """Write a duration as 1:02:03 or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
