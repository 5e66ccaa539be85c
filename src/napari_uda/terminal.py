"""How commands speak: tables, progress bars, JSON lines."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from napari_uda.core.metrics.report import score_text
from napari_uda.core.spec.events import LAST_EVENTS, Event, Failed, Resumed, Started
from napari_uda.core.spec.run import EventReader, valid_events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from napari_uda.core.data.inspection import Inspection
    from napari_uda.core.metrics.report import Comparison, Row, Summary
    from napari_uda.core.spec.run import RunFolder

POLL = 0.3
"""Seconds between two looks at a growing file."""


def console(stderr: bool = False) -> Console:
    """Return a console on the present stdout or stderr; wide where it is a file."""
    plain = not (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, width=140 if plain else None, highlight=False)


def emit(content: Mapping[str, Any]) -> None:
    """Print one JSON object on a line."""
    print(json.dumps(content, default=str), flush=True)


def error(message: str, as_json: bool = False) -> None:
    """Print one line about what is wrong with the input."""
    if as_json:
        emit({"kind": "error", "message": message})
    one_line = " ".join(message.split())
    print(f"Error: {one_line[:1].upper()}{one_line[1:]}", file=sys.stderr)


def say(message: str, as_json: bool = False, **content: Any) -> None:
    """Print a sentence, or its content as JSON."""
    if as_json:
        emit({"kind": "done", "message": message, **content})
    else:
        console().print(message, markup=False, soft_wrap=True)


def table(
    rows: Sequence[Mapping[str, Any]], as_json: bool = False, title: str = ""
) -> None:
    """Print rows as a table, or as a JSON list."""
    if as_json:
        print(json.dumps(list(rows), default=str))
        return
    if title:
        console().print(title, markup=False)
    grid = Table(header_style="bold", box=None, pad_edge=False)
    for name in rows[0] if rows else ():
        grid.add_column(name, overflow="fold")
    for row in rows:
        grid.add_row(*(text(value) for value in row.values()))
    console().print(grid)


def text(value: Any) -> str:
    """Write a value as a user would."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "-" if value != value else f"{value:.4g}"
    return str(value)


def inspection(result: Inspection, as_json: bool = False) -> int:
    """Print what an inspection found; returns the exit code."""
    if as_json:
        emit(result.as_json())
        return 2 if result.first_error else 0
    table(
        [
            {
                "domain": sample.domain,
                "sample": sample.name,
                "split": sample.split,
                "labels": sample.role,
                "shape": " x ".join(map(str, sample.shape)),
                "type": sample.dtype,
                "voxel size": size_text(sample.voxel_size, sample.unit),
                "structures": ", ".join(sample.found),
                "state": sample.severity,
            }
            for sample in result.samples
        ]
    )
    colours = {"error": "red", "warning": "yellow", "note": "dim"}
    for problem in result.problems:
        console().print(f"[{colours[problem.level]}]{problem.level}[/]", end=": ")
        console().print(problem.message, markup=False, soft_wrap=True)
    if result.first_error:
        return 2
    console().print("[green]Ready to train.[/]")
    return 0


def size_text(size: Sequence[float] | None, unit: str | None) -> str:
    """Write a voxel size as 40 x 4 x 4 nm."""
    return f"{' x '.join(f'{side:g}' for side in size)} {unit or ''}" if size else ""


def follow(
    events: Iterable[Event], run: RunFolder, as_json: bool = False, title: str = ""
) -> int:
    """Show the events of a run until it ends; returns the exit code."""
    last: Event | None = None
    if as_json:
        for last in events:
            emit(last.model_dump(mode="json"))
        return 1 if isinstance(last, Failed) else 0
    out = console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}"),
        console=out,
    )
    bar = progress.add_task(title or run.id, total=None, detail="starting")
    with progress:
        for last in events:
            match last.kind:
                case "started" | "resumed":
                    progress.update(bar, total=last.steps, completed=last.step)
                case "step":
                    losses = " ".join(f"{k} {v:.3f}" for k, v in last.losses.items())
                    detail = (
                        f"{last.speed:.1f} it/s {clock(last.remaining)} left {losses}"
                    )
                    progress.update(bar, completed=last.step, detail=detail)
                case "validation":
                    scores = {**last.scores}
                    if "mean" in last.truth:
                        scores["target Dice (truth)"] = last.truth["mean"]
                    line = "  ".join(f"{k} {v:.3f}" for k, v in scores.items())
                    progress.print(f"step {last.step}: {line}", markup=False)
                case "paused" | "continued":
                    progress.update(bar, detail=last.kind)
                case "warning" | "failed":
                    progress.print(f"{last.kind}: {last.message}", markup=False)
    if last is not None and last.kind == "finished":
        out.print(f"Finished in {clock(last.seconds)}: {run.path}", soft_wrap=True)
    elif last is not None and last.kind == "stopped":
        out.print(
            f"Stopped at step {last.step}. Go on with: napari-uda train --resume "
            f"{run.path}",
            soft_wrap=True,
        )
    return 1 if isinstance(last, Failed) else 0


def events_of(run: RunFolder) -> Iterator[Event]:
    """Yield what a run said since its last start, then what it says, until it ends."""
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


@contextmanager
def predicting(as_json: bool) -> Iterator[Callable[[Any], None]]:
    """Show the progress of a prediction; yields what to report to."""
    if as_json:

        def report_json(item: Any) -> None:
            emit({"kind": type(item).__name__.lower().replace("prediction", "result")}
                 | asdict(item))  # fmt: skip

        yield report_json
        emit({"kind": "finished"})
        return
    with Progress(console=console(stderr=True)) as progress:
        bars: dict[str, Any] = {}

        def report(item: Any) -> None:
            if item.image not in bars:
                bars[item.image] = progress.add_task(item.image.split("/")[-1])
            if hasattr(item, "total"):
                progress.update(bars[item.image], completed=item.done, total=item.total)
            else:
                progress.update(bars[item.image], visible=False)
                where = item.labels if isinstance(item.labels, str) else "masks"
                progress.print(f"{where}  {item.seconds:.1f} s", markup=False)

        yield report


def scores(
    rows: Sequence[Row], summary: Sequence[Summary], as_json: bool = False
) -> None:
    """Print scores per image and their summary."""
    if as_json:
        emit({"rows": clean(rows), "summary": clean(summary)})
        return
    shown = ("image", "class", "dice", "precision", "recall", "assd", "hd95", "unit")
    table([{key: row[key] for key in shown} for row in rows])  # type: ignore[literal-required]
    console().print()
    table([{**row} for row in summary])


def comparison(rows: Sequence[Comparison]) -> None:
    """Print the scores of an adapted model beside those of its baseline."""
    table(
        [
            {
                "structure": row["class"],
                "Dice source-only": score_text(row["before"]),
                "Dice adapted": score_text(row["after"]),
                f"HD95 source-only ({row['unit']})": score_text(row["hd95_before"], 1),
                f"HD95 adapted ({row['unit']})": score_text(row["hd95"], 1),
            }
            for row in rows
        ]
    )


def clean(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Make rows fit for JSON, which knows no NaN and no infinity."""

    def value(item: Any) -> Any:
        bad = isinstance(item, float) and (item != item or abs(item) == float("inf"))
        return None if bad else item

    return [{key: value(item) for key, item in row.items()} for row in rows]


def clock(seconds: float) -> str:
    """Write a duration as 1:02:03 or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
