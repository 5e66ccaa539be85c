"""What is particular to SynSeg-Net."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from napari_uda.core.api import resume, train
from napari_uda.core.methods.synseg import Synseg
from napari_uda.core.networks.resnet_segmenter import ResnetSegmenter
from napari_uda.core.spec.domain import IGNORE
from napari_uda.core.spec.events import Step
from napari_uda.core.spec.methods import method_config
from napari_uda.core.spec.run import RunFolder

GENERATORS = ("to_target", "to_source")


@pytest.fixture
def make_method(make_config, make_task):
    def make(**settings):
        torch.manual_seed(0)
        return Synseg(make_config("synseg", **settings), make_task())

    return make


class Watcher:
    """An engine that only looks at the gradients of each loss."""

    progress = 0.0

    def __init__(self, method):
        self.method, self.reached = method, {}

    def update(self, optimizer, loss):
        self.method.zero_grad(set_to_none=True)
        loss.backward()
        self.reached[optimizer] = {
            name.partition(".")[0]
            for name, parameter in self.method.named_parameters()
            if parameter.grad is not None
        }


def test_one_step_moves_both_generators_and_the_segmenter(make_method, make_batch):
    method = make_method()
    engine = Watcher(method)
    method.step(make_batch(method.config, method.task), engine)
    assert list(engine.reached) == [
        "networks", "discriminator_target", "discriminator_source",
    ]  # fmt: skip
    assert engine.reached == {
        "networks": {*GENERATORS, "segmenter"},
        "discriminator_target": {"discriminator_target"},
        "discriminator_source": {"discriminator_source"},
    }
    assert all(p.requires_grad for p in method.parameters())


def gradients(method, batch, **settings):
    """Return the gradients of the first update, by network."""
    method.config = method.config.model_copy(update=settings)
    found = {}

    class First:
        progress = 0.0

        def update(self, optimizer, loss):
            if optimizer == "networks":
                method.zero_grad(set_to_none=True)
                loss.backward()
                for name in (*GENERATORS, "segmenter"):
                    network = method.get_submodule(name)
                    found[name] = torch.cat(
                        [p.grad.flatten() for p in network.parameters()]
                    )

    method.step(batch, First())
    return found


def test_the_segmentation_loss_teaches_the_generator_of_its_images_alone(
    make_method, make_batch
):
    method = make_method()
    batch = make_batch(method.config, method.task)
    without = gradients(method, batch, seg_weight=0.0)
    with_it = gradients(method, batch, seg_weight=1.0)
    twice = gradients(method, batch, seg_weight=2.0)
    assert not without["segmenter"].any()
    for name in ("to_target", "segmenter"):
        share = with_it[name] - without[name]
        assert share.abs().max() > 1e-6
        torch.testing.assert_close(
            twice[name] - without[name], 2 * share, rtol=1e-3, atol=3e-5
        )
    torch.testing.assert_close(with_it["to_source"], without["to_source"])


def test_target_labels_are_never_looked_at(make_method, make_batch):
    method = make_method()
    batch = make_batch(method.config, method.task)
    blind = replace(
        batch,
        target=replace(batch.target, label=torch.full_like(batch.target.label, IGNORE)),
    )
    one, other = (gradients(method, given) for given in (batch, blind))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_segmenter_sees_translations_and_segments_the_target_as_it_is(
    make_method, make_batch, recording_engine
):
    method = make_method()
    batch = make_batch(method.config, method.task)
    with torch.no_grad():
        fake = method.to_target(batch.source.image)
    seen = []
    handle = method.segmenter.register_forward_pre_hook(
        lambda _, given: seen.append(given[0].detach())
    )
    method.step(batch, recording_engine(method))
    handle.remove()
    (look,) = seen
    torch.testing.assert_close(look, fake)
    image = batch.target.image
    with torch.inference_mode():
        method.eval()
        plain = method.segmenter(image)
        by_fake = method.segmenter(method.to_target(image))
        torch.testing.assert_close(method.segment(image), plain)
        torch.testing.assert_close(method.segment_source(image), by_fake)


def test_one_adam_has_generators_and_segmenter(make_method):
    method = make_method(learning_rate=3e-4, translation_learning_rate=2e-4)
    optimizers = method.optimizers()
    assert len(optimizers) == 3
    groups = optimizers["networks"].param_groups
    assert [group["lr"] for group in groups] == [2e-4, 3e-4]
    assert {group["betas"] for group in groups} == {(0.5, 0.999)}
    held = {id(p) for group in groups for p in group["params"]}
    wanted = (method.to_target, method.to_source, method.segmenter)
    assert held == {id(p) for network in wanted for p in network.parameters()}


def test_the_paper_preset_is_that_of_the_paper(make_task):
    config = method_config("synseg", "paper")
    assert (config.cycle_weight, config.pool_size, config.gan_mode) == (10, 50, "lsgan")
    assert (config.identity_weight, config.seg_weight, config.batch_size) == (0, 1, 4)
    with torch.device("meta"):
        method = Synseg(config, make_task())
    assert isinstance(method.segmenter, ResnetSegmenter)
    stages = method.segmenter.stages
    assert sum(name.startswith("block") for name in stages) == 9
    assert not any(isinstance(m, torch.nn.Tanh) for m in method.segmenter.modules())
    assert any(isinstance(m, torch.nn.Tanh) for m in method.to_target.modules())
    rates = {
        group["lr"]
        for optimizer in method.optimizers().values()
        for group in optimizer.param_groups
    }
    assert rates == {2e-4}


@pytest.mark.parametrize("settings", [{}, {"norm": "batch", "segmenter": "resnet6"}])
def test_resumed_with_full_pools_it_equals_an_uninterrupted_run(
    settings, tmp_path, make_experiment, assert_same
):
    experiment = make_experiment("synseg", pool_size=2, steps=8, **settings)
    whole = list(train(experiment, tmp_path / "whole"))
    run = RunFolder(tmp_path / "halves")
    for event in train(experiment, run.path):
        if isinstance(event, Step) and event.step == 5:
            run.request("stop")
    assert [*resume(run.path)][-1].kind == "finished"
    one, other = (
        torch.load(tmp_path / half / "checkpoints" / "last.pt", weights_only=True)
        for half in ("whole", "halves")
    )
    assert_same(one, other)
    assert len(one["networks"]["pool_target"]["_extra_state"]) == 2
    steps = {e.step: e.losses for e in whole if isinstance(e, Step)}
    assert {e.step: e.losses for e in run.history() if isinstance(e, Step)} == steps
