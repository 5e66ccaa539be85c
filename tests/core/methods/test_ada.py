"""What is particular to ad-hoc augmentation by translated images."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.method import Batch
from napari_uda.core.methods.ada import Ada
from napari_uda.core.spec.domain import IGNORE

SEGMENTERS = ("segmenter", "source_segmenter")
TRANSLATORS = (
    "to_target", "to_source", "discriminator_target", "discriminator_source",
)  # fmt: skip
TRAINED = {0.1: SEGMENTERS, 0.4: TRANSLATORS, 0.8: SEGMENTERS}


@pytest.fixture
def method(make_config, make_task):
    torch.manual_seed(0)
    settings = {
        "segmenter_pretrain": 0.2,
        "translation_pretrain": 0.4,
        "dice_weight": 0.5,
    }
    return Ada(make_config("ada", **settings), make_task())


def unlabelled(batch):
    label = torch.full_like(batch.target.label, IGNORE)
    return Batch(batch.source, replace(batch.target, label=label, labelled=False))


@pytest.mark.parametrize("progress", TRAINED)
@pytest.mark.parametrize("labelled", [True, False])
def test_each_stage_moves_its_own_networks_only(
    progress, labelled, method, make_batch, recording_engine
):
    before = {n: p.detach().clone() for n, p in method.named_parameters()}
    engine = recording_engine(method, progress)
    for seed in range(2):
        batch = make_batch(method.config, method.task, seed)
        method.step(batch if labelled else unlabelled(batch), engine)
    moved = {
        name.partition(".")[0]
        for name, parameter in method.named_parameters()
        if not torch.equal(parameter, before[name])
    }
    assert moved == set(TRAINED[progress])


def reached(method):
    """Return the networks with gradients."""
    with_gradient = (n for n, p in method.named_parameters() if p.grad is not None)
    return {name.partition(".")[0] for name in with_gradient}


class Idle:
    def __init__(self, progress):
        self.progress, self.loss, self.stages = progress, {}, {}

    def update(self, optimizer, loss, progress=None):
        self.loss[optimizer], self.stages[optimizer] = loss, progress


@pytest.mark.parametrize("labelled", [True, False])
def test_half_of_what_it_is_tuned_on_is_real(labelled, method, make_batch):
    batch = make_batch(method.config, method.task)
    batch = batch if labelled else unlabelled(batch)
    a, b = batch.source, batch.target
    fake_b, fake_a = method.to_target(a.image), method.to_source(b.image)

    def loss(network, image, label):
        return segmentation_loss(network(image), label, method.config.dice_weight)

    s_a, s_b = method.source_segmenter, method.segmenter
    real = b if labelled else a
    real = loss(s_b, real.image, real.label) + loss(s_a, a.image, a.label)
    of_a = [
        loss(s_b, fake_b, a.label),
        loss(s_a, method.to_source(fake_b), a.label),
    ]
    of_b = [
        loss(s_b, method.to_target(fake_a), b.label),
        loss(s_a, fake_a, b.label),
    ]
    generated = (sum(of_a) + sum(of_b)) / 2 if labelled else sum(of_a)
    engine = Idle(0.8)
    losses = method.step(batch, engine)
    torch.testing.assert_close(losses["seg_real"], 0.5 * real.detach())
    torch.testing.assert_close(losses["seg_generated"], 0.5 * generated.detach())
    torch.testing.assert_close(engine.loss["segmenters"], 0.5 * (real + generated))
    assert engine.stages == {"segmenters": pytest.approx(0.5)}
    engine.loss["segmenters"].backward()
    assert reached(method) == set(SEGMENTERS)


def test_generators_never_hear_of_segmenters(method, make_batch):
    engine = Idle(0.4)
    losses = method.step(make_batch(method.config, method.task), engine)
    torch.testing.assert_close(
        engine.loss["generators"].detach(),
        losses["generators"]
        + method.config.cycle_weight * losses["cycle"]
        + method.config.identity_weight * losses["identity"],
    )
    engine.loss["generators"].backward()
    assert reached(method) == set(TRANSLATORS[:2])
    assert engine.stages == {
        "generators": pytest.approx(0.5), "discriminators": pytest.approx(0.5),
    }  # fmt: skip


def test_only_what_was_tuned_on_translations_may_be_chosen(method):
    assert [method.ready(p) for p in (0.1, 0.4, 0.8)] == [False, False, True]


def test_each_look_has_its_own_segmenter(method):
    method.eval()
    image = torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        assert torch.equal(method.segment(image), method.segmenter(image))
        assert torch.equal(method.segment_source(image), method.source_segmenter(image))
