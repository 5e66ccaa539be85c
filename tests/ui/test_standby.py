"""The trainer that waits: it trains like any other, and never outlives its purpose."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

from napari_uda.core.spec.domain import Dataset
from napari_uda.core.spec.events import Finished
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui import standby as module
from napari_uda.ui.jobs import Job
from napari_uda.ui.standby import COMMAND, standby
from napari_uda.ui.trainer_process import ChildTrainer

WAITS = (sys.executable, "-c", "input()")


def waiters(command):
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # another child, which has just ended
            if child.cmdline() == list(command):
                found.append(child)
    return found


@pytest.fixture
def waiting(qtbot, monkeypatch):
    """Return a function that gives the only child that waits; it is let go then."""
    monkeypatch.setattr(module, "ENOUGH", 0)

    def begin(command=COMMAND):
        monkeypatch.setattr(module, "COMMAND", command)
        standby.prepare()
        # A process that has just begun has no words yet.
        qtbot.waitUntil(lambda: len(waiters(command)) == 1)
        return waiters(command)[0]

    yield begin
    standby.dismiss()


@pytest.fixture
def run(pair, tmp_path):
    data = Dataset.from_folders(source=pair / "source", target=pair / "target")
    experiment = Experiment.preset("source_only", "quick", data).override(
        ["method.steps=2", "method.patch_size=32", "training.device=cpu"]
    )
    run = RunFolder(tmp_path / "run")
    run.create(experiment)
    return run


def test_it_trains_the_run_it_is_told(qtbot, waiting, run):
    child = waiting()
    started = []
    job = Job(run)
    job.progressed.connect(lambda news: started.append(run.owner()))
    with qtbot.waitSignal(job.ended, timeout=60_000) as ended:
        job.start()
    (last,) = ended.args
    assert isinstance(last, Finished)
    assert {owner["pid"] for owner in started if owner} == {child.pid}
    assert not child.is_running()
    assert run.log_file.stat().st_size > 0


def test_what_it_says_of_bad_data_reaches_the_window(qtbot, waiting, run):
    run.experiment_file.write_text("method: {name: grl}\n", encoding="utf-8")
    waiting()
    job = Job(run)
    with qtbot.waitSignal(job.ended, timeout=60_000) as ended:
        job.start()
    message = "experiment.yaml: 'data' is missing: add it."
    assert ended.args[0].message == message


def test_it_ends_with_its_input():
    done = subprocess.run(COMMAND, input=b"", capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_one_is_enough(waiting):
    assert waiting(WAITS) == waiting(WAITS)


def test_none_waits_where_memory_is_short(monkeypatch):
    monkeypatch.setattr(module, "COMMAND", WAITS)
    standby.prepare()
    assert waiters(WAITS) == []


def test_a_dead_one_is_not_taken(waiting, run, fake):
    child = waiting(WAITS)
    child.kill()
    child.wait()
    fake("wait")
    trainer = ChildTrainer(run)
    assert trainer.pid != child.pid
    trainer.kill()
    trainer._process.wait()
