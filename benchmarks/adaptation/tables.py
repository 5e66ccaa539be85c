"""The tables of `run.py`: one for every pair, and one of methods x pairs.

    python benchmarks/adaptation/tables.py

reads every CSV file beside it and writes NAME.md for each, and summary.md.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from statistics import fmean

from napari_uda.core.io.atomic import atomic_write_text
from napari_uda.core.spec.methods import METHODS

HERE = Path(__file__).parent
COLUMNS = (
    "target", "method", "preset", "settings", "seed", "structure", "dice",
    "dice_pooled", "hd95", "assd", "unit", "checkpoint_step", "changed",
    "train_minutes", "total_minutes", "threads", "machine", "commit", "error",
)  # fmt: skip
MEAN = "mean of structures"
AUGMENTATION = ("method.flip=false", "method.rotate=false")

Scored = dict[str, str]
"""A row of a CSV file."""


def key_of(row: Scored) -> tuple[str, ...]:
    """Return what tells one run from another."""
    return tuple(row[k] for k in ("target", "method", "preset", "settings", "seed"))


def read_scores(file: Path) -> list[Scored]:
    """Read what was measured; columns that an older file lacks are empty."""
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as lines:
        rows = [dict.fromkeys(COLUMNS, "") | line for line in csv.DictReader(lines)]
    return [row | {"target": row["target"] or "target"} for row in rows]


def write_scores(file: Path, rows: list[Scored]) -> None:
    """Write all rows at once, so that nobody ever reads half of them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    atomic_write_text(file, text.getvalue())


def write_all(folder: Path) -> None:
    """Write the table of every CSV file in a folder, and their summary."""
    files = sorted(folder.glob("*.csv"))
    for file in files:
        text = pair_table(file.stem, read_scores(file))
        atomic_write_text(file.with_suffix(".md"), text)
    pairs = {file.stem: read_scores(file) for file in files}
    atomic_write_text(folder / "summary.md", summary(pairs))


def spread(values: list[float], digits: int) -> str:
    """Write the mean, and the range where there are several values."""
    if not values:
        return "-"
    mean = f"{fmean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def numbers(rows: list[Scored], column: str) -> list[float]:
    """Return the numbers in a column."""
    return [float(row[column]) for row in rows if row[column]]


