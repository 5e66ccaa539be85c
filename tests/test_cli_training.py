"""Commands that train, watch, pause and resume."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from napari_uda import run_terminal
from napari_uda.core.spec.events import Failed, Finished, Started, Warned
from napari_uda.core.spec.run import RunFolder
from processes import PATIENCE, start

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from conftest import Outcome

    Command = Callable[..., Outcome]


def wait_for(happens: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def steps_of(run: RunFolder) -> list[int]:
    return [event.step for event in run.events() if event.kind == "step"]


def begin(*settings: str) -> tuple[RunFolder, subprocess.Popen[str]]:
    """Start a long training of the workshop, and wait for its first step."""
    run = RunFolder("other")
    long = ("method.steps=100000", "training.log_every=1", *settings)
    training = start("train", "experiment.yaml", "--run", "other", *long)
    wait_for(lambda: run.exists and steps_of(run))
    return run, training


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
        "yellow light: Invalid numbers undone: The losses became NaN. Since step"
        in done.err
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
    run, training = begin("training.memory=1")

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
    run, training = begin()
    run.request("pause")
    wait_for(lambda: run.state() == "paused")
    training.send_signal(signal.SIGINT)
    _, err = training.communicate(timeout=PATIENCE)
    assert training.returncode == 130
    assert "Traceback" not in err
    assert run.state() == "stopped"


def test_a_paused_run_goes_on_from_another_terminal(workshop: Path) -> None:
    run, training = begin()
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
