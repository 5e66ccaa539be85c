"""What holds for every method, whatever its paper."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import pkgutil
from pathlib import Path
from typing import Any, get_args

import pytest
import torch

from napari_uda.core import methods as methods_package
from napari_uda.core.api import resume, train
from napari_uda.core.engine.opponents import guessing_losses
from napari_uda.core.method import Method
from napari_uda.core.spec.domain import DomainName
from napari_uda.core.spec.events import Checkpoint, Finished, Step, Stopped
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.methods import METHODS, PRESET_NAMES, method_config
from napari_uda.core.spec.run import RunFolder

SCORES = {"source_dice", "information", "confidence", "consistency", "morphology"}
OF_TRANSLATIONS = {"cycle_dice"}
LINES = 150

every_method = pytest.mark.parametrize("name", METHODS)
every_dimension = pytest.mark.parametrize("dims", [2, 3])
every_task = pytest.mark.parametrize("overlapping", [False, True])


def module_of(name: str) -> Any:
    return importlib.import_module(f"napari_uda.core.methods.{name}")


def parameters(method: Method[Any]) -> dict[int, str]:
    return {id(p): n for n, p in method.named_parameters() if p.requires_grad}


@every_method
@every_dimension
@every_task
def test_a_step_reaches_every_parameter_and_reports_the_documented_losses(
    name, dims, overlapping, make_config, make_task, make_batch, recording_engine
):
    torch.manual_seed(0)
    config, task = make_config(name, dims), make_task(dims, overlapping)
    method = module_of(name).METHOD(config, task)
    engine = recording_engine(method)
    before = {n: p.detach().clone() for n, p in method.named_parameters()}
    documented = list(itertools.chain.from_iterable(method.losses.values()))
    reported = set()
    for seed, engine.progress in enumerate((0.0, 0.3, 0.5, 0.9)):
        losses = method.step(make_batch(config, task, seed), engine)
        assert losses
        reported |= losses.keys()
        for loss in losses.values():
            assert loss.shape == ()
            assert not loss.requires_grad
            assert torch.isfinite(loss)
    assert sorted(reported) == sorted(documented)
    assert set(engine.updated) == set(engine.optimizers)
    missed = parameters(method).keys() - engine.reached
    assert not {parameters(method)[i] for i in missed}
    frozen = {n for n, p in method.named_parameters() if not p.requires_grad}
    moved = {n for n, p in method.named_parameters() if not torch.equal(p, before[n])}
    assert not moved & frozen
    assert moved


@every_method
def test_a_discriminator_that_guesses_has_the_loss_that_is_written_down(
    name, make_config, make_task, make_batch, recording_engine, monkeypatch
):
    config, task = make_config(name), make_task()
    modes = ("lsgan", "bce", "hinge") if hasattr(config, "gan_mode") else ("",)
    for mode in modes:
        if mode:
            config = config.model_copy(update={"gan_mode": mode})
        method = module_of(name).METHOD(config, task)
        guess = 0.5 if mode == "lsgan" else 0.0
        opponents = [
            (child, network)
            for child, network in method.named_children()
            if child.startswith(("discriminator", "domain_classifier"))
        ]
        for _, network in opponents:
            original = network.forward
            monkeypatch.setattr(
                network,
                "forward",
                lambda *given, f=original, guess=guess: f(*given) * 0 + guess,
            )
        losses = {}
        for progress in (0.3, 0.5, 0.9):
            engine = recording_engine(method, progress)
            losses |= method.step(make_batch(config, task), engine)
        written = guessing_losses(method)
        assert bool(written) == bool(opponents)
        for loss, value in written.items():
            assert float(losses[loss]) == pytest.approx(value)


@every_method
def test_what_was_trained_to_the_end_may_be_chosen(name, make_config, make_task):
    assert module_of(name).METHOD(make_config(name), make_task()).ready(1.0)


@every_method
@every_dimension
def test_optimisers_share_no_parameter(name, dims, make_config, make_task):
    method = module_of(name).METHOD(make_config(name, dims), make_task(dims))
    optimised = [
        id(parameter)
        for optimizer in method.optimizers().values()
        for group in optimizer.param_groups
        for parameter in group["params"]
    ]
    assert len(optimised) == len(set(optimised))
    assert set(optimised) == parameters(method).keys()


@every_method
@every_dimension
@every_task
def test_images_of_any_size_keep_their_shape(
    name, dims, overlapping, make_config, make_task
):
    task = make_task(dims, overlapping)
    method = module_of(name).METHOD(make_config(name, dims), task).eval()
    for shape in [(37, 45), (16, 130)] if dims == 2 else [(5, 33, 30), (1, 17, 20)]:
        image = torch.rand(2, 1, *shape) * 2 - 1
        with torch.inference_mode():
            for segment in (method.segment, method.segment_source):
                assert segment(image).shape == (2, task.outputs, *shape)
            for to in method.translates:
                fake = method.translate(image, to)
                assert fake.shape == image.shape
                assert fake.abs().max() <= 1


@every_method
def test_only_averaged_networks_predict(name, make_config, make_task):
    method = module_of(name).METHOD(make_config(name), make_task()).eval()
    used = set()
    for child, network in method.named_children():
        network.register_forward_hook(lambda *_, child=child: used.add(child))
    image = torch.zeros(1, 1, 32, 32)
    with torch.inference_mode():
        method.segment(image)
        method.segment_source(image)
        for to in method.translates:
            method.translate(image, to)
    # best.pt holds the averaged networks alone.
    assert used == set(method.averaged)


@every_method
@pytest.mark.parametrize("preset", PRESET_NAMES)
@every_dimension
def test_presets_build(name, preset, dims, make_task):
    config = method_config(name, preset, dims=dims)
    with torch.device("meta"):
        method = module_of(name).METHOD(config, make_task(dims))
    assert parameters(method)


@every_method
def test_the_class_declares_names_that_exist(name, make_config, make_task):
    kind = module_of(name).METHOD
    method = kind(make_config(name), make_task())
    networks = dict(method.named_children())
    assert kind.losses
    assert all(keys for keys in kind.losses.values())
    flat = list(itertools.chain.from_iterable(kind.losses.values()))
    assert len(flat) == len(set(flat))
    known = SCORES | (OF_TRANSLATIONS if "target" in kind.translates else set())
    assert set(kind.judged_by) <= known
    assert set(kind.averaged) <= networks.keys()
    assert set(kind.translates) <= set(get_args(DomainName))
    assert kind.domains
    assert set(kind.domains) <= set(get_args(DomainName))
    if type(method.config).target_labels != "never":
        assert "target" in kind.domains
    # Checkpoints hold the networks: a parameter outside of them would be lost.
    assert not list(method.parameters(recurse=False))
    assert not list(method.buffers(recurse=False))


@every_method
def test_the_configuration_survives_a_file(name, tmp_path, make_experiment):
    experiment = make_experiment(name, learning_rate=3e-5, flip=False)
    experiment.save(tmp_path / "experiment.yaml")
    assert Experiment.load(tmp_path / "experiment.yaml") == experiment


@every_method
def test_the_module_says_where_the_method_is_from(name):
    module = module_of(name)
    assert issubclass(module.METHOD, Method)
    assert "Reference: " in module.__doc__
    assert "\nDifferences " in module.__doc__
    source = Path(inspect.getfile(module)).read_text(encoding="utf-8")
    assert len(source.splitlines()) <= LINES
    last = ast.parse(source).body[-1]
    assert ast.unparse(last) == f"METHOD = {module.METHOD.__name__}"
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    package = methods_package.__name__
    assert not {one for one in imported if one is None or one.startswith(package)}
    assert METHODS[name].model_fields["name"].default == name
    config = METHODS[name]
    assert config.title
    assert config.summary.endswith(".")
    assert config.reference


def test_every_module_is_a_method():
    modules = {info.name for info in pkgutil.iter_modules(methods_package.__path__)}
    assert modules == METHODS.keys()


IN_STAGES = {
    "pretrain": 0.3, "segmenter_pretrain": 0.3, "translation_pretrain": 0.3,
    "learning_rate": 1e-7, "translation_learning_rate": 1e-7,
}  # fmt: skip
"""A third of the training for each stage; weights stay as they are."""


@every_method
def test_bfloat16_agrees_with_single_precision_in_every_stage(
    name, tmp_path, make_experiment
):
    settings = {k: v for k, v in IN_STAGES.items() if k in METHODS[name].model_fields}
    seen = {}
    for precision in ("float32", "bfloat16"):
        experiment = make_experiment(
            name, training={"precision": precision, "preview_every": 99},
            **settings, steps=3, ema=0.0,
        )  # fmt: skip
        events = train(experiment, tmp_path / precision)
        steps = [event.losses for event in events if isinstance(event, Step)]
        seen[precision] = {
            (i, k): v for i, one in enumerate(steps) for k, v in one.items()
        }
    documented = itertools.chain.from_iterable(module_of(name).METHOD.losses.values())
    assert {key for _, key in seen["float32"]} == set(documented)
    assert seen["bfloat16"] == pytest.approx(seen["float32"], rel=0.05, abs=0.02)
    assert seen["bfloat16"] != seen["float32"]


@pytest.mark.parametrize("end", ["stop", "crash"])
@every_method
@every_dimension
def test_a_resumed_run_equals_an_uninterrupted_one(
    name, dims, end, tmp_path, make_experiment, assert_same
):
    experiment = make_experiment(name, dims=dims)
    whole = list(train(experiment, tmp_path / "whole"))
    assert isinstance(whole[-1], Finished)

    run = RunFolder(tmp_path / "halves")
    first = train(experiment, run.path)
    for event in first:
        if end == "stop" and isinstance(event, Step) and event.step == 3:
            run.request("stop")
        if end == "crash" and isinstance(event, Checkpoint) and event.step == 4:
            first.close()
    last = run.events()[-1]
    assert isinstance(last, Stopped if end == "stop" else Checkpoint)
    assert last.step == (3 if end == "stop" else 4)
    rest = list(resume(run.path))
    assert rest[0].kind == "resumed"
    assert isinstance(rest[-1], Finished)

    for file in ("last.pt", "best.pt"):
        one, other = (
            torch.load(RunFolder(tmp_path / half).checkpoints / file, weights_only=True)
            for half in ("whole", "halves")
        )
        assert_same(one, other)
    expected = {event.step: event.losses for event in whole if isinstance(event, Step)}
    held = {e.step: e.losses for e in run.history() if isinstance(e, Step)}
    assert held == expected


@pytest.mark.parametrize(
    "name", [name for name, kind in METHODS.items() if kind.target_labels != "required"]
)
def test_target_truth_for_the_scorer_never_trains(
    name, tmp_path, make_dataset, make_experiment, assert_same
):
    ends = {}
    for poison in (None, 7):
        data = make_dataset(poison=poison, role="evaluate")
        run = RunFolder(tmp_path / f"run-{poison}")
        events = list(train(make_experiment(name, data), run.path))
        assert isinstance(events[-1], Finished)
        ends[poison] = [
            torch.load(run.checkpoints / file, weights_only=True)
            for file in ("last.pt", "best.pt")
        ]
        ends[poison][0].pop("history")
        truths = [e.truth["mean"] for e in events if e.kind == "validation"]
        ends[poison].append(truths)
    *clean, truth = ends[None]
    *poisoned, nonsense = ends[7]
    assert_same(clean, poisoned)
    assert truth != nonsense


@every_method
def test_of_mixed_target_labels_those_of_role_train_alone_are_seen(
    name, tmp_path, make_dataset, make_experiment
):
    """One labelled target image beside one whose labels are for the scorer."""
    clean, poison = make_dataset(), make_dataset(poison=7)
    steps = {"training": {"preview_every": 99, "validate_every": 99}, "steps": 4}
    # The experiment is given its data later: this marks labels where some must be.
    experiment = make_experiment(name, clean, **steps)

    def learnt(poisoned):
        samples = [
            (poison if k == poisoned else clean)
            .target.samples[k]
            .model_copy(update={"labels_role": role})
            for k, role in enumerate(("train", "evaluate"))
        ]
        target = clean.target.model_copy(update={"samples": tuple(samples)})
        data = clean.model_copy(update={"target": target})
        run = RunFolder(tmp_path / f"run-{poisoned}")
        *_, last = train(experiment.model_copy(update={"data": data}), run.path)
        assert isinstance(last, Finished)
        content = torch.load(run.checkpoints / "last.pt", weights_only=True)
        weights = content["networks"]["segmenter"].values()
        return torch.cat([weight.flatten() for weight in weights])

    usual = learnt(None)
    assert torch.equal(learnt(1), usual)
    uses = METHODS[name].target_labels != "never"
    assert torch.equal(learnt(0), usual) != uses


@every_method
def test_a_step_changes_what_it_does_where_a_stage_ends(
    name, make_config, make_task, make_batch, recording_engine
):
    config, task = make_config(name), make_task()
    method = importlib.import_module(f"{methods_package.__name__}.{name}").METHOD(
        config, task
    )
    engine, batch = recording_engine(method), make_batch(config, task)
    edges = (0.0, *config.stages, 1.0)
    done = []
    for begin, end in itertools.pairwise(edges):
        stage = set()
        for inside in (0.01, 0.99):
            engine.progress, engine.updated = begin + inside * (end - begin), []
            losses = method.step(batch, engine)
            stage.add((*engine.updated, *sorted(losses)))
        assert len(stage) == 1
        done += stage
    assert len(set(done)) == len(config.stages) + 1
