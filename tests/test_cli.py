"""The command line as users and their scripts meet it."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_uda import run_terminal, terminal
from napari_uda.core.spec.events import Failed, Finished, Started, Warned
from napari_uda.core.spec.methods import METHODS
from napari_uda.core.spec.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Outcome

    Command = Callable[..., Outcome]

COMMANDS = (
    "demo", "samples", "methods", "new", "check", "train", "watch", "predict",
    "translate", "evaluate", "s-score", "compare", "table",
)  # fmt: skip
PATIENCE = 60


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "napari_uda", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "napari_uda", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def wait_for(happens: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def steps_of(run: RunFolder) -> list[int]:
    return [event.step for event in run.events() if event.kind == "step"]


def test_the_whole_chain_in_processes_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pair = ("--source", "pair/source", "--target", "pair/target")
    tiny = ("method.steps=4", "method.patch_size=32", "method.width=4",
            "method.levels=2", "method.batch_size=2")  # fmt: skip

    for step in (
        ("samples", "em-pair", "--out", "pair"),
        ("new", "grl", *pair, "--out", "experiment.yaml"),
        ("train", "experiment.yaml", "--run", "run", *tiny),
        ("predict", "run", "pair/target", "--split", "test", "--out", "masks"),
    ):
        done = run(*step)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
    scored = run("evaluate", "masks", "pair/target", "--out", "scores.csv")

    assert scored.returncode == 0
    with Path("scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    tests = ["target-09", "target-10", "target-11"]
    assert [row["image"] for row in rows] == tests
    assert sorted(path.stem for path in Path("masks").glob("*.tif")) == tests
    assert {row["class"] for row in rows} == {"mitochondrion"}
    assert all(0 <= float(row["dice"]) <= 1 for row in rows)
    for row in rows:
        assert f"{float(row['dice']):.3f}" in scored.stdout


def test_json_of_every_command_is_one_object_per_line(
    workshop: Path, command: Command
) -> None:
    new = ("new", "grl", "--source", "source", "--target", "target", "--out", "n.yaml")
    train = ("train", "experiment.yaml", "--run", "other")

    made = command(*new, "--json").objects
    checked = command("check", "experiment.yaml", "--json").objects
    trained = command(*train, "--json").objects
    watched = command("watch", "other", "--json").objects
    finished = command("train", "--resume", "other", "--json").objects
    predict = ("predict", "other", "target", "--out", "masks", "--json")
    predicted = command(*predict).objects
    scored = command("evaluate", "masks", "target", "--json").objects

    assert made[0]["file"] == "n.yaml"
    assert [one["severity"] for one in checked] == ["warning"]
    assert len(checked[0]["samples"]) == 4
    assert [trained[0]["kind"], trained[-1]["kind"]] == ["started", "finished"]
    assert watched == trained
    assert finished[0]["kind"] == "done"
    assert {one["kind"] for one in predicted} == {"progress", "result", "finished"}
    assert predicted[-1]["kind"] == "finished"
    (scores,) = scored
    assert [row["image"] for row in scores["rows"]] == ["a", "b"]
    assert scores["summary"][0]["volumes"] == 2


def test_json_holds_no_nan(workshop: Path, command: Command) -> None:
    for domain in ("source", "target"):
        for stem in ("a", "b"):
            file = Path(domain, "labels", f"{stem}.tif")
            tifffile.imwrite(file, np.zeros((48, 48), np.uint8))
    done = command("evaluate", "source/labels", "target", "--json")
    assert done.objects[0]["rows"][0]["dice"] is None
    assert "NaN" not in done.out


def test_predictions_without_truth_are_named_beside_the_scores(
    workshop: Path, command: Command
) -> None:
    Path("target/labels/b.tif").unlink()
    done = command("evaluate", "source/labels", "target")
    assert done.code == 0
    assert done.err.splitlines() == ["Not scored, because there is no truth: b"]
    (scores,) = command("evaluate", "source/labels", "target", "--json").objects
    assert scores["left_out"] == ["b"]
    assert [row["image"] for row in scores["rows"]] == ["a"]


def test_translations_are_judged_by_another_run(
    workshop: Path, command: Command
) -> None:
    pair = ("--source", "source", "--target", "target")
    tiny = ("method.steps=2", "method.batch_size=1", "method.patch_size=32",
            "method.width=4", "method.levels=2", "training.device=cpu")  # fmt: skip
    gan = ("method.generator_width=4", "method.generator_blocks=1",
           "method.discriminator_width=4", "method.discriminator_layers=1")  # fmt: skip
    for method, more in (("cyclegan", gan), ("supervised", ())):
        name = f"{method}.yaml"
        assert command("new", method, *pair, "--out", name, *tiny, *more).code == 0
        assert command("train", name, "--run", method).code == 0
    judged = (
        "s-score",
        "cyclegan",
        "source",
        "--judge",
        "supervised",
        "--to",
        "target",
    )

    shown = command(*judged, "--out", "s.csv")
    (scores,) = command(*judged, "--json").objects

    assert shown.code == 0, shown.err
    assert shown.out.splitlines()[-1] == f"S-score to target: {scores['s_score']:.3f}"
    assert [row["image"] for row in scores["rows"]] == ["a", "b"]
    with Path("s.csv").open() as file:
        dice = [float(row["dice"]) for row in csv.DictReader(file)]
    assert dice == pytest.approx([row["dice"] for row in scores["rows"]])
    assert scores["s_score"] == pytest.approx(sum(dice) / 2)
    made = command("table", "CT/A=s.csv", "--form", "cycle_shape", "--title", "S (%)")
    assert made.out.splitlines()[2] == f"| A | {100 * scores['s_score']:.1f} |"


def test_scores_of_methods_become_a_table_and_a_comparison(
    workshop: Path, command: Command
) -> None:
    for name in ("source", "target"):
        out = ("--out", f"{name}.csv", "--no-surface")
        assert command("evaluate", f"{name}/labels", "target", *out).code == 0
    given = ("EM/before=source.csv", "EM/after=target.csv", "--form", "unet_gan")

    printed = command("table", *given)
    written = command("table", *given, "--out", "table.md")
    (found,) = command("table", *given, "--json").objects
    compared = command("compare", "before=source.csv", "target.csv")
    (comparison,) = command("compare", "source.csv", "target.csv", "--json").objects

    assert printed.out == Path("table.md").read_text()
    assert written.out == "Wrote table.md.\n"
    assert found["table"][0] == ["Dice", "before", "after"]
    assert found["table"][1][2] == "1.000 ± 0.000"
    assert command("table", *given, "--out", "table.md").code == 2
    csv_file = ("--out", "table.csv", "--overwrite")
    assert command("table", *given, *csv_file).code == 0
    assert Path("table.csv").read_text().splitlines()[0] == "Dice,before,after"
    assert compared.out.split()[:4] == ["score", "images", "before", "target"]
    Path("more").mkdir()
    Path("source.csv").rename("more/target.csv")
    alike = command("compare", "more/target.csv", "target.csv")
    assert alike.out.split()[2:4] == ["first", "second"]
    (line,) = comparison["comparison"]
    assert (line["score"], line["images"], line["second"]) == ("dice", 2, 1)
    assert line["difference"] == pytest.approx(1 - line["first"])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, command: Command) -> None:
    overview, help_text = command("--help"), command(name, "--help")
    assert overview.code == help_text.code == 0
    assert f"\n  {name} " in overview.out
    assert help_text.out.startswith(f"Usage: napari-uda {name} ")
    assert all(len(line) <= 80 for line in help_text.out.splitlines())


def test_without_arguments_the_help_is_shown(command: Command) -> None:
    assert command() == command("--help")


def test_version(command: Command) -> None:
    done = command("--version")
    assert done.code == 0
    assert done.out.split()[0] == "napari-uda"


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import sys; from napari_uda.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"numpy", "scipy", "torch", "pydantic", "nibabel", "matplotlib"}
    assert heavy.isdisjoint(done.stderr.split())


def test_methods_are_listed_and_explained(command: Command) -> None:
    listed = json.loads(command("methods", "--json").out)
    assert [row["name"] for row in listed] == list(METHODS)
    table = command("methods", "grl").out
    for setting in METHODS["grl"].model_fields:
        assert setting == "name" or f"\n{setting} " in table


def test_a_narrow_terminal_gets_the_last_column_below(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "WIDE", 80)
    lines = command("methods", "grl").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "    Training steps in all." in lines


def test_samples_are_listed_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "em-pair" in command("samples").out
    done = command("samples", "em-pair", "--json")
    assert done.objects[0]["folder"] == "em-pair"
    assert Path("em-pair/source/dataset.yaml").exists()


def test_names_in_brackets_are_no_markup(workshop: Path, command: Command) -> None:
    Path("run").rename("[run] [/x]".replace("/", ""))
    for kind in ("images", "labels"):
        Path(f"target/{kind}/a.tif").rename(f"target/{kind}/[bold]a.tif")
    out = ("--out", "[masks]")
    assert "[bold]a.tif" in command("predict", "[run] [x]", "target", *out).err
    assert "[bold]a" in command("evaluate", "[masks]", "target").out
    assert command("watch", "[run] [x]").code == 0


def test_training_goes_to_the_default_folder(
    workshop: Path, runs_folder: Path, command: Command
) -> None:
    assert command("train", "experiment.yaml", "name=mine").code == 0
    (made,) = runs_folder.iterdir()
    assert made.name.startswith("mine-")
    assert RunFolder(made).state() == "finished"


def test_settings_on_the_command_line_reach_the_run(
    workshop: Path, command: Command
) -> None:
    settings = ("method.learning_rate=3e-4", "method.steps=2")
    done = command("train", "experiment.yaml", *settings, "--run", "other")
    method = RunFolder("other").experiment().method
    assert done.code == 0
    assert (method.learning_rate, method.steps) == (3e-4, 2)
    assert done.err.splitlines()[-1].startswith("Finished in 0:0")


def test_a_finished_run_is_left_alone(workshop: Path, command: Command) -> None:
    before = Path("run/events.jsonl").read_bytes()
    done = command("train", "--resume", "run")
    assert done.code == 0
    assert "is finished: nothing to do" in done.out
    assert Path("run/events.jsonl").read_bytes() == before


def test_a_prepared_run_is_started(workshop: Path, command: Command) -> None:
    prepared = RunFolder("prepared")
    prepared.create(RunFolder("run").experiment())
    watched = command("watch", "prepared")
    assert watched.code == 0
    assert "Not started yet. Go on with: napari-uda train --resume" in watched.err
    assert command("train", "--resume", "prepared").code == 0
    assert prepared.state() == "finished"


def test_the_command_fails_with_its_training(workshop: Path, command: Command) -> None:
    shutil.copy("experiment.yaml", "other.yaml")
    prepared = RunFolder("prepared")
    prepared.create(RunFolder("run").experiment())
    Path("source/images/a.tif").unlink()
    experiment = Path("prepared/experiment.yaml")
    template = RunFolder("run").experiment().data.source.samples[0].image
    text = experiment.read_text().replace(str(template), "gone.tif")
    experiment.write_text(text)

    done = command("train", "--resume", "prepared")

    assert done.code == 1
    assert "gone.tif does not exist" in done.err
    assert "Traceback" not in done.err
    assert "Traceback" in prepared.log_file.read_text()
    assert isinstance(prepared.events()[-1], Failed)
    assert command("watch", "prepared").code == 1


def test_lights_that_are_not_green_are_said_at_the_end(
    workshop: Path, command: Command
) -> None:
    assert "light:" not in command("watch", "run").err
    seen = Warned(run="run", step=3, code="nan", message="The losses became NaN.")
    lines = Path("run/events.jsonl").read_text().splitlines(keepends=True)
    lines.insert(-1, seen.model_dump_json() + "\n")
    Path("run/events.jsonl").write_text("".join(lines))
    done = command("watch", "run")
    assert done.code == 0
    assert (
        "yellow light: NaN rolled back: The losses became NaN. Since step" in done.err
    )


def test_a_vanished_trainer_is_said(workshop: Path, command: Command) -> None:
    events = Path("run/events.jsonl")
    lines = events.read_text().splitlines(keepends=True)
    events.write_text("".join(lines[:-1]))
    done = command("watch", "run")
    assert done.code == 1
    assert "The trainer vanished. Go on with: napari-uda train --resume" in done.err


def test_watch_follows_a_run_that_is_under_way(workshop: Path) -> None:
    folder = RunFolder("live")
    folder.create(RunFolder("run").experiment())
    about = {"run": "live", "step": 0}
    with folder.lock():
        folder.append(
            Started(**about, method="grl", steps=9, device="cpu", precision="float32",
                    loss_groups={})
        )  # fmt: skip
        watching = start("watch", "live", "--json")
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["kind"] == "started"
        folder.append(Finished(**about, seconds=1.0))
        assert json.loads(watching.stdout.readline())["kind"] == "finished"
        assert watching.poll() is None
    out, err = watching.communicate(timeout=PATIENCE)
    assert (watching.returncode, out, err) == (0, "", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals for a child")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_resume(
    number: signal.Signals, workshop: Path, command: Command
) -> None:
    run = RunFolder("other")
    long = ("method.steps=100000", "training.log_every=1", "training.memory=1")
    training = start("train", "experiment.yaml", "--run", "other", *long)
    wait_for(lambda: run.exists and steps_of(run))

    training.send_signal(number)
    _, err = training.communicate(timeout=PATIENCE)

    assert training.returncode == 128 + number
    assert "Traceback" not in err
    assert f"Go on with: napari-uda train --resume {run.path}" in err
    assert run.state() == "stopped"
    assert not run.lock_file.exists()
    text = run.experiment_file.read_text()
    reached = run.events()[-1].step
    run.experiment_file.write_text(
        text.replace("steps: 100000", f"steps: {reached + 2}")
    )
    assert command("train", "--resume", "other").code == 0
    assert steps_of(run)[-1] == reached + 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals for a child")
def test_a_signal_ends_a_pause(workshop: Path) -> None:
    run = RunFolder("other")
    long = ("method.steps=100000", "training.log_every=1")
    training = start("train", "experiment.yaml", "--run", "other", *long)
    wait_for(lambda: run.exists and steps_of(run))
    run.request("pause")
    wait_for(lambda: run.state() == "paused")
    training.send_signal(signal.SIGINT)
    _, err = training.communicate(timeout=PATIENCE)
    assert training.returncode == 130
    assert "Traceback" not in err
    assert run.state() == "stopped"


def test_a_paused_run_goes_on_from_another_terminal(workshop: Path) -> None:
    run = RunFolder("other")
    long = ("method.steps=100000", "training.log_every=1")
    training = start("train", "experiment.yaml", "--run", "other", *long)
    wait_for(lambda: run.exists and steps_of(run))
    run.request("pause")
    wait_for(lambda: run.state() == "paused")
    reached = steps_of(run)[-1]
    other = start("train", "--resume", "other")
    wait_for(lambda: steps_of(run)[-1] > reached)
    run.request("stop")
    for process in (training, other):
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
    assert run.state() == "stopped"


def test_a_second_signal_quits_at_once(workshop: Path) -> None:
    run = RunFolder("run")
    # A shell starts what runs in the background with this signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with run_terminal.stopping(run) as came:
        signal.raise_signal(signal.SIGINT)
        assert run.requested() == "stop"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert came == [signal.SIGINT]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_pipe_may_be_closed_early(options: list[str]) -> None:
    listing = start("methods", "grl", *options)
    assert listing.stdout is not None
    listing.stdout.close()
    assert listing.stderr is not None
    with listing.stderr as errors:
        assert errors.read() == ""
    assert listing.wait(PATIENCE) == 1


def test_images_of_the_other_domain_are_noticed(
    workshop: Path, command: Callable[..., Outcome]
) -> None:
    words = "a.tif is an image of the source, as the run knows it (2 of 2 images)"
    done = command("predict", "run", "source", "--out", "masks")
    assert done.code == 0
    assert words in done.err
    chosen = command("predict", "run", "source", "--domain", "source", "--out", "more")
    both = chosen, command("predict", "run", "target", "--out", "others")
    assert [(one.code, "as the run knows it" in one.err) for one in both] == [
        (0, False)
    ] * 2


def test_check_says_what_a_run_needs(workshop: Path, command: Command) -> None:
    done = command("check", "experiment.yaml")
    assert done.code == 0
    assert re.search(
        r"Needs about \d.* of memory \(.* free\) and .* on cpu\.", done.out
    )
    (found,) = command("check", "experiment.yaml", "--json").objects
    assert found["estimate"]["fits"] is True
    assert 0 < found["estimate"]["memory"] < found["estimate"]["free"]
    (found,) = command("check", "experiment.yaml", "--json", "--no-estimate").objects
    assert found["estimate"] is None
    assert "Needs about" not in command("check", "experiment.yaml", "--no-estimate").out


def test_check_warns_of_too_little_memory_with_a_remedy(
    workshop: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_uda.core import api
    from napari_uda.core.spec.estimate import Estimate

    needed = Estimate(
        device="cuda:0", memory=11.2e9, free=7.9e9, total=16e9, seconds=360,
        measured=0.1, suggestion={"batch_size": 1}, suggested_memory=6.5e9,
    )  # fmt: skip
    monkeypatch.setattr(api, "estimate", lambda _: needed)
    done = command("check", "experiment.yaml")
    assert done.code == 0
    assert (
        "warning: Needs about 11.2 GB of memory (7.9 GB free) and 6 minutes on cuda:0: "
        "try batch_size = 1, which needs about 6.5 GB. "
        "Here: train ... method.batch_size=1." in done.out
    )


def test_check_survives_a_device_that_there_is_not(
    workshop: Path, command: Command
) -> None:
    text = Path("experiment.yaml").read_text().replace("device: cpu", "device: cuda:77")
    Path("experiment.yaml").write_text(text)
    done = command("check", "experiment.yaml")
    assert done.code == 0
    assert "no estimate of memory: device cuda:77 is not available" in done.out
