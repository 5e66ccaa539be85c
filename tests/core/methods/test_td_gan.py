"""What is particular to TD-GAN: U is frozen, and D2 sees what U says."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.methods.td_gan import TdGan
from napari_uda.core.spec.methods import method_config

GENERATORS = {"to_target", "to_source"}
DISCRIMINATORS = {"discriminator_target", "discriminator_source"}
ALONE = {"cycle_weight": 0.0, "segmentation_weight": 0.0, "warm_up": 0.0}


@pytest.fixture
def make_method(make_config, make_task):
    def make(overlapping=True, **settings):
        torch.manual_seed(0)
        settings = {
            "norm": "batch", "segmenter": "di2i", "identity_weight": 0.0,
            "translation_batch_size": 2,
        } | settings  # fmt: skip
        return TdGan(make_config("td_gan", **settings), make_task(2, overlapping))

    return make


class Watcher:
    """An engine that looks at the gradients of each loss and changes nothing."""

    def __init__(self, method, progress=0.9):
        self.method, self.progress, self.gradients = method, progress, {}

    def update(self, optimizer, loss, progress):
        self.method.zero_grad(set_to_none=True)
        loss.backward()
        self.gradients[optimizer] = {
            name: p.grad.clone()
            for name, p in self.method.named_parameters()
            if p.grad is not None
        }

    def reached(self, optimizer):
        return {name.partition(".")[0] for name in self.gradients[optimizer]}


def watch(method, batch, progress=0.9):
    engine = Watcher(method, progress)
    engine.losses = method.step(batch, engine)
    return engine


def state(network):
    return copy.deepcopy(network.state_dict())


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_u_learns_alone_at_first_and_then_not_at_all(
    make_method, make_batch, recording_engine, assert_same
):
    method = make_method(pretrain=0.5)
    engine = recording_engine(method, progress=0.0)
    ends = {}
    for seed, engine.progress in enumerate((0.0, 0.4, 0.5, 0.9)):
        method.step(make_batch(method.config, method.task, seed), engine)
        ends[engine.progress] = {n: state(m) for n, m in method.named_children()}
    assert engine.updated == ["segmenter"] * 2 + ["generators", "discriminators"] * 2
    assert not equal(ends[0.0]["segmenter"], ends[0.4]["segmenter"])
    assert "running_mean" in " ".join(ends[0.4]["segmenter"])
    assert_same(ends[0.4]["segmenter"], ends[0.9]["segmenter"])
    for name in GENERATORS | DISCRIMINATORS:
        assert_same(ends[0.0][name], ends[0.4][name])
        assert not equal(ends[0.4][name], ends[0.5][name])


def test_u_is_frozen_although_its_trainer_asks_for_training(make_method, make_batch):
    method = make_method().train()
    batch = make_batch(method.config, method.task)
    modes = []
    method.segmenter.register_forward_hook(lambda u, *_: modes.append(u.training))
    engine = watch(method, batch)
    assert modes == [False] * 3
    assert engine.reached("generators") == GENERATORS
    assert engine.reached("discriminators") == DISCRIMINATORS
    assert all(p.requires_grad for p in method.parameters())
    modes.clear()
    watch(method, batch, progress=0.0)
    assert modes == [True]


@pytest.mark.parametrize("overlapping", [True, False])
def test_the_gradient_of_d2_reaches_g2_by_the_image_and_through_u(
    overlapping, make_method, make_batch
):
    method = make_method(overlapping, **ALONE)
    batch = make_batch(method.config, method.task)

    class Only(nn.Module):
        """Looks at some of the channels."""

        def __init__(self, network, channels):
            super().__init__()
            self.network, self.channels = network, channels

        def forward(self, pair):
            return self.network(pair * self.channels.view(1, -1, 1, 1))

    network = method.discriminator_source.network
    ways = {}
    for way, channels in {"image": [1, 0, 0], "u": [0, 1, 1], "none": [0] * 3}.items():
        seen = Only(network, torch.tensor(channels))
        method.discriminator_source.network = seen
        gradients = watch(method, batch).gradients["generators"]
        ways[way] = sum(
            float(gradient.abs().sum())
            for name, gradient in gradients.items()
            if name.startswith("to_source")
        )
    assert ways["image"] > 0
    assert ways["u"] > 0
    assert ways["none"] == 0


def test_d2_meets_images_with_what_u_says_of_them(make_method, make_batch):
    method = make_method(warm_up=0.0, pool_size=0)
    batch = make_batch(method.config, method.task)
    pairs = []
    method.discriminator_source.register_forward_pre_hook(
        lambda _, given: pairs.append(given[0].detach())
    )
    watch(method, batch)
    by_g, real, fake = pairs
    assert torch.equal(real[:, :1], batch.source.image)
    assert torch.equal(by_g, fake)
    with torch.no_grad():
        assert torch.equal(fake[:, :1], method.to_source(batch.target.image))
        for pair in (real, fake):
            assert pair.shape[1] == 1 + 2
            torch.testing.assert_close(
                pair[:, 1:], method.segmenter(pair[:, :1]).sigmoid()
            )


def test_exclusive_structures_are_shown_without_the_background(make_method):
    method = make_method(overlapping=False).eval()
    image = torch.rand(1, 1, 32, 32)
    with torch.no_grad():
        chance = method.segmenter(image).softmax(1)
        assert torch.equal(method._pair(image)[:, 1:], chance[:, 1:])


def test_former_images_keep_their_own_maps(make_method, make_batch, recording_engine):
    method = make_method(pool_size=3)
    engine = recording_engine(method, progress=0.9)
    shown = []
    method.discriminator_source.register_forward_pre_hook(
        lambda _, given: shown.append(given[0].detach())
    )
    for seed in range(6):
        method.step(make_batch(method.config, method.task, seed), engine)
    assert len(method.pool_source.images) == 3
    fresh, pooled = shown[0::3], shown[2::3]
    assert any(not torch.equal(a, b) for a, b in zip(fresh, pooled, strict=True))
    with torch.no_grad():
        for pair in [*pooled, torch.stack(method.pool_source.images)]:
            expected = method.segmenter(pair[:, :1]).sigmoid()
            torch.testing.assert_close(pair[:, 1:], expected)
    assert method.pool_target.images[0].shape[0] == 1


def test_the_segmentation_loss_is_that_of_reconstructed_source_images(
    make_method, make_batch
):
    method = make_method(dice_weight=0.0, warm_up=0.0)
    batch = make_batch(method.config, method.task)
    losses = watch(method, batch).losses
    with torch.no_grad():
        again = method.to_source(method.to_target(batch.source.image))
        logits = method.segmenter(again)
        expected = segmentation_loss(logits, batch.source.label, 0.0)
        on_source = segmentation_loss(
            method.segmenter(batch.source.image), batch.source.label, 0.0
        )
    torch.testing.assert_close(losses["cycle_seg"], expected)
    assert losses["cycle_seg"] != on_source


def test_the_weight_of_the_segmentation_loss_is_that_of_its_gradient(
    make_method, make_batch
):
    def gradient(weight):
        method = make_method(**(ALONE | {"segmentation_weight": weight}))
        engine = watch(method, make_batch(method.config, method.task))
        found = engine.gradients["generators"]
        return next(found[name] for name in found if name.startswith("to_target."))

    none, once, twice = map(gradient, (0.0, 1.0, 2.0))
    assert not torch.equal(none, once)
    torch.testing.assert_close(twice - none, 2 * (once - none), rtol=1e-4, atol=1e-4)


def test_what_u_says_of_fakes_counts_for_nothing_when_it_is_frozen_first(
    make_method, make_batch
):
    method = make_method(pretrain=0.25, warm_up=0.2, cycle_weight=0.0)
    batch = make_batch(method.config, method.task)
    weights = []
    method.discriminator_source.register_forward_pre_hook(
        lambda _, given: weights.append(given[1])
    )
    gradients = {}
    for progress in (0.25, 0.325, 0.4, 0.9):
        engine = watch(method, batch, progress)
        gradients[progress] = engine.gradients["generators"]
    assert weights == pytest.approx([0] * 3 + [0.5] * 3 + [1] * 6)
    with torch.no_grad():
        for parameter in method.segmenter.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    again = watch(method, batch, 0.25).gradients["generators"]
    assert equal(gradients[0.25], again)
    assert not equal(gradients[0.9], watch(method, batch, 0.9).gradients["generators"])
    assert [method.ready(at) for at in (0.1, 0.25, 0.39, 0.41)] == [False] * 3 + [True]


@pytest.mark.parametrize(
    ("conditional", "weight", "channels", "forwards"),
    [(False, 0.0, 1, 0), (True, 0.0, 3, 2), (False, 1.0, 1, 1), (True, 1.0, 3, 3)],
    ids=["CGAN", "TD-GAN-A", "TD-GAN-S", "TD-GAN"],
)
def test_the_rows_of_the_paper(
    conditional, weight, channels, forwards, make_method, make_batch
):
    method = make_method(conditional=conditional, segmentation_weight=weight)
    first = method.discriminator_source.network.layers[0]
    assert first.in_channels == channels
    assert method.discriminator_target.layers[0].in_channels == 1
    asked = []
    method.segmenter.register_forward_hook(lambda *_: asked.append(True))
    losses = watch(method, make_batch(method.config, method.task)).losses
    assert len(asked) == forwards
    assert (losses["cycle_seg"] > 0) == (weight > 0)


def test_without_what_is_its_own_u_does_not_matter(make_method, make_batch):
    method = make_method(conditional=False, segmentation_weight=0.0)
    batch = make_batch(method.config, method.task)
    before = watch(method, batch).gradients["generators"]
    with torch.no_grad():
        method.segmenter.network.head.weight.mul_(-3)
    assert equal(before, watch(method, batch).gradients["generators"])


def test_target_images_are_translated_and_source_images_are_not(make_method):
    method = make_method().eval()
    image = torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        fake = method.to_source(image)
        assert torch.equal(method.segment(image), method.segmenter(fake))
        assert torch.equal(method.segment_source(image), method.segmenter(image))


def test_few_images_are_translated_of_many_that_are_segmented(make_method, make_batch):
    method = make_method(batch_size=3, translation_batch_size=1)
    sizes = {"segmenter": [], "to_source": []}
    for name, seen in sizes.items():
        method.get_submodule(name).register_forward_pre_hook(
            lambda _, given, seen=seen: seen.append(len(given[0]))
        )
    for progress in (0.0, 0.9):
        watch(method, make_batch(method.config, method.task), progress)
    assert sizes == {"segmenter": [3, 1, 1, 1], "to_source": [1, 1]}


def test_an_identity_loss_can_be_asked_for(make_method, make_batch):
    for weight in (0.0, 1.0):
        method = make_method(identity_weight=weight)
        batch = make_batch(method.config, method.task)
        assert (watch(method, batch).losses["identity"] > 0) == (weight > 0)


def test_the_paper_preset_is_that_of_the_paper(make_task):
    config = method_config("td_gan", "paper")
    assert (config.cycle_weight, config.pool_size, config.identity_weight) == (
        10,
        50,
        0,
    )
    assert (config.gan_mode, config.schedule) == ("lsgan", "linear")
    task = make_task(overlapping=True)
    organs = type(task)(2, 1, ("lung", "heart", "liver", "bone"), True)
    with torch.device("meta"):
        method = TdGan(config, organs)
        optimizers = method.optimizers()
    sizes = {
        name: sum(p.numel() for p in network.parameters())
        for name, network in method.named_children()
    }
    assert sizes["to_target"] == sizes["to_source"] == 9_005_313
    assert sizes["discriminator_target"] == 2_762_689
    assert sizes["discriminator_source"] == 2_766_785
    assert method.segmenter.network.head.out_channels == 5
    for name in ("generators", "discriminators"):
        (group,) = optimizers[name].param_groups
        assert (group["lr"], *group["betas"]) == (2e-4, 0.5, 0.999)
