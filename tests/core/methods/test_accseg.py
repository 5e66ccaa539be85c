"""What is particular to AccSeg-Net (Zhou, Liu, Duncan 2021)."""

from __future__ import annotations

import pytest
import torch

from napari_uda.core.methods.accseg import Accseg
from napari_uda.core.spec.methods import method_config

WEIGHTS = ("adversarial", "seg", "nce", "mind", "cc")
JOINT = {"to_target", "segmenter", "projection"}


@pytest.fixture
def make_method(make_config, make_task):
    def make(**settings):
        torch.manual_seed(0)
        return Accseg(make_config("accseg", **settings), make_task())

    return make


class Watcher:
    """An engine that only looks at the gradients of each loss."""

    progress = 0.0

    def __init__(self, method):
        self.method, self.order, self.reached, self.loss = method, [], {}, {}

    def update(self, optimizer, loss):
        self.method.zero_grad(set_to_none=True)
        loss.backward()
        self.order.append(optimizer)
        self.loss[optimizer] = loss.detach()
        self.reached[optimizer] = {
            name.partition(".")[0]
            for name, parameter in self.method.named_parameters()
            if parameter.grad is not None and parameter.grad.any()
        }


def only(*names, **settings):
    """Return settings in which all weights but those of the named losses are 0."""
    weights = {f"{name}_weight": float(name in names) for name in WEIGHTS}
    return weights | settings


@pytest.mark.parametrize("identity", ["none", "l2", "nce"])
def test_the_discriminator_goes_first_and_each_loss_reaches_its_own_networks(
    identity, make_method, make_batch
):
    method = make_method(identity=identity)
    engine = Watcher(method)
    losses = method.step(make_batch(method.config, method.task), engine)
    assert engine.order == ["discriminator", "generator"]
    assert engine.reached == {"discriminator": {"discriminator"}, "generator": JOINT}
    assert all(p.requires_grad for p in method.parameters())
    assert (losses["identity"] > 0) == (identity != "none")


@pytest.mark.parametrize(
    ("name", "reached"),
    [
        ("adversarial", {"to_target"}),
        ("seg", {"to_target", "segmenter"}),
        ("nce", {"to_target", "projection"}),
        ("mind", {"to_target"}),
        ("cc", {"to_target"}),
    ],
)
def test_every_loss_alone_trains_the_generator(name, reached, make_method, make_batch):
    method = make_method(**only(name))
    engine = Watcher(method)
    losses = method.step(make_batch(method.config, method.task), engine)
    assert engine.reached["generator"] == reached
    assert all(p.grad.any() for p in method.to_target.stages["head"].parameters())
    torch.testing.assert_close(engine.loss["generator"], losses[name])


@pytest.mark.parametrize("identity", ["l2", "nce"])
def test_identity_is_about_target_images(identity, make_method, make_batch):
    method = make_method(**only(identity=identity, identity_weight=2.0))
    engine = Watcher(method)
    batch = make_batch(method.config, method.task)
    asked = []
    method.to_target.register_forward_pre_hook(lambda _, given: asked.append(given[0]))
    losses = method.step(batch, engine)
    assert any(torch.equal(images, batch.target.image) for images in asked)
    torch.testing.assert_close(engine.loss["generator"], 2 * losses["identity"])
    reached = {"to_target"} | ({"projection"} if identity == "nce" else set())
    assert engine.reached["generator"] == reached
    if identity == "l2":
        with torch.no_grad():
            change = method.to_target(batch.target.image) - batch.target.image
        torch.testing.assert_close(losses["identity"], change.square().mean())


