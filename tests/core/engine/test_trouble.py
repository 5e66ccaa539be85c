"""What a run does when something goes wrong."""

from __future__ import annotations

import errno
import itertools
import re
import shutil

import numpy as np
import pytest
import torch

from napari_uda.core.api import load, resume, train
from napari_uda.core.engine import trainer as trainer_module
from napari_uda.core.errors import UserError
from napari_uda.core.spec import folders
from napari_uda.core.spec.events import LAST_EVENTS
from napari_uda.core.spec.run import RunFolder

ENDS = tuple(kind.model_fields["kind"].default for kind in LAST_EVENTS)


def kinds(events):
    return [event.kind for event in events]


def last_pt(run):
    return torch.load(run.checkpoints / "last.pt", weights_only=True)


def nan_at(*calls):
    def action(call, method):
        if call not in calls:
            return None
        with torch.no_grad():
            for parameter in method.parameters():
                parameter.fill_(float("nan"))
        return {"seg": torch.tensor(float("nan"))}

    return action


def test_nan_goes_back_to_the_last_checkpoint_once(run, change_step, make_experiment):
    change_step(nan_at(4))
    experiment = make_experiment(schedule="constant", learning_rate=1e-3)
    events = list(train(experiment, run.path))
    at = kinds(events).index("warning")
    warning, resumed, saved = events[at : at + 3]
    assert warning.code == "nan"
    assert "(NaN) at step 4: rolled back to step 2 and halved" in warning.message
    assert (resumed.kind, resumed.step) == ("resumed", 2)
    assert (saved.kind, saved.step) == ("checkpoint", 2)
    after = [e.step for e in events[at:] if e.kind == "step"]
    assert after == [3, 4, 5, 6]
    assert events[-1].kind == "finished"
    content = last_pt(run)
    (group,) = content["optimizers"]["segmenter"]["param_groups"]
    assert group["lr"] == pytest.approx(0.5e-3)
    weights = content["networks"]["segmenter"].values()
    assert all(torch.isfinite(weight).all() for weight in weights)


def test_nan_again_ends_the_run_and_keeps_its_checkpoints(
    run, change_step, make_experiment
):
    change_step(nan_at(4, 6))
    events = list(train(make_experiment(), run.path))
    assert kinds(events).count("warning") == 1
    failed = events[-1]
    assert failed.kind == "failed"
    assert "(NaN) at step 4 again" in failed.message
    assert "method.learning_rate" in failed.message
    assert [kind for kind in kinds(events) if kind in ENDS] == ["failed"]
    assert run.state() == "failed"
    weights = last_pt(run)["networks"]["segmenter"].values()
    assert all(torch.isfinite(weight).all() for weight in weights)


def test_broken_weights_never_become_the_best(run, change_step, make_experiment):
    def action(call, method):
        if call == 3:
            with torch.no_grad():
                method.segmenter.network.head.bias.fill_(float("nan"))
            return {"seg": torch.tensor(0.1)}
        return None

    change_step(action)
    often = {"selection": "last", "validate_every": 1, "log_every": 1}
    for event in train(make_experiment(training=often), run.path):
        if event.kind == "checkpoint" and event.best:
            content = torch.load(run.checkpoints / "best.pt", weights_only=True)
            weights = content["average"]["segmenter"].values()
            assert all(torch.isfinite(weight).all() for weight in weights)
    assert event.kind == "finished"


def raises(error, at=3):
    def action(call, _):
        if call == at:
            raise error

    return action


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"),
        MemoryError(),
    ],
)
def test_too_little_memory_ends_with_a_way_out(
    error, run, change_step, make_experiment
):
    change_step(raises(error))
    events = list(train(make_experiment(), run.path))
    failed = events[-1]
    assert failed.kind == "failed"
    assert "ran out of memory" in failed.message
    assert "method.batch_size=1" in failed.message
    assert failed.fix == {"batch_size": 1}
    assert "Traceback" in failed.detail
    assert last_pt(run)["step"] == 2


def test_any_other_error_is_said_in_one_line(run, change_step, make_experiment):
    change_step(raises(ZeroDivisionError("division by zero\nsecond line")))
    failed = list(train(make_experiment(), run.path))[-1]
    assert failed.message.startswith("Training failed: division by zero. The last")
    assert "second line" not in failed.message
    assert not run.lock_file.exists()
    assert kinds(run.events())[-1] == "failed"


def full_disk(monkeypatch, calls, error=None):
    monkeypatch.setattr(trainer_module, "RETRY", 0.01)
    original, count = trainer_module.save_checkpoint, itertools.count(1)
    tried = []

    def save(path, content):
        call = next(count)
        tried.append(path.name)
        if call in calls:
            raise error or OSError(errno.ENOSPC, "No space left on device")
        original(path, content)

    monkeypatch.setattr(trainer_module, "save_checkpoint", save)
    return tried


