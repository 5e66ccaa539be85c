"""What is particular to cycle- and shape-consistency."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from napari_uda.core.errors import UserError
from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.method import Batch
from napari_uda.core.methods.cycle_shape import CycleShape
from napari_uda.core.spec.domain import IGNORE
from napari_uda.core.spec.methods import method_config

SEGMENTERS = {"segmenter", "source_segmenter"}
GENERATORS = {"to_target", "to_source"}
DISCRIMINATORS = {"discriminator_target", "discriminator_source"}
SEG = ("seg_real", "seg_synthetic", "seg_reconstructed")


class Watcher:
    """An engine that keeps losses and gradients, and updates nothing."""

    def __init__(self, method, progress):
        self.method, self.progress = method, progress
        self.gradients, self.losses, self.stages = {}, {}, {}

    def update(self, optimizer, loss, progress=None):
        self.method.zero_grad(set_to_none=True)
        loss.backward()
        self.losses[optimizer] = loss.detach()
        self.stages[optimizer] = progress
        self.gradients[optimizer] = {
            name: p.grad.clone()
            for name, p in self.method.named_parameters()
            if p.grad is not None
        }

    def reached(self, optimizer):
        return {name.partition(".")[0] for name in self.gradients[optimizer]}


@pytest.fixture
def make_method(make_config, make_task):
    def make(dims=2, **settings):
        torch.manual_seed(0)
        return CycleShape(make_config("cycle_shape", dims, **settings), make_task(dims))

    return make


def unlabelled(batch, known=True):
    """Take the labels of the target away, and tell the method so if `known`."""
    label = torch.full_like(batch.target.label, IGNORE)
    target = replace(batch.target, label=label, labelled=not known)
    return Batch(batch.source, target)


def look(method, batch, progress):
    engine = Watcher(method, progress)
    torch.manual_seed(1)
    return method.step(batch, engine), engine


def expected(method, batch, labelled):
    """Compute the losses of the segmenters kind by kind, as the paper has them."""
    a, b = batch.source, batch.target
    to_target, to_source = method.to_target, method.to_source
    fake_b, fake_a = to_target(a.image), to_source(b.image)

    def loss(network, image, label):
        return segmentation_loss(network(image), label, method.config.dice_weight)

    s_a, s_b = method.source_segmenter, method.segmenter
    of_a = {
        "seg_real": loss(s_a, a.image, a.label),
        "seg_synthetic": loss(s_b, fake_b, a.label),
        "seg_reconstructed": loss(s_a, to_source(fake_b), a.label),
    }
    of_b = {
        "seg_real": loss(s_b, b.image, b.label),
        "seg_synthetic": loss(s_a, fake_a, b.label),
        "seg_reconstructed": loss(s_b, to_target(fake_a), b.label),
    }
    if not labelled:
        return {key: of_a[key].detach() for key in SEG}
    return {key: (of_a[key] + of_b[key]).detach() for key in SEG}


@pytest.mark.parametrize("labelled", [True, False])
def test_segmenters_learn_from_all_kinds_of_labelled_images(
    labelled, make_method, make_batch
):
    method = make_method(dice_weight=0.5)
    batch = make_batch(method.config, method.task)
    batch = batch if labelled else unlabelled(batch)
    kinds = expected(method, batch, labelled)
    losses, engine = look(method, batch, 0.9)
    for key in SEG:
        torch.testing.assert_close(losses[key], kinds[key])
    torch.testing.assert_close(engine.losses["segmenters"], sum(kinds.values()))
    torch.testing.assert_close(losses["shape"], kinds["seg_synthetic"])
    again = method.to_source(method.to_target(batch.source.image))
    logits = method.source_segmenter(again)
    trip = segmentation_loss(logits, batch.source.label, 0.5)
    torch.testing.assert_close(losses["round_trip"], trip.detach())


def test_unlabelled_target_images_count_nothing_whether_or_not_this_is_known(
    make_method, make_batch
):
    method = make_method()
    batch = make_batch(method.config, method.task)
    ends = []
    for known in (True, False):
        losses, engine = look(copy.deepcopy(method), unlabelled(batch, known), 0.9)
        ends.append((losses, engine.gradients["generators"]))
    (one, pull), (other, same_pull) = ends
    torch.testing.assert_close(one, other)
    torch.testing.assert_close(pull, same_pull)


def test_each_loss_reaches_its_own_networks_only(make_method, make_batch):
    method = make_method()
    batch = make_batch(method.config, method.task)
    for given in (batch, unlabelled(batch)):
        _, engine = look(method, given, 0.9)
        assert list(engine.gradients) == ["generators", "segmenters", "discriminators"]
        assert engine.reached("generators") == GENERATORS
        assert engine.reached("segmenters") == SEGMENTERS
        assert engine.reached("discriminators") == DISCRIMINATORS
    assert all(p.requires_grad for p in method.parameters())


@pytest.mark.parametrize("labelled", [True, False])
def test_the_shape_loss_pulls_the_generator_of_what_has_labels(
    labelled, make_method, make_batch
):
    pulls = []
    for weight in (0.0, 1.0, 2.0):
        method = make_method(shape_weight=weight, round_trip_weight=0.0)
        batch = make_batch(method.config, method.task)
        batch = batch if labelled else unlabelled(batch)
        _, engine = look(method, batch, 0.9)
        pulls.append(engine.gradients["generators"])
    for network in GENERATORS:
        without, once, twice = (
            torch.cat([g.flatten() for n, g in pull.items() if n.startswith(network)])
            for pull in pulls
        )
        strength = (once - without).norm()
        assert (strength > 0) == (labelled or network == "to_target")
        assert (twice - 2 * once + without).norm() <= 1e-3 * strength


def test_the_round_trip_pulls_both_generators_without_any_target_label(
    make_method, make_batch
):
    pulls = []
    for weight in (0.0, 1.0):
        method = make_method(shape_weight=0.0, round_trip_weight=weight)
        batch = unlabelled(make_batch(method.config, method.task))
        pulls.append(look(method, batch, 0.9)[1].gradients["generators"])
    for network in GENERATORS:
        names = [name for name in pulls[0] if name.startswith(network)]
        assert sum((pulls[1][n] - pulls[0][n]).abs().sum() for n in names) > 0


def test_stages_follow_each_other(make_method, make_batch):
    method = make_method(segmenter_pretrain=0.2, translation_pretrain=0.3)
    batch = make_batch(method.config, method.task)
    losses, engine = look(method, batch, 0.1)
    assert list(losses) == ["seg_real"]
    assert engine.reached("segmenters") == SEGMENTERS
    assert engine.stages == {"segmenters": 0}

    second, engine = look(method, batch, 0.4)
    assert second["shape"] == second["round_trip"] == 0
    assert list(engine.gradients) == ["generators", "discriminators"]
    plain = engine.losses["generators"]
    torch.testing.assert_close(
        plain,
        second["generators"]
        + method.config.cycle_weight * second["cycle"]
        + method.config.identity_weight * second["identity"],
    )
    assert set(engine.stages.values()) == {0}
    assert not method.ready(0.4)

    third, engine = look(method, batch, 0.75)
    torch.testing.assert_close(
        engine.losses["generators"] - third["shape"] - third["round_trip"],
        plain - method.config.identity_weight * second["identity"],
    )
    assert second["identity"] > 0 == third["identity"]
    assert set(engine.stages.values()) == {0.5}
    assert method.ready(0.75)


def test_everything_can_be_trained_from_the_first_step(make_method, make_batch):
    method = make_method(segmenter_pretrain=0.0, translation_pretrain=0.0)
    losses, _ = look(method, make_batch(method.config, method.task), 0.0)
    assert {name for name, loss in losses.items() if loss == 0} == {"identity"}


def test_without_target_labels_its_segmenter_starts_from_source_images(
    make_method, make_batch
):
    method = make_method()
    batch = make_batch(method.config, method.task)
    seen = []
    method.segmenter.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    look(method, batch, 0.0)
    look(method, unlabelled(batch), 0.0)
    assert torch.equal(seen[0], batch.target.image)
    assert torch.equal(seen[1], batch.source.image)


def test_a_volume_of_86_slices_goes_through_everything(make_method):
    method = make_method(3, levels=4, patch_depth=32).eval()
    assert method.segmenter.strides == method.to_target.strides == [(2, 2, 2)] * 3
    volume = torch.rand(1, 1, 86, 18, 20) * 2 - 1
    with torch.inference_mode():
        assert method.segment(volume).shape == (1, 3, 86, 18, 20)
        assert method.segment_source(volume).shape == (1, 3, 86, 18, 20)
        there = method.translate(volume, "target")
        assert method.translate(there, "source").shape == volume.shape


def test_each_look_has_its_own_segmenter(make_method):
    method = make_method().eval()
    image = torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        assert torch.equal(method.segment(image), method.segmenter(image))
        assert torch.equal(method.segment_source(image), method.source_segmenter(image))


def test_pretraining_leaves_time_for_the_rest():
    with pytest.raises(UserError, match=r"leave nothing of the training: .* less than"):
        method_config("cycle_shape", segmenter_pretrain=0.5, translation_pretrain=0.5)


def test_the_paper_preset_is_that_of_the_paper(make_task):
    config = method_config("cycle_shape", "paper")
    assert config.patch_shape == (86, 112, 112)
    assert (config.cycle_weight, config.shape_weight) == (10, 1)
    assert config.identity_weight == 0
    # 100 epochs of S, 60 of G and D, then 50 at a constant rate and 50 down to zero.
    assert config.segmenter_pretrain == pytest.approx(100 / 260, abs=0.005)
    assert config.translation_pretrain == pytest.approx(60 / 260, abs=0.005)
    assert config.schedule == "linear"
    assert (config.generator, config.norm, config.levels) == ("skip", "none", 4)
    assert (config.pool_size, config.gan_mode, config.dice_weight) == (50, "lsgan", 0)
    with torch.device("meta"):
        optimizers = CycleShape(config, make_task(3)).optimizers()
    for name in ("generators", "discriminators"):
        (group,) = optimizers[name].param_groups
        assert (group["lr"], *group["betas"]) == (2e-4, 0.5, 0.999)
    (group,) = optimizers["segmenters"].param_groups
    assert (group["lr"], *group["betas"]) == (2e-4, 0.9, 0.999)