@pytest.mark.parametrize(
    ("setting", "value", "loss"),
    [
        ("mind_form", "sum", "mind"),
        ("cc_form", "signed", "cc"),
        ("nce_places", 4, "nce"),
        ("nce_temperature", 1.0, "nce"),
        ("entropy_weight", 0.0, "seg"),
        ("dice_weight", 0.0, "seg"),
    ],
)
def test_each_setting_changes_its_own_loss(
    setting, value, loss, make_method, make_batch
):
    ends = []
    for changes in ({}, {setting: value}):
        method = make_method(**changes)
        engine = Watcher(method)
        ends.append(method.step(make_batch(method.config, method.task), engine))
    usual, changed = ends
    assert {key for key in usual if usual[key] != changed[key]} == {loss}


@pytest.mark.parametrize("off", [(), ("mind",), ("cc",), ("mind", "cc"), ("nce",)])
def test_what_an_ablation_leaves_out_is_neither_computed_nor_reported(
    off, make_method, make_batch, recording_engine
):
    method = make_method(**{f"{name}_weight": 0.0 for name in off})
    losses = method.step(
        make_batch(method.config, method.task), recording_engine(method)
    )
    for name in ("nce", "mind", "cc"):
        assert (losses[name] == 0) == (name in off)


def test_a_translation_that_changes_nothing_keeps_the_anatomy(make_method, make_batch):
    method = make_method(**only("mind", "cc"))
    taps = method.taps

    class Unchanged(torch.nn.Module):
        def forward(self, image, taps=()):
            return dict.fromkeys(taps, image) if taps else image

    method.to_target = Unchanged()

    class Idle:
        progress = 0.0

        def update(self, optimizer, loss):
            pass

    losses = method.step(make_batch(method.config, method.task), Idle())
    assert losses["mind"] == 0
    assert losses["cc"] < 1e-5
    assert taps == ("image", "down0", "down1", "block0")


def test_patches_are_compared_with_those_they_were_made_of(make_method, make_batch):
    method = make_method(**only("nce"), nce_places=16)
    source = make_batch(method.config, method.task).source.image
    taps = (*method.taps, "head")
    with torch.no_grad():
        keys = method.to_target(source, taps)
        same = method._contrast(source, keys)
        moved = method._contrast(source.roll(5, -1), keys)
    # Every patch of the image itself is found exactly; of a moved one it is not.
    assert same < moved - 0.5


def test_masks_of_target_images_need_no_translation(make_method):
    method = make_method().eval()
    image = torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        plain, fake = method.segmenter(image), method.to_target(image)
        torch.testing.assert_close(method.segment(image), plain)
        torch.testing.assert_close(method.segment_source(image), method.segmenter(fake))


def test_the_paper_preset_is_that_of_the_paper(make_task):
    config = method_config("accseg", "paper")
    weights = [getattr(config, f"{name}_weight") for name in WEIGHTS]
    assert weights == [1] * 5
    assert config.segmentation_weights == {"dice_weight": 1, "entropy_weight": 0}
    assert (config.nce_places, config.nce_temperature) == (256, 0.07)
    assert (config.gan_mode, config.cc_form, config.mind_form) == (
        "lsgan", "squared", "max",
    )  # fmt: skip
    assert (config.flip, config.segmenter) == (False, "duse_unet")
    assert (config.downsampling, config.upsampling) == ("blur", "blur")
    assert (config.initial_weights, config.schedule) == ("xavier", "linear")
    assert (config.batch_size, config.patch_size, config.identity) == (4, 256, "none")
    with torch.device("meta"):
        method = Accseg(config, make_task())
        optimizers = method.optimizers()
    assert set(optimizers) == {"generator", "discriminator"}
    for optimizer in optimizers.values():
        for group in optimizer.param_groups:
            assert (group["lr"], *group["betas"]) == (2e-4, 0.5, 0.999)
    counts = {
        name: sum(p.numel() for p in network.parameters())
        for name, network in method.named_children()
    }
    assert counts["to_target"] == 11_365_633
    assert counts["discriminator"] == 2_762_689
    assert counts["projection"] == 559_872
    assert method.taps == ("image", "down0", "down1", "block0", "block4")