def pair_table(name: str, rows: list[Scored]) -> str:
    """Return the page of one pair."""
    groups: dict[tuple[str, ...], list[Scored]] = {}
    for row in rows:
        if not row["error"]:
            keys = ("target", "method", "preset", "settings", "structure", "threads")
            groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    lines = [
        f"# {name}: test split of the target",
        "",
        "Mean (range) over the seeds. Dice: mean over the test images; pooled Dice: "
        "over all their pixels at once. Checkpoints are chosen without target labels "
        "(`docs/architecture.md`). Minutes are those of one run, `new` to `evaluate`, "
        "on so many cores: runs on one core were measured two at a time, with one "
        "thread each. Changed: how much the translations of the chosen checkpoint "
        "change, in per cent of the intensity range (`docs/scores.md`); under 3 is "
        "hardly anything, and - was not measured.",
        "",
        "| target | method | preset | settings | structure | seeds | Dice "
        "| pooled Dice | HD95 | ASSD | changed | minutes | cores |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (target, method, preset, settings, structure, threads), group in groups.items():
        unit = group[0]["unit"]
        distances = " | ".join(
            text if text == "-" else f"{text} {unit}"
            for text in (spread(numbers(group, key), 0) for key in ("hd95", "assd"))
        )
        lines.append(
            f"| {target} | {method} | {preset} | {settings or '-'} | {structure} | "
            f"{len(group)} | **{spread(numbers(group, 'dice'), 3)}** | "
            f"{spread(numbers(group, 'dice_pooled'), 3)} | {distances} | "
            f"{spread(numbers(group, 'changed'), 1)} | "
            f"{spread(numbers(group, 'total_minutes'), 1)} | {threads or 'all'} |"
        )
    if failed := [row for row in rows if row["error"]]:
        lines += ["", "Failed:", ""]
        lines += [
            f"- {row['method']} to {row['target']}, seed {row['seed']}: {row['error']}"
            for row in failed
        ]
    lines += ["", "Made by", "", "```", *commands(name, rows), "```", ""]
    for what, key in (("on", "machine"), ("with the code of", "commit")):
        if found := sorted({row[key] for row in rows} - {""}):
            lines += [f"{what} {'; '.join(found)}", ""]
    return "\n".join(lines)


def commands(name: str, rows: list[Scored]) -> list[str]:
    """Return the commands that measure these rows again."""
    groups: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for row in rows:
        key = tuple(row[k] for k in ("target", "preset", "settings", "threads"))
        seeds = groups.setdefault(key, {}).setdefault(row["method"], [])
        if row["seed"] not in seeds:
            seeds.append(row["seed"])
    lines = []
    for (target, preset, settings, threads), methods in groups.items():
        together: dict[tuple[str, ...], list[str]] = {}
        for method, seeds in methods.items():
            together.setdefault(tuple(sorted(seeds, key=int)), []).append(method)
        lines += [
            " ".join(
                [
                    f"python benchmarks/adaptation/run.py {name} --name {name}",
                    f"--target {target} --methods {' '.join(those)}",
                    f"--seeds {' '.join(seeds)} --preset {preset}",
                    *(["--jobs 2"] if threads else []),
                    settings,
                ]
            ).strip()
            for seeds, those in together.items()
        ]
    return lines


def summary(pairs: dict[str, list[Scored]]) -> str:
    """Return the page of methods x pairs: Dice, the mean over structures.

    Presets as they are have a table of their own; what was measured with other settings
    is listed below it.
    """
    cells: dict[tuple[str, str, str], list[Scored]] = {}
    for name, rows in pairs.items():
        for row in rows:
            pair = name if row["target"] == "target" else f"{name}, {row['target']}"
            own = " ".join(x for x in row["settings"].split() if x not in AUGMENTATION)
            kind = row["preset"] if row["preset"] != "quick" else ""
            label = f"{kind} {own}".strip()
            cells.setdefault((row["method"], label, pair), []).append(row)
    columns = list(dict.fromkeys(pair for _, _, pair in cells))
    methods = [name for name in METHODS if any(name == method for method, *_ in cells)]
    lines = [
        "# Methods on all pairs: Dice on the test split of the target",
        "",
        "Quick presets. Mean over the structures and (n) seeds, with the range over "
        "the seeds where there are several; - was not measured. Flips and rotations "
        "are off for bodies that have a side. Distances and minutes are in the table "
        "of each pair.",
        "",
        f"| method | {' | '.join(columns)} |",
        f"|{'---|' * (len(columns) + 1)}",
    ]
    for method in methods:
        found = (_cell(cells.get((method, "", column), [])) for column in columns)
        lines.append(f"| {method} | {' | '.join(found)} |")
    lines += [
        "",
        "With other settings, most of them those of earlier quick presets:",
        "",
        "| pair | method | settings | Dice |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {pair} | {method} | {label} | {_cell(rows)} |"
        for (method, label, pair), rows in sorted(
            cells.items(), key=lambda cell: cell[0][2]
        )
        if label
    ]
    return "\n".join([*lines, ""])


def _cell(rows: list[Scored]) -> str:
    failed = len({row["seed"] for row in rows if row["error"]})
    measured = [row for row in rows if not row["error"]]
    means = [row for row in measured if row["structure"] == MEAN] or measured
    by_seed: dict[str, list[float]] = {}
    for row in means:
        by_seed.setdefault(row["seed"], []).extend(numbers([row], "dice"))
    values = [fmean(found) for found in by_seed.values() if found]
    text = f"{spread(values, 3)} ({len(values)})" if values else ""
    return ", ".join(filter(None, [text, f"{failed} failed" if failed else ""])) or "-"


if __name__ == "__main__":
    write_all(HERE)