@pytest.mark.parametrize(
    "error",
    [None, RuntimeError("[enforce fail at inline_container.cc:672] unexpected pos 64")],
)
@pytest.mark.parametrize(("first", "file"), [(2, "last.pt"), (3, "best.pt")])
def test_a_full_disk_is_waited_for(
    first, file, error, run, monkeypatch, make_experiment, tmp_path, assert_same
):
    experiment = make_experiment()
    tried = full_disk(monkeypatch, {first, first + 1}, error)
    events = list(train(experiment, run.path))
    assert tried[first - 1 : first + 2] == [file] * 3
    warnings = [e for e in events if e.kind == "warning"]
    assert [w.code for w in warnings] == ["disk"]
    size = (run.checkpoints / file).stat().st_size / 1e6
    needed = re.search(
        r"checkpoints/(\S+) needs ([\d.]+) MB, \S+ MB are free", warnings[0].message
    )
    assert needed[1] == file
    assert float(needed[2]) == pytest.approx(size, rel=0.2, abs=0.1)
    assert events[-1].kind == "finished"
    other = RunFolder(tmp_path / "other")
    list(train(experiment, other.path))
    assert_same(last_pt(run), last_pt(other))


def test_a_preview_that_finds_no_room_is_left_out(run, monkeypatch, make_experiment):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    events = list(train(make_experiment(), run.path))
    assert "preview" not in kinds(events)
    assert events[-1].kind == "finished"


def test_other_trouble_with_saving_ends_the_run(run, monkeypatch, make_experiment):
    full_disk(monkeypatch, {2}, OSError(errno.EIO, "Input/output error"))
    failed = list(train(make_experiment(), run.path))[-1]
    assert failed.kind == "failed"
    assert "Input/output error" in failed.message


def test_a_folder_that_is_removed_ends_the_run_and_does_not_come_back(
    run, change_step, make_experiment
):
    change_step(lambda call, _: shutil.rmtree(run.path) if call == 3 else None)
    failed = list(train(make_experiment(), run.path))[-1]
    assert failed.kind == "failed"
    assert f"{run.path} was removed while it was being trained" in failed.message
    assert failed.step == 3
    assert not run.path.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"no checkpoint at all"])
def test_a_damaged_checkpoint_is_said(content, run, make_experiment):
    list(train(make_experiment(), run.path))
    (run.checkpoints / "last.pt").write_bytes(content)
    (failed,) = resume(run.path)
    assert failed.kind == "failed"
    assert "damaged" in failed.message
    with pytest.raises(UserError, match="damaged"):
        load(run.path, "last", "cpu")
    load(run.path, "best", "cpu")


def test_a_checkpoint_of_other_networks_is_said(run, make_experiment):
    experiment = make_experiment()
    list(train(experiment, run.path))
    experiment.override(["method.width=8"]).save(run.experiment_file)
    (failed,) = resume(run.path)
    assert "does not fit" in failed.message
    with pytest.raises(UserError, match="does not fit"):
        load(run.path, "best", "cpu")


def test_a_changed_image_is_noticed(run, make_experiment):
    experiment = make_experiment()
    data = experiment.data
    first = data.target.samples[0]
    marked = first.model_copy(update={"fingerprint": folders.fingerprint(first.image)})
    target = data.target.model_copy(
        update={"samples": (marked, *data.target.samples[1:])}
    )
    experiment = experiment.model_copy(
        update={"data": data.model_copy(update={"target": target})}
    )
    events = list(train(experiment, run.path))
    assert "warning" not in kinds(events)
    np.save(first.image, np.load(first.image) + 1)
    events = list(train(experiment, run.path.with_name("again")))
    (warning,) = (e for e in events if e.kind == "warning")
    assert warning.code == "changed"
    assert "s0.npy has changed" in warning.message
    assert events[-1].kind == "finished"


@pytest.mark.parametrize("domain", ["source", "target"])
def test_a_domain_without_training_samples_is_said(
    domain, run, make_experiment, make_dataset
):
    data = make_dataset()
    one = data.domain(domain)
    tests = tuple(s.model_copy(update={"split": "test"}) for s in one.samples)
    empty = one.model_copy(update={"samples": tests})
    experiment = make_experiment("grl", data.model_copy(update={domain: empty}))
    (failed,) = train(experiment, run.path)
    assert failed.kind == "failed"
    assert f"{domain} has no training samples" in failed.message
