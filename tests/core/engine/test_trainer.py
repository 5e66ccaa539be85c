from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time

import numpy as np
import psutil
import pytest
import torch

from napari_uda.core.api import load, resume, train
from napari_uda.core.engine import trainer as trainer_module
from napari_uda.core.engine.gallery import Judgement
from napari_uda.core.errors import UserError
from napari_uda.core.spec.events import LAST_EVENTS

ENDS = tuple(kind.model_fields["kind"].default for kind in LAST_EVENTS)


def files(run):
    return {str(p.relative_to(run.path)) for p in run.path.rglob("*") if p.is_file()}


def kinds(events):
    return [event.kind for event in events]


def last_pt(run):
    return torch.load(run.checkpoints / "last.pt", weights_only=True)


def test_a_run_says_where_its_phases_end(run, make_experiment):
    experiment = make_experiment(
        "unet_gan", segmenter="lv_unet", levels=4, pretrain=0.5
    )
    started, *_ = train(experiment, run.path)
    assert (started.kind, started.phases) == ("started", (3,))


def test_a_run_says_everything_in_order_and_writes_these_files(run, make_experiment):
    events = list(train(make_experiment(training={"log_every": 2}), run.path))
    assert kinds(events) == [
        "started", "checkpoint",
        "step", "preview",
        "step", "checkpoint",
        "validation", "checkpoint", "preview",
        "step", "checkpoint",
        "step", "validation", "checkpoint", "preview", "checkpoint", "finished",
    ]  # fmt: skip
    steps = [event.step for event in events]
    assert steps == [0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 6, 6, 6, 6, 6, 6]
    assert run.events() == events
    assert files(run) == {
        "experiment.yaml", "events.jsonl", "checkpoints/last.pt", "checkpoints/best.pt",
        *(f"previews/00000{step}.npz" for step in (1, 3, 6)),
    }  # fmt: skip
    assert run.state() == "finished"
    started = events[0]
    assert started.run == "run-1"
    assert (started.method, started.steps) == ("source_only", 6)
    assert started.device == "cpu (1 thread)"
    assert started.precision == "float32"
    assert started.loss_groups == {"segmentation": ("seg",)}
    assert started.guessing == {}
    assert started.phases == ()
    assert started.expected.keys() == {"cell", "vessel"}
    for event in events:
        if event.kind == "validation":
            assert event.shares.keys() == {"cell", "vessel"}
            assert event.translations == {}
        if event.kind == "step":
            assert event.speed > 0
            assert event.remaining >= 0
            assert event.memory > 0


def test_a_preview_holds_images_labels_and_predictions(run, make_experiment):
    list(train(make_experiment("grl"), run.path))
    with np.load(run.previews / "000006.npz", allow_pickle=False) as preview:
        assert set(preview) == {
            "source", "source_label", "source_prediction",
            "target", "target_label", "target_prediction",
        }  # fmt: skip
        for name in ("source", "target"):
            assert preview[name].shape == preview[f"{name}_label"].shape
            assert preview[f"{name}_prediction"].shape == preview[name].shape
            assert preview[name].ndim == 3
            assert abs(preview[name]).max() <= 1


def test_losses_are_means_since_the_last_report(run, tmp_path, make_experiment):
    experiment = make_experiment()
    every = [e for e in train(experiment, run.path) if e.kind == "step"]
    training = experiment.training.model_copy(update={"log_every": 3})
    rare = list(
        train(experiment.model_copy(update={"training": training}), tmp_path / "rare")
    )
    losses = {e.step: e.losses["seg"] for e in rare if e.kind == "step"}
    single = [e.losses["seg"] for e in every]
    assert losses.keys() == {1, 3, 6}
    assert losses[1] == single[0]
    assert losses[3] == pytest.approx(sum(single[1:3]) / 2)
    assert losses[6] == pytest.approx(sum(single[3:]) / 3)


