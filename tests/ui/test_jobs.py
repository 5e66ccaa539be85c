from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from qtpy.QtWidgets import QApplication

from napari_uda.core.spec import events as ev
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui import priority, trainer_process
from napari_uda.ui.jobs import Job, last_word, thinned
from napari_uda.ui.priority import NICENESS

FAKE = str(Path(__file__).with_name("fake_trainer.py"))


class Watcher:
    """Collects what a job says."""

    def __init__(self, job):
        self.before, self.events, self.ends, self.states = [], [], [], []
        self.job = job
        job.recalled.connect(self.before.extend)
        job.progressed.connect(self.events.extend)
        job.ended.connect(self.ends.append)
        job.state_changed.connect(self.note)

    def note(self):
        self.states.append(self.job.state)


@pytest.fixture
def run(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    return run


@pytest.fixture
def start(run, monkeypatch):
    """Return a function that starts a job with a trainer that behaves as told."""

    def begin(behaviour="", how="process", **options):
        command = (sys.executable, FAKE, behaviour)
        monkeypatch.setattr(trainer_process, "TRAIN", command)
        job = Job(run, how, **options)
        watcher = Watcher(job)
        job.start()
        return job, watcher

    return begin


def finish(qtbot, watcher):
    qtbot.waitUntil(lambda: bool(watcher.ends), timeout=20_000)
    qtbot.wait(300)
    assert len(watcher.ends) == 1
    said = watcher.before + watcher.events
    assert [e for e in said if isinstance(e, ev.LAST_EVENTS)][-1] == watcher.ends[0]
    return watcher.ends[0]


def wait_for_step(qtbot, job, step):
    qtbot.waitUntil(lambda: job.step >= step, timeout=20_000)


def test_a_run_finishes(qtbot, run, start):
    _, watcher = start("obey")
    last = finish(qtbot, watcher)
    assert isinstance(last, ev.Finished)
    assert watcher.states == ["running", "ended"]
    steps = [event.step for event in watcher.events if isinstance(event, ev.Step)]
    assert steps == list(range(1, 21))
    assert run.owner() is None


def test_events_come_in_batches_five_times_a_second(qtbot, run, start):
    batches = []
    job, watcher = start("obey")
    job.progressed.connect(batches.append)
    finish(qtbot, watcher)
    assert sum(map(len, batches)) > 2 * len(batches)


def test_the_window_goes_before_the_trainer(qtbot, run, start, monkeypatch):
    monkeypatch.setattr(priority, "NICENESS", NICENESS)
    own = Path("/proc/self/autogroup")
    before = own.read_text() if own.exists() else ""
    job, watcher = start("wait")
    wait_for_step(qtbot, job, 5)
    pid = int(run.owner()["pid"])
    if hasattr(os, "getpriority"):
        assert os.getpriority(os.PRIO_PROCESS, pid) == NICENESS
    if before:
        assert Path(f"/proc/{pid}/autogroup").read_text().split()[-1] == str(NICENESS)
        assert own.read_text() == before
    job.stop()
    finish(qtbot, watcher)


def test_pause_and_continue(qtbot, run, start):
    job, watcher = start("wait")
    wait_for_step(qtbot, job, 5)
    job.pause()
    assert job.state == "pausing"
    qtbot.waitUntil(lambda: job.state == "paused", timeout=20_000)
    assert run.state() == "paused"
    job.resume()
    assert job.state == "continuing"
    assert isinstance(finish(qtbot, watcher), ev.Finished)
    assert any(isinstance(event, ev.Continued) for event in watcher.events)


def test_a_paused_run_can_be_stopped(qtbot, run, start):
    job, watcher = start("wait")
    wait_for_step(qtbot, job, 5)
    job.pause()
    qtbot.waitUntil(lambda: job.state == "paused", timeout=20_000)
    job.stop()
    assert isinstance(finish(qtbot, watcher), ev.Stopped)
    assert run.state() == "stopped"


def test_start_stop_start_several_times(qtbot, run, start):
    for _ in range(3):
        job, watcher = start("wait")
        wait_for_step(qtbot, job, 5)
        job.stop()
        assert isinstance(finish(qtbot, watcher), ev.Stopped)
        (run.path / "fake_step").write_text("3")
    job, watcher = start("obey")
    assert isinstance(finish(qtbot, watcher), ev.Finished)
    assert isinstance(watcher.before[0], ev.Started)
    assert isinstance(watcher.events[0], ev.Resumed)


def test_what_was_said_before_comes_first_and_ends_nothing(qtbot, run, start):
    _, watcher = start("fail")
    finish(qtbot, watcher)
    _, watcher = start("obey")
    last = finish(qtbot, watcher)
    assert isinstance(watcher.before[0], ev.Started)
    assert isinstance(watcher.before[-1], ev.Failed)
    assert isinstance(watcher.events[0], ev.Started)
    assert isinstance(last, ev.Finished)


def test_death_by_signal_is_told_in_words(qtbot, run, start):
    _, watcher = start("die")
    last = finish(qtbot, watcher)
    assert isinstance(last, ev.Failed)
    assert last.message.startswith("Stopped unexpectedly (signal 9, killed) at step 5.")
    assert "Resume" in last.message
    assert "last words" in last.detail
    assert run.events()[-1] == last
    assert run.state() == "failed"


def test_leaving_without_a_word_is_a_failure(qtbot, run, start):
    _, watcher = start("vanish")
    last = finish(qtbot, watcher)
    assert "Stopped unexpectedly (exit code 0) at step 5" in last.message


def test_a_failure_is_passed_on(qtbot, run, start):
    _, watcher = start("fail")
    assert finish(qtbot, watcher).message == "Out of luck."


def test_a_refusal_is_told_in_the_trainers_words(qtbot, run, start):
    run.log_file.write_text("Error: an older one\n")
    _, watcher = start("refuse")
    last = finish(qtbot, watcher)
    assert last.message == "The data do not fit together: choose others."


def test_a_trainer_that_cannot_be_started_is_a_failure(qtbot, run, monkeypatch, start):
    monkeypatch.setattr(trainer_process, "TRAIN", (str(run.path / "nothing"),))
    job = Job(run)
    watcher = Watcher(job)
    job.start()
    last = finish(qtbot, watcher)
    assert isinstance(last, ev.Failed)
    assert "FileNotFoundError" in last.message


def test_a_deaf_trainer_is_ended_by_force(qtbot, run, monkeypatch, start):
    monkeypatch.setattr("napari_uda.ui.jobs.KILL_AFTER", 0.3)
    job, watcher = start("deaf", grace=0.3)
    wait_for_step(qtbot, job, 5)
    pid = int(run.owner()["pid"])
    job.stop()
    last = finish(qtbot, watcher)
    assert isinstance(last, ev.Failed)
    assert "Did not stop within 0.3 s and was ended by force (signal 9" in last.message
    assert not psutil.pid_exists(pid)


def test_a_living_run_can_be_attached_and_stopped(qtbot, run, start):
    child = subprocess.Popen([sys.executable, FAKE, "wait", str(run.path)])
    qtbot.waitUntil(lambda: any(e.step == 5 for e in run.events()), timeout=20_000)
    job, watcher = start(how="attach")
    wait_for_step(qtbot, job, 5)
    qtbot.waitUntil(lambda: bool(watcher.before), timeout=20_000)
    assert isinstance(watcher.before[0], ev.Started)
    assert job.state == "running"
    job.stop()
    assert isinstance(finish(qtbot, watcher), ev.Stopped)
    assert child.wait(10) == 0


def test_attaching_to_a_paused_run_leaves_it_paused(qtbot, run, start):
    child = subprocess.Popen([sys.executable, FAKE, "wait", str(run.path)])
    qtbot.waitUntil(lambda: any(e.step == 5 for e in run.events()), timeout=20_000)
    run.request("pause")
    qtbot.waitUntil(lambda: run.state() == "paused", timeout=20_000)
    job, watcher = start(how="attach")
    qtbot.waitUntil(lambda: job.state == "paused", timeout=20_000)
    qtbot.wait(300)
    assert run.state() == "paused"
    job.stop()
    assert isinstance(finish(qtbot, watcher), ev.Stopped)
    assert child.wait(10) == 0


def test_attaching_to_a_dead_run_says_so(qtbot, run, start):
    run.append(ev.Step(run="run", step=7, losses={}, speed=1, remaining=1, memory=1))
    _, watcher = start(how="attach")
    assert "Stopped unexpectedly at step 7" in finish(qtbot, watcher).message


def test_detaching_leaves_the_process_alone(qtbot, run, start):
    job, watcher = start("wait")
    wait_for_step(qtbot, job, 5)
    job.detach()
    qtbot.wait(600)
    assert watcher.ends == []
    assert run.state() == "running"
    job, watcher = start(how="attach")
    wait_for_step(qtbot, job, 5)
    job.stop()
    assert isinstance(finish(qtbot, watcher), ev.Stopped)


def test_closing_the_viewer_ends_the_job_but_not_the_run(
    make_napari_viewer, qtbot, run, start
):
    viewer = make_napari_viewer()
    job, watcher = start("wait")
    wait_for_step(qtbot, job, 5)
    listed = "\n".join(viewer.window._task_status_manager.get_status())
    assert "training of run" in listed
    viewer.close()
    qtbot.wait(600)
    assert watcher.ends == []
    assert run.owner() is not None
    run.request("stop")
    qtbot.waitUntil(lambda: run.owner() is None, timeout=20_000)


def test_training_inside_napari(qtbot, run, monkeypatch, start):
    seen = []

    def resume(path, since):
        seen.append((path, run.requested()))
        folder = RunFolder(path)
        for step in (1, 2):
            event = ev.Step(
                run="run", step=step, losses={"seg": 1}, speed=1, remaining=1, memory=1
            )
            folder.append(event)
            yield event
        yield ev.Finished(run="run", step=2, seconds=1)

    fake_api(monkeypatch, resume)
    run.request("stop")
    job = Job(run, "thread")
    watcher = Watcher(job)
    job.start()
    assert isinstance(finish(qtbot, watcher), ev.Finished)
    assert seen == [(run.path, None)], "an old request must not stop a new start"


@pytest.mark.parametrize("error", [RuntimeError, ValueError, MemoryError])
def test_no_exception_is_swallowed(qtbot, run, monkeypatch, error, start):
    def resume(path, since):
        raise error("of this kind")
        yield

    fake_api(monkeypatch, resume)
    job = Job(run, "thread")
    watcher = Watcher(job)
    job.start()
    last = finish(qtbot, watcher)
    assert isinstance(last, ev.Failed)
    assert f"{error.__name__}: of this kind" in last.message
    assert "Traceback" in last.detail


def test_a_request_that_cannot_be_written_is_reported(qtbot, run, monkeypatch, start):
    job, watcher = start("wait")
    wait_for_step(qtbot, job, 5)

    def full(self, request):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "request", full)
        job.pause()
        qtbot.waitUntil(
            lambda: any(isinstance(e, ev.Warned) for e in watcher.events), timeout=9000
        )
    warned = next(e for e in watcher.events if isinstance(e, ev.Warned))
    assert "No space left" in warned.message
    job.stop()
    finish(qtbot, watcher)


def test_a_long_history_is_thinned_but_keeps_its_ends():
    steps = [
        ev.Step(run="r", step=i, losses={}, speed=1, remaining=1, memory=1)
        for i in range(1, 1001)
    ]
    news = [*steps, ev.Stopped(run="r", step=1000)]
    few = thinned(news, most=100)
    assert len(few) == 101
    assert few[-2].step == 1000
    assert isinstance(few[-1], ev.Stopped)
    assert thinned(news) is news


def test_the_last_word_tells_the_state():
    paused = ev.Paused(run="r", step=3)
    preview = ev.Preview(run="r", step=3, file="x")
    assert last_word([paused, preview]) is paused
    assert last_word([preview]) is None


def fake_api(monkeypatch, resume):
    import types

    module = types.ModuleType("napari_uda.core.api")
    module.resume = resume
    monkeypatch.setitem(sys.modules, "napari_uda.core.api", module)
    assert QApplication.instance() is not None
