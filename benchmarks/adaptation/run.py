"""Does it adapt? Train, predict and score methods on a pair of data folders.

Everything goes through the command line, as a user would do it:

    new, check, train, predict, evaluate    for every target, method and seed

The result is a table (Markdown) and the scores of every run (CSV), as measured, with
failures. What was measured before is not measured again: delete its rows to do so, or
add `--retry` for what failed.

    python benchmarks/adaptation/run.py PAIR --name NAME [--seeds 0 1 2]
        [--methods source_only grl supervised] [--target target target-b]
        [--preset quick] [--set METHOD:key=value ...] [--jobs 2] [--retry]
        [key=value ...]

PAIR holds `source/` and `target/`, perhaps further targets; scores are those of the
target's test split. `--jobs 2` does two runs side by side with one thread each, which
uses two cores better where networks are small; minutes are then those of one core.
`tables.py` makes all tables anew from the CSV files, and the summary of all pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from changed import changed_at
from tables import MEAN, Scored, key_of, read_scores, write_all, write_scores

HERE = Path(__file__).parent
STOPPED = tuple(
    code
    for number in (signal.SIGINT, signal.SIGTERM)
    for code in (-number, 128 + number)
)
"""Exit codes of a command that the user ended."""


class StoppedError(Exception):
    """The user stopped it, so that nothing was measured."""


@dataclass(frozen=True)
class Job:
    """One training with its scores.

    Attributes
    ----------
    target
        Name of the target folder.
    threads
        Processor threads; 0: all cores.
    """

    method: str
    preset: str
    settings: tuple[str, ...]
    seed: int
    target: str
    threads: int = 0

    def about(self) -> Scored:
        """Return the columns that say what was measured."""
        return {
            "target": self.target, "method": self.method, "preset": self.preset,
            "settings": " ".join(self.settings), "seed": str(self.seed),
        }  # fmt: skip


def napari_uda(*arguments: object, threads: int = 0) -> str:
    """Run a command and return what it printed.

    Raises
    ------
    RuntimeError
        If it fails, with its last words.
    StoppedError
        If a signal ended it.
    """
    command = [sys.executable, "-m", "napari_uda", *map(str, arguments)]
    limit = {"OMP_NUM_THREADS": str(threads)} if threads else {}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **limit},
    )
    if done.returncode in STOPPED:
        raise StoppedError(shlex.join(command))
    if done.returncode:
        raise RuntimeError(f"{arguments[0]}: {last_words(done)}")
    return done.stdout


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command said of its failure."""
    if done.stderr.strip():
        return done.stderr.strip().splitlines()[-1]
    lines = done.stdout.strip().splitlines() or [f"exit code {done.returncode}"]
    try:
        return str(json.loads(lines[-1])["message"])
    except (ValueError, KeyError, TypeError):
        return lines[-1]


def measure(pair: Path, job: Job, folder: Path) -> list[Scored]:
    """Do the whole job; returns one row per structure, and one of their mean."""
    began = time.perf_counter()
    experiment, run, out = folder / "experiment.yaml", folder / "run", folder / "out"
    source, target = pair / "source", pair / job.target

    def call(*arguments: object) -> str:
        return napari_uda(*arguments, threads=job.threads)

    call(
        "new", job.method, "--source", source, "--target", target,
        "--preset", job.preset, "--out", experiment, f"training.seed={job.seed}",
        f"training.threads={job.threads}", *job.settings,
    )  # fmt: skip
    call("check", experiment)
    started = time.perf_counter()
    text = call("train", experiment, "--run", run, "--json")
    train_minutes = (time.perf_counter() - started) / 60
    call("predict", run, target, "--split", "test", "--out", out, "--json")
    summary = json.loads(call("evaluate", out, target, "--json"))["summary"]
    events = [json.loads(line) for line in text.splitlines()]
    best = [e["step"] for e in events if e["kind"] == "checkpoint" and e["best"]]
    changed = changed_at(run, best[-1]) if best else None
    common = {
        "checkpoint_step": best[-1] if best else None,
        "changed": None if changed is None else round(changed, 1),
        "train_minutes": round(train_minutes, 2),
        "total_minutes": round((time.perf_counter() - began) / 60, 2),
        "threads": job.threads or None,
        "machine": machine(next(e["device"] for e in events if "device" in e)),
    }
    scores = ("dice", "dice_pooled", "hd95", "assd", "unit")
    rows = [
        {"structure": row["class"], **{key: row[key] for key in scores}, **common}
        for row in summary
    ]
    if len(rows) > 1:
        rows.append({**mean_of(rows), **common})
    return [
        {**job.about(), **{k: "" if v is None else str(v) for k, v in row.items()}}
        for row in rows
    ]