def test_training_learns(run, make_experiment):
    experiment = make_experiment(
        steps=60, learning_rate=1e-2, intensity=0.0, width=8,
        training={"checkpoint_every": 60, "validate_every": 60, "preview_every": 60},
    )  # fmt: skip
    events = list(train(experiment, run.path))
    losses = [e.losses["seg"] for e in events if e.kind == "step"]
    assert np.mean(losses[-5:]) < 0.6 * losses[0]
    (validation,) = (e for e in events if e.kind == "validation")
    assert validation.scores["source_dice"] > 0.6
    assert validation.truth.keys() == {"cell", "vessel", "mean"}


def test_pause_continue_and_stop_come_through_the_control_file(
    run, monkeypatch, make_experiment
):
    monkeypatch.setattr(trainer_module, "POLL", 0.01)
    experiment = make_experiment(
        steps=100_000,
        training=dict.fromkeys(
            ("validate_every", "preview_every", "checkpoint_every"), 100_000
        ),
    )
    paused, continued = threading.Event(), threading.Event()
    state = []

    def user():
        run.request("pause")
        assert paused.wait(20)
        time.sleep(0.05)
        state.append(run.state())
        run.request("resume")
        assert continued.wait(20)
        run.request("stop")

    thread = threading.Thread(target=user)
    events = []
    for event in train(experiment, run.path):
        events.append(event)
        if event.kind == "step" and event.step == 2:
            thread.start()
        elif event.kind == "paused":
            paused.set()
        elif event.kind == "continued":
            continued.set()
    thread.join()
    assert state == ["paused"]
    said = [kind for kind in kinds(events) if kind != "step"]
    assert said == [
        "started", "checkpoint", "preview", "checkpoint", "paused", "continued",
        "checkpoint", "stopped",
    ]  # fmt: skip
    at = {event.kind: event.step for event in events}
    assert at["paused"] == at["continued"] < at["stopped"] < 100_000
    assert last_pt(run)["step"] == at["stopped"]
    assert run.state() == "stopped"
    assert not run.lock_file.exists()


def test_a_paused_run_can_be_stopped(run, monkeypatch, make_experiment):
    monkeypatch.setattr(trainer_module, "POLL", 0.01)
    events = []
    for event in train(make_experiment(), run.path):
        events.append(event)
        if event.kind == "step" and event.step == 2:
            run.request("pause")
        if event.kind == "paused":
            run.request("stop")
    assert kinds(events)[-3:] == ["checkpoint", "paused", "stopped"]


def test_a_request_made_on_continuing_is_not_forgotten(
    run, monkeypatch, make_experiment
):
    monkeypatch.setattr(trainer_module, "POLL", 0.01)
    answers = {"paused": "resume", "continued": "stop"}
    events = []
    for event in train(make_experiment(), run.path):
        events.append(event)
        if event.kind == "step" and event.step == 2:
            run.request("pause")
        if event.kind in answers:
            run.request(answers[event.kind])
    turns = [k for k in kinds(events) if k in ("paused", "continued", *ENDS)]
    assert turns == ["paused", "continued", "stopped"]
    assert not run.control_file.exists()


def test_old_requests_are_not_obeyed(run, make_experiment):
    run.create(make_experiment())
    run.request("stop")
    old = time.time() - 10
    os.utime(run.control_file, (old, old))
    assert kinds(resume(run.path))[-1] == "finished"


def test_a_request_made_while_the_trainer_starts_is_obeyed(run, make_experiment):
    run.create(make_experiment())
    since = time.time() - 1
    run.request("stop")
    events = list(resume(run.path, since))
    assert kinds(events) == ["started", "checkpoint", "checkpoint", "stopped"]


def test_a_finished_run_has_nothing_left_to_do(run, make_experiment):
    list(train(make_experiment(), run.path))
    before = last_pt(run)["networks"]["segmenter"]["head.bias"]
    assert kinds(resume(run.path)) == ["resumed", "finished"]
    assert torch.equal(last_pt(run)["networks"]["segmenter"]["head.bias"], before)


def test_a_run_is_not_started_twice(run, make_experiment):
    experiment = make_experiment()
    list(train(experiment, run.path))
    with pytest.raises(UserError, match="already holds a run"):
        next(train(experiment, run.path))


