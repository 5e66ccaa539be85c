"""What is particular to Unet-GAN: a frozen segmenter, features and structure."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import mse_loss

from napari_uda.core.api import train
from napari_uda.core.errors import UserError
from napari_uda.core.losses.ssim import ssim_loss
from napari_uda.core.methods.unet_gan import UnetGan
from napari_uda.core.spec.methods import method_config

GENERATORS = ("to_target", "to_source")
DISCRIMINATORS = ("discriminator_target", "discriminator_source")
ADAPTING = 0.9


@pytest.fixture
def make_method(make_config, make_task):
    def make(dims=2, **settings):
        torch.manual_seed(0)
        usual = {"levels": 5, "norm": "batch"}
        config = make_config("unet_gan", dims, **(usual | settings))
        return UnetGan(config, make_task(dims))

    return make


class Watcher:
    """An engine that keeps the losses and looks at the gradients of each."""

    def __init__(self, method, progress=ADAPTING):
        self.method, self.progress = method, progress
        self.reached, self.minimised, self.parts = {}, {}, {}

    def update(self, optimizer, loss, progress=None):
        self.method.zero_grad(set_to_none=True)
        loss.backward()
        self.minimised[optimizer] = loss.detach()
        self.parts[optimizer] = progress
        self.reached[optimizer] = {
            name.partition(".")[0]
            for name, p in self.method.named_parameters()
            if p.grad is not None
        }


def state(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_each_stage_reaches_its_own_networks_only(make_method, make_batch):
    method = make_method()
    batch = make_batch(method.config, method.task)
    early, late = Watcher(method, 0.1), Watcher(method)
    assert method.step(batch, early).keys() == {"seg"}
    assert early.reached == {"segmenter": {"segmenter"}}
    assert "seg" not in method.step(batch, late)
    assert late.reached == {
        "generators": set(GENERATORS),
        "discriminators": set(DISCRIMINATORS),
    }
    assert all(p.requires_grad for p in method.parameters())


def test_the_segmenter_is_left_alone_after_its_training(
    make_method, make_batch, recording_engine
):
    method = make_method(pretrain=0.5).train()
    engine = recording_engine(method, 0.2)
    fresh = state(method.segmenter)
    method.step(make_batch(method.config, method.task), engine)
    trained = state(method.segmenter)
    assert not torch.equal(
        trained["encoder.block1.layers.1.running_mean"],
        fresh["encoder.block1.layers.1.running_mean"],
    )
    for engine.progress in (0.5, 0.7, 0.99):
        method.train()  # as the engine does when it resumes
        method.step(make_batch(method.config, method.task, 1), engine)
    assert same(trained, state(method.segmenter))


def test_in_a_run_the_segmenter_stays_what_it_was_when_it_was_frozen(
    tmp_path, make_experiment
):
    ends = []
    for name, weight in (("one", 10.0), ("other", 0.0)):
        experiment = make_experiment("unet_gan", norm="batch", cycle_weight=weight)
        *_, last = train(experiment, tmp_path / name)
        assert last.kind == "finished"
        file = tmp_path / name / "checkpoints" / "last.pt"
        ends.append(torch.load(file, weights_only=True)["networks"])
    assert same(ends[0]["segmenter"], ends[1]["segmenter"])
    assert not same(ends[0]["to_source"], ends[1]["to_source"])


class Shift(torch.nn.Module):
    """A translation of one parameter."""

    def __init__(self, by):
        super().__init__()
        self.by = torch.nn.Parameter(torch.tensor(by))
        self.seen = []

    def forward(self, image):
        self.seen.append(image)
        return image * 0.8 + self.by


def with_shifts(method):
    method.to_target, method.to_source = Shift(0.1), Shift(-0.15)
    return method


@pytest.mark.parametrize("dims", [2, 3])
def test_losses_are_between_originals_and_translations(dims, make_method, make_batch):
    exponents = {
        f"{name}_exponent": value
        for name, value in (("luminance", 0.3), ("contrast", 0.6), ("structure", 2.0))
    }
    method = with_shifts(make_method(dims, patch_size=32, **exponents)).eval()
    batch = make_batch(method.config, method.task)
    losses = method.step(batch, Watcher(method))
    ways = (
        (batch.source.image, batch.source.image * 0.8 + 0.1),
        (batch.target.image, batch.target.image * 0.8 - 0.15),
    )
    structure = sum(ssim_loss(*way, 0.3, 0.6, 2.0) for way in ways)
    torch.testing.assert_close(losses["ssim"], structure)
    taps = ("block7", "block9")
    features = [[method.segmenter(image, taps=taps) for image in way] for way in ways]
    expected = sum(mse_loss(one[t], other[t]) for one, other in features for t in taps)
    assert expected > 0
    torch.testing.assert_close(losses["feature"], expected.detach())


@pytest.mark.parametrize(
    ("levels", "taps"), [(4, {"block7"}), (6, {"block7", "block9"})]
)
def test_the_blocks_of_the_paper_are_compared(levels, taps, make_method, make_batch):
    method = make_method(levels=levels, patch_size=64)
    asked = []

    def look(_, given, named):
        asked.append(set(named["taps"]))

    method.segmenter.register_forward_pre_hook(look, with_kwargs=True)
    method.step(make_batch(method.config, method.task), Watcher(method))
    assert asked == [taps] * 4


def test_fewer_levels_are_refused():
    with pytest.raises(UserError, match=r"levels = 3 is not allowed: .* from 4 to 7"):
        method_config("unet_gan", levels=3)


def test_features_pull_at_translations_and_not_at_originals(make_method, make_batch):
    alone = {"cycle_weight": 0.0, "identity_weight": 0.0, "ssim_weight": 0.0}
    method = with_shifts(make_method(**alone, feature_warm_up=0.0)).eval()
    batch = make_batch(method.config, method.task)
    originals = [batch.source.image, batch.target.image]
    for image in originals:
        image.requires_grad_()
    seen = []
    method.segmenter.register_forward_hook(
        lambda _, given, out: seen.append((given[0], out["block7"].requires_grad))
    )
    method.step(batch, Watcher(method))
    plain = [any(torch.equal(image, one) for one in originals) for image, _ in seen]
    assert sorted(plain) == [False, False, True, True]
    assert [learns for _, learns in seen] == [not one for one in plain]


def test_the_weights_are_those_of_equation_5(make_method, make_batch):
    method = make_method(cycle_weight=0.0, identity_weight=0.0, feature_warm_up=0.0)
    engine = Watcher(method)
    losses = method.step(make_batch(method.config, method.task), engine)
    expected = losses["generators"] + 15 * losses["feature"] + 5 * losses["ssim"]
    torch.testing.assert_close(engine.minimised["generators"], expected)
    assert losses["cycle"] == 0
    assert losses["identity"] == 0


def test_to_the_letter_there_is_no_way_back(make_method, make_batch):
    literal = method_config("unet_gan", "paper")
    assert (literal.cycle_weight, literal.identity_weight) == (0, 0)
    for weight, passes in ((literal.cycle_weight, 1), (10.0, 2)):
        method = with_shifts(make_method(cycle_weight=weight, identity_weight=0.0))
        method.step(make_batch(method.config, method.task), Watcher(method))
        assert [len(method.get_submodule(g).seen) for g in GENERATORS] == [passes] * 2


def test_the_weight_of_features_rises_from_nothing(make_method, make_batch):
    settings = {"cycle_weight": 0.0, "identity_weight": 0.0, "ssim_weight": 0.0}
    method = make_method(pretrain=0.5, feature_warm_up=0.4, **settings)
    batch = make_batch(method.config, method.task)
    found = []
    for progress in (0.5, 0.6, 0.7, 0.95):
        engine = Watcher(method, progress)
        losses = method.step(batch, engine)
        rest = engine.minimised["generators"] - losses["generators"]
        found.append(float(rest / losses["feature"]))
    assert found == pytest.approx([0, 7.5, 15, 15], rel=1e-3)


def test_each_stage_has_the_whole_schedule(make_method, make_batch):
    method = make_method(pretrain=0.4)
    batch = make_batch(method.config, method.task)
    for progress, expected in ((0.0, 0.0), (0.2, 0.5), (0.4, 0.0), (0.7, 0.5)):
        engine = Watcher(method, progress)
        method.step(batch, engine)
        for found in engine.parts.values():
            assert found == pytest.approx(expected)
    assert not method.ready(0.4)
    assert method.ready(0.41)


def test_only_some_patches_are_translated(make_method, make_batch):
    method = with_shifts(make_method(batch_size=3, translation_batch_size=1))
    batch = make_batch(method.config, method.task)
    method.step(batch, Watcher(method))
    first = method.to_target.seen[0]
    assert torch.equal(first, batch.source.image[:1])


def test_target_images_are_segmented_in_the_look_of_the_source(make_method):
    method = make_method().eval()
    image = torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        there = method.segmenter(method.to_source(image))
        torch.testing.assert_close(method.segment(image), there)
        plain = method.segmenter(image)
        torch.testing.assert_close(method.segment_source(image), plain)
        assert not torch.equal(there, plain)


def test_the_paper_preset_is_that_of_the_paper(make_task):
    config = method_config("unet_gan", "paper")
    assert (config.feature_weight, config.ssim_weight) == (15, 5)
    assert (config.luminance_exponent, config.contrast_exponent) == (0.1, 0.1)
    assert (config.structure_exponent, config.feature_warm_up) == (1, 0)
    assert (config.batch_size, config.patch_size, config.levels) == (10, 192, 5)
    with torch.device("meta"):
        optimizers = UnetGan(config, make_task()).optimizers()
    rates = {name: one.param_groups[0]["lr"] for name, one in optimizers.items()}
    assert rates == {"segmenter": 1e-4, "generators": 1e-5, "discriminators": 1e-5}