def mean_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of the mean over structures; None where a score has none."""
    units = {row["unit"] for row in rows}
    mean: dict[str, Any] = {"structure": MEAN, "unit": units.pop()}
    for key in ("dice", "dice_pooled", "hd95", "assd"):
        values = [row[key] for row in rows if row[key] is not None]
        distance = key in ("hd95", "assd")
        # A distance that one structure lacks, because it was never found, is no mean.
        whole = len(values) == len(rows) and not units if distance else bool(values)
        mean[key] = fmean(values) if whole else None
    return mean


def machine(device: str) -> str:
    """Return what a run ran on."""
    import psutil

    cores = len(psutil.Process().cpu_affinity() or [1])
    return f"{platform.machine()}, {cores} cores, {device}"


def commit() -> str:
    """Return the commit of the code, with + where it was changed since."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=HERE, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", "../../src", ".", ":!*.csv", ":!*.md")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def jobs_of(given: argparse.Namespace, settings: list[str]) -> list[Job]:
    """Return all jobs that the command line asks for."""
    own: dict[str, list[str]] = {}
    for text in given.set:
        method, sign, setting = text.partition(":")
        if not sign or "=" not in setting:
            sys.exit(f"--set {text} is not METHOD:key=value.")
        if method not in given.methods:
            sys.exit(f"--set {text}: {method} is not among --methods.")
        own.setdefault(method, []).append(setting)
    return [
        Job(
            method, given.preset, (*settings, *own.get(method, [])), seed, target,
            1 if given.jobs > 1 else 0,
        )
        for target in given.target
        for seed in given.seeds
        for method in given.methods
    ]  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Measure what is missing and write table and scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pair", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--methods", nargs="+", default=["source_only", "grl", "supervised"]
    )
    parser.add_argument("--target", nargs="+", default=["target"])
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=1)
    parser.add_argument("--retry", action="store_true")
    parser.add_argument("--folder", type=Path, default=HERE)
    given, settings = parser.parse_known_args(arguments)
    if strange := [text for text in settings if "=" not in text or text[0] == "-"]:
        parser.error(f"{strange[0]} is no setting: write key=value")
    # A setting behind the methods or targets is taken for one of them.
    for words in (given.methods, given.target):
        settings += [word for word in words if "=" in word]
        words[:] = [word for word in words if "=" not in word]
    file, code = given.folder / f"{given.name}.csv", commit()
    known = {key_of(r) for r in read_scores(file) if not (given.retry and r["error"])}
    missing = [
        job for job in jobs_of(given, settings) if key_of(job.about()) not in known
    ]
    lock, stop = threading.Lock(), threading.Event()

    def work(job: Job) -> None:
        if stop.is_set():
            return
        try:
            with tempfile.TemporaryDirectory() as folder:
                new = measure(given.pair, job, Path(folder))
        except StoppedError:
            stop.set()
            return
        except Exception as error:
            message = " ".join(str(error).split()) or type(error).__name__
            threads = str(job.threads or "")
            new = [{**job.about(), "threads": threads, "error": message}]
        new = [{**row, "commit": code} for row in new]
        with lock:
            mine = key_of(job.about())
            kept = [row for row in read_scores(file) if key_of(row) != mine]
            write_scores(file, kept + new)
            write_all(given.folder)
            said = [(r.get("structure", ""), r.get("dice") or r["error"]) for r in new]
            print(job.target, job.method, job.seed, said, flush=True)

    with ThreadPoolExecutor(given.jobs) as pool:
        list(pool.map(work, missing))
    if stop.is_set():
        sys.exit("Stopped; the same command goes on.")


if __name__ == "__main__":
    main()
