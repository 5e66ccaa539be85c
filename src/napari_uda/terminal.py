"""How commands speak: tables, progress bars, JSON lines."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from napari_uda.core.data.inspection import Inspection, Problem
    from napari_uda.core.spec.estimate import Estimate

WIDE = 140
"""Characters on a line where the output goes to a file."""
NARROW = 24
"""Characters below which a column of text is not worth having."""


def console(stderr: bool = False) -> Console:
    """Return a console on the present stdout or stderr; wide where it is a file."""
    plain = not (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, width=WIDE if plain else None, highlight=False)


def emit(content: Mapping[str, Any]) -> None:
    """Print one JSON object on a line."""
    print(json.dumps(clean(content), default=str, allow_nan=False), flush=True)


def error(message: str, as_json: bool = False, **content: Any) -> None:
    """Print one line about what is wrong with the input; content for JSON only."""
    if as_json:
        emit({"kind": "error", "message": message, **content})
    print(f"Error: {' '.join(message.split())}", file=sys.stderr)


def file_error(problem: OSError, as_json: bool = False) -> int:
    """Print one line about a file that cannot be used; returns the exit code."""
    reason = problem.strerror or str(problem)
    if problem.filename is None:
        error(f"{reason}: make room on the disk, or check it.", as_json)
        return 1
    error(
        f"{problem.filename} cannot be used ({reason}): choose another file or folder, "
        "or change its permissions.",
        as_json,
    )
    return 2


def say(message: str, as_json: bool = False, **content: Any) -> None:
    """Print a sentence, or its content as JSON."""
    if as_json:
        emit({"kind": "done", "message": message, **content})
    else:
        console().print(message, markup=False, soft_wrap=True)


def note(message: str) -> None:
    """Print a sentence beside the results: to stderr."""
    console(stderr=True).print(message, markup=False, soft_wrap=True)


def table(
    rows: Sequence[Mapping[str, Any]], as_json: bool = False, title: str = ""
) -> None:
    """Print rows as a table, or as a JSON list.

    Columns wrap at a quarter of the terminal; in a narrow one the last goes below.
    """
    if as_json:
        print(json.dumps(clean(rows), default=str, allow_nan=False))
        return
    if title:
        console().print(title, markup=False)
    if not rows:
        return
    out = console()
    cells = [list(rows[0]), *([text(value) for value in row.values()] for row in rows)]
    columns = [
        [wrap(cell, out.width // 4, break_long_words=False) for cell in row[:-1]]
        for row in cells
    ]
    widths = [
        max(max(map(len, lines), default=0) for lines in column)
        for column in zip(*columns, strict=True)
    ]
    indent = sum(widths) + 2 * len(widths)
    below = out.width - indent < min(max(len(row[-1]) for row in cells), NARROW)
    if below:
        cells[0][-1], indent = "", 4
    for number, (first, row) in enumerate(zip(columns, cells, strict=True)):
        more = wrap(row[-1], out.width - indent)
        lines = [
            "".join(f"{cell:{w}}  " for cell, w in zip(parts, widths, strict=True))
            + (more.pop(0) if more and not below else "")
            for parts in zip_longest(*first, fillvalue="")
        ]
        lines += [" " * indent + part for part in more]
        style = "" if number else "bold"
        whole = "\n".join(line.rstrip() for line in lines)
        out.print(Text(whole, style), soft_wrap=True)


def text(value: Any) -> str:
    """Write a value as a user would."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "-" if value != value else f"{value:.4g}"
    return str(value)


def inspection(
    result: Inspection, as_json: bool = False, needed: Estimate | str | None = None
) -> int:
    """Print what an inspection found and what a run needs; returns the exit code."""
    if as_json:
        told = needed if needed is None or isinstance(needed, str) else _figures(needed)
        emit(result.as_json() | {"estimate": told})
        return 2 if result.first_error else 0
    table(
        [
            {
                "domain": sample.domain,
                "sample": sample.name,
                "split": sample.split,
                "labels": sample.role,
                "shape": "x".join(map(str, sample.shape)),
                "type": sample.dtype,
                "voxel": size_text(sample.voxel_size, sample.unit),
                "state": sample.severity,
                "structures": ", ".join(sample.found),
            }
            for sample in result.samples
        ]
    )
    problems(result.problems)
    if result.first_error:
        return 2
    if result.severity == "warning":
        console().print("[yellow]Ready to train, but mind the warnings above.[/]")
    else:
        console().print("[green]Ready to train.[/]")
    if needed is not None:
        _needs(needed)
    return 0


def _needs(needed: Estimate | str) -> None:
    """Print memory and time of a run, and what to do if it does not fit."""
    if isinstance(needed, str):
        line = Text.assemble(("note", "dim"), f": no estimate of memory: {needed}")
    elif needed.fits:
        line = Text(f"{needed}.")
    else:
        line = Text.assemble(("warning", "yellow"), f": {needed}: {needed.advice}.")
        settings = " ".join(f"method.{k}={v}" for k, v in needed.suggestion.items())
        if settings:
            line.append(f" Here: train ... {settings}.")
    console().print(line, soft_wrap=True)


def _figures(needed: Estimate) -> dict[str, Any]:
    return {**needed.model_dump(), "fits": needed.fits}


def problems(found: Iterable[Problem], stderr: bool = False) -> None:
    """Print one line per problem."""
    colours = {"error": "red", "warning": "yellow", "note": "dim"}
    for problem in found:
        line = Text.assemble(
            (problem.level, colours[problem.level]), ": ", problem.message
        )
        for key, value in problem.settings.items():
            size = ",".join(f"{side:g}" for side in value)
            line.append(f" Here: train ... data.{key}=[{size}].")
        console(stderr).print(line, soft_wrap=True)


def size_text(size: Sequence[float] | None, unit: str | None) -> str:
    """Write a voxel size as 40x4x4 nm."""
    return f"{'x'.join(f'{side:.4g}' for side in size)} {unit or ''}" if size else ""


@contextmanager
def predicting(as_json: bool) -> Iterator[Callable[[Any], None]]:
    """Show the progress of images and what was written; yields what to report to."""
    if as_json:

        def report_json(item: Any) -> None:
            kind = "progress" if hasattr(item, "total") else "result"
            emit({"kind": kind} | asdict(item))

        yield report_json
        emit({"kind": "finished"})
        return
    out = console(stderr=True)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f} %"),
        console=out,
        disable=not out.is_terminal,
        transient=True,
    ) as progress:
        bars: dict[str, Any] = {}

        def report(item: Any) -> None:
            if item.image not in bars:
                bars[item.image] = progress.add_task(Path(item.image).name)
            if hasattr(item, "total"):
                progress.update(bars[item.image], completed=item.done, total=item.total)
                return
            progress.update(bars[item.image], visible=False)
            for file in item.files:
                progress.print(f"{file}  {item.seconds:.1f} s", markup=False)

        yield report


def clean(item: Any) -> Any:
    """Make content fit for JSON, which knows no NaN and no infinity."""
    if isinstance(item, float):
        return item if math.isfinite(item) else None
    if isinstance(item, Mapping):
        return {key: clean(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return [clean(value) for value in item]
    return item
