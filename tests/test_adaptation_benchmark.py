"""The benchmark of adaptation, with commands that answer at once."""

from __future__ import annotations

import csv
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks" / "adaptation"
SCORE = {"dice_pooled": 0.5, "hd95": 4.0, "assd": 2.0, "unit": "nm"}


class Commands:
    """Stand-in for the command line: what was called, and what it answers."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.threads: list[int] = []
        self.failing: dict[str, Exception] = {}
        self.dice = {"cell": 0.4, "vessel": 0.8}
        self.previews: dict[int, dict[str, float]] = {}

    def __call__(self, *arguments: object, threads: int = 0) -> str:
        words = tuple(map(str, arguments))
        self.calls.append(words)
        self.threads.append(threads)
        if words[0] == "new" and words[1] in self.failing:
            raise self.failing[words[1]]
        if words[0] == "train":
            folder = Path(words[words.index("--run") + 1]) / "previews"
            folder.mkdir(parents=True)
            for step, grey in self.previews.items():
                images = {name: np.full((8, 8), value) for name, value in grey.items()}
                np.savez(folder / f"{step:08}.npz", **images)
            events = [{"kind": "started", "device": "cpu"},
                      {"kind": "checkpoint", "step": 3, "best": True},
                      {"kind": "checkpoint", "step": 6, "best": False}]  # fmt: skip
            return "\n".join(map(json.dumps, events))
        if words[0] == "evaluate":
            rows = [{"class": n, "dice": d, **SCORE} for n, d in self.dice.items()]
            return json.dumps({"summary": rows})
        return ""

    def made(self) -> list[tuple[str, ...]]:
        """Return the calls of `new`."""
        return [words for words in self.calls if words[0] == "new"]


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """Return the benchmark as a function of its arguments, and its commands."""
    monkeypatch.syspath_prepend(str(FOLDER))
    module = importlib.import_module("run")
    commands = Commands()
    monkeypatch.setattr(module, "napari_uda", commands)
    monkeypatch.setattr(module, "commit", lambda: "abc1234")

    def call(*arguments: str) -> list[dict[str, str]]:
        commands.calls.clear()
        module.main(["pair", "--name", "p", "--folder", str(tmp_path), *arguments])
        with (tmp_path / "p.csv").open() as file:
            return list(csv.DictReader(file))

    yield call, commands
    for name in ("run", "tables", "changed"):
        sys.modules.pop(name)


ONE = ("--seeds", "0", "--methods", "grl")


def test_structures_and_their_mean_are_recorded(bench, tmp_path):
    call, _ = bench
    rows = call(*ONE)
    assert [(row["structure"], float(row["dice"])) for row in rows] == [
        ("cell", 0.4), ("vessel", 0.8), ("mean of structures", pytest.approx(0.6)),
    ]  # fmt: skip
    assert {row["commit"] for row in rows} == {"abc1234"}
    assert {row["checkpoint_step"] for row in rows} == {"3"}
    assert {row["machine"].split(", ")[-1] for row in rows} == {"cpu"}
    assert "mean of structures | 1 | **0.600**" in (tmp_path / "p.md").read_text()
    assert "| grl | 0.600 (1) |" in (tmp_path / "summary.md").read_text()


def test_it_is_recorded_how_much_the_chosen_checkpoint_changes(bench, tmp_path):
    call, commands = bench
    grey = {"source": -1.0, "target": 0.0}
    commands.previews = {
        0: {**grey, "to_target": -1.0, "to_source": 0.0},
        2: {**grey, "to_target": -0.8, "to_source": 0.4},  # by 10 and 20 % of [-1, 1]
        6: {**grey, "to_target": 1.0, "to_source": 1.0},  # after the checkpoint, 3
    }
    assert {float(row["changed"]) for row in call(*ONE)} == {15.0}
    assert "| 2 nm | 15.0 |" in (tmp_path / "p.md").read_text()


def test_what_translates_nothing_has_no_change(bench):
    call, commands = bench
    commands.previews = {2: {"source": np.float32(0), "prediction": np.float32(1)}}
    assert {row["changed"] for row in call(*ONE)} == {""}


def test_one_structure_is_its_own_mean(bench):
    call, commands = bench
    commands.dice = {"cell": 0.4}
    assert [row["structure"] for row in call(*ONE)] == ["cell"]


def test_what_was_measured_is_skipped(bench):
    call, commands = bench
    call(*ONE)
    assert len(commands.made()) == 1
    call(*ONE)
    assert commands.made() == []
    rows = call("--seeds", "0", "1", "--methods", "grl")
    assert [words[1] for words in commands.made()] == ["grl"]
    assert [row["seed"] for row in rows] == ["0"] * 3 + ["1"] * 3
    call(*ONE, "method.steps=7")
    assert len(commands.made()) == 1


def test_settings_of_all_and_of_one_method(bench):
    call, commands = bench
    rows = call("--seeds", "0", "--methods", "grl", "cyclegan", "method.steps=7",
                "--set", "cyclegan:method.width=8")  # fmt: skip
    grl, cyclegan = commands.made()
    assert "method.steps=7" in grl
    assert "method.width=8" not in grl
    assert cyclegan[-2:] == ("method.steps=7", "method.width=8")
    assert [row["settings"] for row in rows[::3]] == [
        "method.steps=7", "method.steps=7 method.width=8",
    ]  # fmt: skip


def test_two_jobs_have_one_thread_each(bench, tmp_path):
    call, commands = bench
    rows = call("--seeds", "0", "1", "2", "--methods", "grl", "--jobs", "2")
    assert all("training.threads=1" in words for words in commands.made())
    assert set(commands.threads) == {1}
    assert len(rows) == 9
    assert {row["threads"] for row in rows} == {"1"}
    line = next(
        li for li in (tmp_path / "p.md").read_text().splitlines() if "cell" in li
    )
    assert line.endswith("| 1 |")


def test_every_target_is_measured(bench, tmp_path):
    call, commands = bench
    rows = call(*ONE, "--target", "target", "target-b")
    targets = [words[words.index("--target") + 1] for words in commands.made()]
    assert targets == [str(Path("pair") / name) for name in ("target", "target-b")]
    assert [row["target"] for row in rows[::3]] == ["target", "target-b"]
    assert "| method | p | p, target-b |" in (tmp_path / "summary.md").read_text()


def test_a_failure_is_recorded_and_the_rest_goes_on(bench, tmp_path):
    call, commands = bench
    commands.failing["grl"] = RuntimeError("train: loss is\nnot finite")
    both = ("--seeds", "0", "--methods", "grl", "supervised")
    rows = call(*both)
    assert [row["method"] for row in rows] == ["grl"] + ["supervised"] * 3
    assert rows[0]["error"] == "train: loss is not finite"
    assert "- grl to target, seed 0: train: loss is" in (tmp_path / "p.md").read_text()
    assert "| grl | 1 failed |" in (tmp_path / "summary.md").read_text()
    call(*both)
    assert commands.made() == []
    commands.failing.clear()
    rows = call(*both, "--retry")
    assert [words[1] for words in commands.made()] == ["grl"]
    assert not any(row["error"] for row in rows)
    assert len(rows) == 6


def test_what_was_stopped_is_no_failure(bench):
    call, commands = bench
    commands.failing["grl"] = sys.modules["run"].StoppedError("train")
    with pytest.raises(SystemExit, match="the same command goes on"):
        call("--seeds", "0", "--methods", "supervised", "grl", "cyclegan")
    assert [words[1] for words in commands.made()] == ["supervised", "grl"]
    commands.failing.clear()
    rows = call("--seeds", "0", "--methods", "supervised", "grl")
    assert [words[1] for words in commands.made()] == ["grl"]
    assert [row["method"] for row in rows[::3]] == ["supervised", "grl"]


def test_tables_of_older_files_and_other_settings(bench, tmp_path):
    call, _ = bench
    (tmp_path / "old.csv").write_text(
        "method,preset,settings,seed,structure,dice,dice_pooled,hd95,assd,unit,"
        "checkpoint_step,train_minutes,total_minutes\n"
        "grl,quick,,0,m,0.2,0.2,1,1,nm,4,1,1\n"
        "grl,quick,,1,m,0.4,0.2,1,1,nm,4,1,1\n"
        "grl,quick,a=1,0,m,0.9,0.2,1,1,nm,4,1,1\n"
        "supervised,quick,method.flip=false,0,m,0.8,0.2,,1,nm,4,1,1\n"
    )
    call(*ONE)
    text = (tmp_path / "summary.md").read_text()
    assert "| method | old | p |" in text
    assert "| grl | 0.300 (0.200 to 0.400) (2) | 0.600 (1) |" in text
    assert "| supervised | 0.800 (1) | - |" in text
    assert "| old | supervised |" not in text
    assert "| old | grl | a=1 | 0.900 (1) |" in text
    page = (tmp_path / "old.md").read_text()
    assert "--methods grl --seeds 0 1 --preset quick\n" in page
    assert "--methods grl --seeds 0 --preset quick a=1\n" in page


@pytest.mark.parametrize(
    "arguments",
    [("--set", "grl"), ("--set", "other:a=1"), ("--jobs", "3"), ("--fast",)],
)
def test_mistakes_stop_it_before_anything_runs(arguments, bench):
    call, commands = bench
    with pytest.raises(SystemExit):
        call(*ONE, *arguments)
    assert commands.calls == []


def test_a_command_that_fails_says_why(bench, monkeypatch):
    module = sys.modules["run"]
    made = importlib.util.spec_from_file_location("fresh_run", FOLDER / "run.py")
    fresh = importlib.util.module_from_spec(made)
    monkeypatch.setitem(sys.modules, "fresh_run", fresh)
    made.loader.exec_module(fresh)
    with pytest.raises(
        RuntimeError, match=r"check: Error: nothing\.yaml cannot be read"
    ):
        fresh.napari_uda("check", "nothing.yaml")
    assert module is not fresh