def test_two_trainers_never_train_one_run(run, make_experiment):
    first = train(make_experiment(), run.path)
    next(first)
    with pytest.raises(UserError, match=f"trained by process {os.getpid()} on"):
        next(resume(run.path))
    assert kinds(first)[-1] == "finished"
    assert not run.lock_file.exists()


def test_the_lock_of_a_dead_trainer_is_taken_over(run, make_experiment):
    run.create(make_experiment())
    process = psutil.Popen([sys.executable, "-c", ""])
    born = process.create_time()
    process.wait()
    lock = {"pid": process.pid, "born": born, "host": socket.gethostname()}
    run.lock_file.write_text(json.dumps(lock))
    events = resume(run.path)
    next(events)
    assert json.loads(run.lock_file.read_text())["pid"] == os.getpid()
    assert kinds(events)[-1] == "finished"


@pytest.mark.parametrize("dims", [2, 3])
def test_images_larger_than_the_memory_are_mapped(dims, run, tmp_path, make_experiment):
    experiment = make_experiment("grl", dims=dims)
    kept = list(train(experiment, tmp_path / "kept"))
    mapped = list(train(experiment.override(["training.memory=1e-9"]), run.path))
    names = {path.rpartition("-")[0] for path in files(run) if path.startswith("data/")}
    assert names == {"data/source", "data/target"}
    assert sum(path.startswith("data/") for path in files(run)) == 4
    for one, other in zip(kept, mapped, strict=True):
        assert one.kind == other.kind
        if one.kind == "step":
            assert other.losses == pytest.approx(one.losses, rel=0.02)


@pytest.mark.parametrize("dims", [2, 3])
def test_weights_of_volumes_lie_with_channels_last(dims, run, make_experiment):
    run.create(make_experiment(dims=dims))
    trainer = trainer_module.Trainer(run, time.time())
    trainer._set_up()
    weights = [p for net in trainer._networks.values() for p in net.parameters()]
    strides = {p.stride(1) for p in weights if p.ndim > 2 and 1 not in p.shape}
    assert (strides == {1}) == (dims == 3)


@pytest.mark.parametrize("selection", ["last", "label_free", "oracle"])
def test_the_best_checkpoint_follows_the_selection(
    selection, run, monkeypatch, make_experiment
):
    scores = iter([0.5, 0.9, 0.6])
    truths = iter([0.9, 0.5, 0.6])
    names = ("information", "confidence", "consistency", "morphology")

    def judge(self, method):
        score = next(scores)
        given = dict.fromkeys(names, score) | {"source_dice": score}
        return Judgement(given, {"mean": next(truths)}, {}, {})

    monkeypatch.setattr("napari_uda.core.engine.gallery.Gallery.judge", judge)
    experiment = make_experiment(
        training={"selection": selection, "validate_every": 2, "checkpoint_every": 6}
    )
    list(train(experiment, run.path))
    best = torch.load(run.checkpoints / "best.pt", weights_only=True)
    assert best["step"] == {"last": 6, "label_free": 4, "oracle": 2}[selection]


def test_validation_without_target_truth_gives_none(run, make_experiment, make_dataset):
    data = make_dataset()
    bare = tuple(s.model_copy(update={"labels": None}) for s in data.target.samples)
    target = data.target.model_copy(update={"samples": bare})
    events = list(
        train(
            make_experiment("grl", data.model_copy(update={"target": target})), run.path
        )
    )
    validations = [e for e in events if e.kind == "validation"]
    assert validations
    for validation in validations:
        assert validation.truth == {}
        assert all(0 <= score <= 1 for score in validation.scores.values())
    assert events[-1].kind == "finished"


def test_the_model_of_a_run_segments(run, make_experiment):
    experiment = make_experiment()
    list(train(experiment, run.path))
    model = load(run.path, "last", "cpu")
    image = np.load(experiment.data.target.samples[0].image)
    labels = model.segment(image)
    assert labels.shape == image.shape
    assert set(np.unique(labels)) <= {0, 1, 2}
    np.testing.assert_array_equal(load(run.path, "last", "cpu").segment(image), labels)
    with pytest.raises(UserError, match="choose best or last"):
        load(run.path, "newest")
