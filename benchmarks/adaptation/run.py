"""Does it adapt? Train, predict and score methods on a pair of data folders.

Everything goes through the command line, as a user would do it, one process at a time:

    new, check, train, predict, evaluate    for every method and seed

The result is a table (Markdown) and the scores of every run (CSV), as measured. A
method that was measured before is not measured again: delete its rows to do so.

    python benchmarks/adaptation/run.py PAIR --name NAME [--seeds 0 1 2]
        [--methods source_only grl supervised] [--preset quick] [key=value ...]

PAIR holds `source/` and `target/`; scores are those of the target's test split.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import fmean

HERE = Path(__file__).parent
COLUMNS = (
    "method", "preset", "settings", "seed", "structure", "dice", "dice_pooled", "hd95",
    "assd", "unit", "checkpoint_step", "train_minutes", "total_minutes",
)  # fmt: skip


def napari_uda(*arguments: object) -> str:
    """Run a command and return what it printed; stop the benchmark if it fails."""
    command = [sys.executable, "-m", "napari_uda", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(
            f"{shlex.join(command)} failed:\n{done.stderr[-2000:]}{done.stdout[-500:]}"
        )
    return done.stdout


def measure(
    pair: Path, method: str, preset: str, seed: int, settings: list[str], folder: Path
) -> list[dict[str, object]]:
    """Do the whole job for one method and seed; returns one row per structure."""
    began = time.perf_counter()
    experiment, run, out = folder / "experiment.yaml", folder / "run", folder / "out"
    source, target = pair / "source", pair / "target"
    napari_uda(
        "new", method, "--source", source, "--target", target, "--preset", preset,
        "--out", experiment, f"training.seed={seed}", *settings,
    )  # fmt: skip
    napari_uda("check", experiment)
    started = time.perf_counter()
    events = napari_uda("train", experiment, "--run", run, "--json")
    train_minutes = (time.perf_counter() - started) / 60
    napari_uda("predict", run, target, "--split", "test", "--out", out, "--json")
    scores = json.loads(napari_uda("evaluate", out, target, "--json"))
    best = [
        event["step"]
        for event in map(json.loads, events.splitlines())
        if event["kind"] == "checkpoint" and event["best"]
    ]
    total_minutes = (time.perf_counter() - began) / 60
    return [
        {
            "method": method, "preset": preset, "settings": " ".join(settings),
            "seed": seed, "structure": row["class"], "dice": row["dice"],
            "dice_pooled": row["dice_pooled"], "hd95": row["hd95"],
            "assd": row["assd"], "unit": row["unit"], "checkpoint_step": best[-1],
            "train_minutes": round(train_minutes, 2),
            "total_minutes": round(total_minutes, 2),
        }
        for row in scores["summary"]
    ]  # fmt: skip


def write_table(rows: list[dict[str, str]], name: str, commands: list[str]) -> None:
    """Write the Markdown table of all rows measured so far."""
    groups: dict[tuple[str, str, str, str], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        key = (row["method"], row["preset"], row["settings"], row["structure"])
        groups[key].append(row)

    def spread(group: list[dict[str, str]], column: str, digits: int) -> str:
        values = [float(row[column]) for row in group if row[column]]
        if not values:
            return "-"
        low, high = min(values), max(values)
        return f"{fmean(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"

    lines = [
        f"# {name}: target test split",
        "",
        "Mean (range) over the seeds. Dice: mean over the test images; pooled Dice: "
        "over all their pixels at once. Checkpoints are chosen without target labels "
        "(`docs/architecture.md`). Minutes are those of one run, `new` to `evaluate`.",
        "",
        "| method | preset | settings | structure | seeds | Dice | pooled Dice | HD95 "
        "| ASSD | minutes |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (method, preset, settings, structure), group in groups.items():
        unit = group[0]["unit"]
        lines.append(
            f"| {method} | {preset} | {settings or '-'} | {structure} | {len(group)} | "
            f"**{spread(group, 'dice', 3)}** | {spread(group, 'dice_pooled', 3)} | "
            f"{spread(group, 'hd95', 0)} {unit} | {spread(group, 'assd', 0)} {unit} | "
            f"{spread(group, 'total_minutes', 1)} |"
        )
    lines += ["", "Made by", "", "```", *commands, "```", ""]
    lines += [
        f"on {platform.machine()}, {cores()} cores, no GPU; `run.py` has the commands "
        "inside.",
        "",
    ]
    (HERE / f"{name}.md").write_text("\n".join(lines), encoding="utf-8")


def cores() -> int:
    """Return the number of cores this process may use."""
    import psutil

    return len(psutil.Process().cpu_affinity() or [1])


def main() -> None:
    """Measure what is missing and write table and scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pair", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--methods", nargs="+", default=["source_only", "grl", "supervised"]
    )
    parser.add_argument("--preset", default="quick")
    given, settings = parser.parse_known_args()
    scores = HERE / f"{given.name}.csv"
    rows: list[dict[str, str]] = []
    if scores.exists():
        with scores.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    command = (
        f"python benchmarks/adaptation/run.py {given.pair.name} --name {given.name} "
        f"--methods {' '.join(given.methods)} --seeds {' '.join(map(str, given.seeds))}"
        f" --preset {given.preset} {' '.join(settings)}"
    ).strip()
    for method in given.methods:
        for seed in given.seeds:
            key = (method, given.preset, " ".join(settings), str(seed))
            done = {(r["method"], r["preset"], r["settings"], r["seed"]) for r in rows}
            if key in done:
                continue
            with tempfile.TemporaryDirectory() as folder:
                new = measure(
                    given.pair, method, given.preset, seed, settings, Path(folder)
                )
            rows += [
                {k: "" if v is None else str(v) for k, v in r.items()} for r in new
            ]
            with scores.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
            write_table(rows, given.name, [command])
            print(method, seed, [(r["structure"], r["dice"]) for r in new], flush=True)


if __name__ == "__main__":
    main()
