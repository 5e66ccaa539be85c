from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from napari_uda.core.errors import UserError
from napari_uda.core.spec import events as ev
from napari_uda.core.spec import run as module
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.run import RunFolder, list_runs

if TYPE_CHECKING:
    from napari_uda.core.spec.domain import Dataset

STARTED = ev.Started(
    run="r", step=0, method="grl", steps=9, device="cpu", precision="float32",
    loss_groups={},
)  # fmt: skip
RESUMED = ev.Resumed(**{**STARTED.model_dump(exclude={"kind"}), "step": 2})
PAUSED, CONTINUED = ev.Paused(run="r", step=3), ev.Continued(run="r", step=3)
WARNED = ev.Warned(run="r", step=3, code="nan", message="-")
FINISHED = ev.Finished(run="r", step=9, seconds=1)
STOPPED = ev.Stopped(run="r", step=5)
FAILED = ev.Failed(run="r", step=5, message="no")


@pytest.fixture
def experiment(data: Dataset) -> Experiment:
    return Experiment.preset("grl", "quick", data)


@pytest.fixture
def run(tmp_path: Path, experiment: Experiment) -> RunFolder:
    run = RunFolder(tmp_path / "runs" / "r")
    run.create(experiment)
    return run


def write_lock(run: RunFolder, **changes: object) -> None:
    me = psutil.Process()
    lock = {"pid": me.pid, "born": me.create_time(), "host": socket.gethostname()}
    run.lock_file.write_text(json.dumps(lock | changes))


def test_a_new_run_holds_its_experiment(run: RunFolder, experiment: Experiment) -> None:
    assert run.exists
    assert not run.started
    assert run.id == "r"
    stored = run.experiment()
    assert stored.versions
    assert stored.model_copy(update={"versions": {}}) == experiment
    assert [path.name for path in run.path.iterdir()] == ["experiment.yaml"]


def test_a_run_is_never_made_over_another(
    run: RunFolder, experiment: Experiment
) -> None:
    before = run.experiment_file.read_bytes()
    with pytest.raises(UserError, match=r"already holds a run: .* train --resume"):
        run.create(experiment)
    assert run.experiment_file.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_explained(
    run: RunFolder, experiment: Experiment
) -> None:
    with pytest.raises(UserError, match=r"cannot be written .*choose another folder"):
        RunFolder(run.experiment_file / "below").create(experiment)


def test_what_is_no_run_is_explained(run: RunFolder, tmp_path: Path) -> None:
    for path, words in (
        (tmp_path, "holds no run"),
        (tmp_path / "nowhere", "does not exist"),
        (run.experiment_file, "is a file"),
    ):
        with pytest.raises(UserError, match=words):
            RunFolder(path).experiment()


@pytest.mark.parametrize(
    ("told", "gone", "alive"),
    [
        ([], "prepared", "running"),
        ([STARTED], "dead", "running"),
        ([STARTED, PAUSED], "dead", "paused"),
        ([STARTED, PAUSED, WARNED], "dead", "paused"),
        ([STARTED, PAUSED, CONTINUED], "dead", "running"),
        ([STARTED, FINISHED], "finished", "running"),
        ([STARTED, STOPPED], "stopped", "running"),
        ([STARTED, FAILED], "failed", "running"),
        ([STARTED, STOPPED, RESUMED], "dead", "running"),
        ([STARTED, FAILED, RESUMED, FINISHED], "finished", "running"),
    ],
)
def test_the_state_follows_from_events_and_lock(
    told: list[ev.Event], gone: str, alive: str, run: RunFolder
) -> None:
    for event in told:
        run.append(event)
    assert run.state() == gone
    with run.lock():
        assert run.state() == alive
    assert run.state() == gone


def test_one_trainer_at_a_time(run: RunFolder) -> None:
    with run.lock():
        owner = run.owner()
        assert owner is not None
        assert (owner["pid"], owner["host"]) == (os.getpid(), socket.gethostname())
        with pytest.raises(UserError, match="is being trained by process"), run.lock():
            pass
        assert run.owner() == owner
    assert run.owner() is None
    assert not run.lock_file.exists()


def test_the_lock_goes_with_an_error(run: RunFolder) -> None:
    with pytest.raises(KeyboardInterrupt), run.lock():
        raise KeyboardInterrupt
    assert not run.lock_file.exists()


def test_the_lock_of_a_dead_process_is_taken_over(run: RunFolder) -> None:
    code = "import os, psutil; print(os.getpid(), psutil.Process().create_time())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    pid, born = done.stdout.split()
    write_lock(run, pid=int(pid), born=float(born))
    assert run.owner() is None
    with run.lock():
        assert run.owner() is not None


def test_a_process_that_only_has_the_same_number_is_no_owner(run: RunFolder) -> None:
    write_lock(run, born=psutil.Process().create_time() - 1000)
    assert run.owner() is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x", "born": null}'])
