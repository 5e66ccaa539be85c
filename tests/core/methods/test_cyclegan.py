"""What is particular to CycleGAN and its two routes."""

from __future__ import annotations

import pytest
import torch

from napari_uda.core.api import load, resume, train
from napari_uda.core.methods.cyclegan import Cyclegan
from napari_uda.core.spec.events import Step
from napari_uda.core.spec.run import RunFolder

ROUTES = ("translate_then_segment", "segment_on_fakes")
every_route = pytest.mark.parametrize("route", ROUTES)
GENERATORS = ("to_target", "to_source")
DISCRIMINATORS = ("discriminator_target", "discriminator_source")


@pytest.fixture
def make_method(make_config, make_task):
    def make(**settings):
        torch.manual_seed(0)
        return Cyclegan(make_config("cyclegan", **settings), make_task())

    return make


def gradients(method):
    return {n for n, p in method.named_parameters() if p.grad is not None}


def network_of(names):
    return {name.partition(".")[0] for name in names}


class Watcher:
    """An engine that only looks at the gradients of each loss."""

    progress = 0.0

    def __init__(self, method):
        self.method, self.reached = method, {}

    def update(self, optimizer, loss):
        self.method.zero_grad(set_to_none=True)
        loss.backward()
        self.reached[optimizer] = network_of(gradients(self.method))


@every_route
def test_each_loss_reaches_its_own_networks_only(route, make_method, make_batch):
    method = make_method(route=route)
    engine = Watcher(method)
    method.step(make_batch(method.config, method.task), engine)
    assert list(engine.reached) == ["generators", "discriminators", "segmenter"]
    assert engine.reached == {
        "generators": set(GENERATORS),
        "discriminators": set(DISCRIMINATORS),
        "segmenter": {"segmenter"},
    }
    assert all(p.requires_grad for p in method.parameters())


def test_the_adversarial_loss_alone_moves_the_generators(make_method, make_batch):
    method = make_method(cycle_weight=0.0, identity_weight=0.0)
    engine = Watcher(method)
    losses = method.step(make_batch(method.config, method.task), engine)
    assert engine.reached["generators"] == set(GENERATORS)
    assert losses["identity"] == 0
    assert losses["cycle"] > 0


@every_route
def test_the_segmenter_learns_the_look_of_its_route(
    route, make_method, make_batch, recording_engine
):
    method = make_method(route=route)
    batch = make_batch(method.config, method.task)
    with torch.no_grad():
        fake = method.to_target(batch.source.image)
    seen = []
    method.segmenter.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    method.step(batch, recording_engine(method))
    (look,) = seen
    expected = batch.source.image if route == ROUTES[0] else fake
    torch.testing.assert_close(look, expected)
    assert not look.requires_grad


@every_route
def test_images_meet_the_segmenter_in_the_look_it_knows(route, make_method):
    method = make_method(route=route).eval()
    image = torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        plain = method.segmenter(image)
        if route == "translate_then_segment":
            fake = method.segmenter(method.to_source(image))
            torch.testing.assert_close(method.segment(image), fake)
            torch.testing.assert_close(method.segment_source(image), plain)
        else:
            fake = method.segmenter(method.to_target(image))
            torch.testing.assert_close(method.segment(image), plain)
            torch.testing.assert_close(method.segment_source(image), fake)


@every_route
def test_resumed_with_full_pools_it_equals_an_uninterrupted_run(
    route, tmp_path, make_experiment, assert_same
):
    experiment = make_experiment("cyclegan", route=route, pool_size=2, steps=8)
    whole = list(train(experiment, tmp_path / "whole"))
    run = RunFolder(tmp_path / "halves")
    for event in train(experiment, run.path):
        if isinstance(event, Step) and event.step == 5:
            run.request("stop")
    rest = list(resume(run.path))
    assert rest[-1].kind == "finished"
    one, other = (
        torch.load(tmp_path / half / "checkpoints" / "last.pt", weights_only=True)
        for half in ("whole", "halves")
    )
    assert_same(one, other)
    assert len(one["networks"]["pool_target"]["_extra_state"]) == 2
    steps = {e.step: e.losses for e in whole if isinstance(e, Step)}
    assert {e.step: e.losses for e in run.history() if isinstance(e, Step)} == steps


def test_averaged_generators_translate_and_nothing_else_is_kept_for_it(
    tmp_path, make_experiment
):
    experiment = make_experiment("cyclegan", training={"selection": "last"})
    *_, last = train(experiment, tmp_path / "run")
    assert last.kind == "finished"
    folder = tmp_path / "run" / "checkpoints"
    best = torch.load(folder / "best.pt", weights_only=True)
    assert best["average"].keys() == {"segmenter", *GENERATORS}
    trained = torch.load(folder / "last.pt", weights_only=True)["networks"]
    model = load(tmp_path / "run", device="cpu")
    for name in GENERATORS:
        now = model.method.get_submodule(name).state_dict()
        assert all(torch.equal(now[key], best["average"][name][key]) for key in now)
        assert not all(torch.equal(now[key], trained[name][key]) for key in now)


def test_the_paper_preset_is_that_of_the_paper(make_task):
    from napari_uda.core.spec.methods import method_config

    config = method_config("cyclegan", "paper")
    assert (config.cycle_weight, config.pool_size, config.gan_mode) == (10, 50, "lsgan")
    assert (config.identity_weight, config.schedule) == (0, "linear")
    with torch.device("meta"):
        optimizers = Cyclegan(config, make_task()).optimizers()
    for name in ("generators", "discriminators"):
        (group,) = optimizers[name].param_groups
        assert (group["lr"], *group["betas"]) == (2e-4, 0.5, 0.999)