def test_a_damaged_lock_is_no_owner(text: str, run: RunFolder) -> None:
    run.lock_file.write_text(text)
    old = time.time() - 2 * module.STALE
    os.utime(run.lock_file, (old, old))
    assert run.owner() is None


def test_an_owner_on_another_host_lives_by_its_heartbeat(run: RunFolder) -> None:
    write_lock(run, host="elsewhere", pid=1)
    owner = run.owner()
    assert owner is not None
    assert owner["host"] == "elsewhere"
    with pytest.raises(UserError, match="process 1 on elsewhere"), run.lock():
        pass
    old = time.time() - module.STALE - 1
    os.utime(run.lock_file, (old, old))
    assert run.owner() is None
    with run.lock():
        assert run.owner() is not None


def test_the_heart_beats(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT", 0.01)
    with run.lock():
        os.utime(run.lock_file, (0, 0))
        end = time.monotonic() + 10
        while run.lock_file.stat().st_mtime == 0:
            assert time.monotonic() < end
            time.sleep(0.01)
    assert "heartbeat" not in {thread.name for thread in threading.enumerate()}


def test_a_lock_that_was_taken_away_is_left_to_its_new_owner(run: RunFolder) -> None:
    with run.lock():
        write_lock(run, host="elsewhere")
    assert run.lock_file.exists()


def test_requests_are_read_and_forgotten(run: RunFolder) -> None:
    assert run.requested() is None
    run.request("pause")
    run.request("stop")
    assert run.requested() == "stop"
    assert run.requested(since=time.time() + 60) is None
    assert run.requested(since=time.time() - 60) == "stop"
    run.clear_request()
    run.clear_request()
    assert run.requested() is None


@pytest.mark.parametrize("text", ["", "dance", "STOP", "stop pause"])
def test_other_words_are_no_requests(text: str, run: RunFolder) -> None:
    run.control_file.write_text(text)
    assert run.requested() is None


def test_the_history_leaves_out_what_was_undone(run: RunFolder) -> None:
    for event in (STARTED, PAUSED, FAILED, RESUMED, FINISHED):
        run.append(event)
    assert [event.kind for event in run.events()] == [
        "started", "paused", "failed", "resumed", "finished",
    ]  # fmt: skip
    assert [event.kind for event in run.history()] == ["started", "resumed", "finished"]


def test_events_appended_at_once_are_all_whole(run: RunFolder) -> None:
    def tell(number: int) -> None:
        for step in range(50):
            message = f"{number} " * 200
            run.append(ev.Warned(run="r", step=step, code=str(number), message=message))

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [(event.code, event.step) for event in run.events()]  # type: ignore[union-attr]
    assert sorted(told) == sorted((str(n), s) for n in range(4) for s in range(50))


def test_the_end_of_the_log(run: RunFolder) -> None:
    assert run.log_tail() == ""
    run.log_file.write_bytes(b"\xff\n" + b"\n".join(b"%d" % i for i in range(100)))
    assert run.log_tail(2) == "98\n99"


def test_runs_are_listed_newest_first(run: RunFolder, experiment: Experiment) -> None:
    runs = run.path.parent
    for age, name in ((100, "old"), (10, "new")):
        other = RunFolder(runs / name)
        other.create(experiment)
        at = time.time() - age
        os.utime(other.experiment_file, (at, at))
    (runs / "no-run").mkdir()
    (runs / "file").write_text("-")
    assert [one.id for one in list_runs(runs)] == ["r", "new", "old"]
    assert list_runs(runs / "nowhere") == []
    assert list_runs(runs / "file") == []


def test_a_home_folder_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(Path("home").absolute()))
    monkeypatch.setenv("USERPROFILE", str(Path("home").absolute()))
    assert RunFolder("~/r").path == Path("home").absolute() / "r"


def test_a_title_is_one_line_beside_the_id(run: RunFolder) -> None:
    assert run.title == "r"
    run.rename("  with\tmore noise\n")
    assert run.title == "with more noise"
    assert run.id == "r"
    with pytest.raises(UserError, match="81 characters: give at most 80"):
        run.rename("x" * 81)
    assert run.title == "with more noise"
    run.rename(" ")
    assert run.title == "r"
    assert not run.title_file.exists()


def test_a_title_makes_no_folder_anew(run: RunFolder) -> None:
    shutil.rmtree(run.path)
    for title in ("another", ""):
        with pytest.raises(UserError, match="was removed"):
            run.rename(title)
    assert not run.path.exists()


def test_a_title_that_cannot_be_read_or_written_does_no_harm(run: RunFolder) -> None:
    run.title_file.write_bytes(b"\xff\xfe\xff")
    assert run.title == "r"
    run.title_file.unlink()
    run.title_file.mkdir()
    assert run.title == "r"
    with pytest.raises(UserError, match="title stays as it was"):
        run.rename("other")
