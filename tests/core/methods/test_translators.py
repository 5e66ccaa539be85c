"""Every method that translates pits its generators against the right opponents."""

from __future__ import annotations

import importlib

import pytest
import torch
from torch import nn
from torch.nn.functional import l1_loss

from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.spec.methods import METHODS, GeneratorConfig, TranslationConfig

STAGES = (0.05, 0.35, 0.95)
"""Progress within each stage of any method."""
TRANSLATING = 0.5
"""Progress at which translations are learnt by any method."""
LOSS_OF = {"segmentation": "cycle_seg"}
"""Losses that their weights are not named after."""


def names_of(kind):
    return [name for name, config in METHODS.items() if issubclass(config, kind)]


def weights_of(name):
    """Return the names of the losses that the generators of a method add up."""
    method = importlib.import_module(f"napari_uda.core.methods.{name}").METHOD
    known = {loss for losses in method.losses.values() for loss in losses}
    stems = [
        key.removesuffix("_weight")
        for key in METHODS[name].model_fields
        if key.endswith("_weight")
    ]
    return [stem for stem in stems if LOSS_OF.get(stem, stem) in known]


WEIGHTS = [
    (name, stem) for name in names_of(GeneratorConfig) for stem in weights_of(name)
]


class Ledger:
    """An engine that notes what is to be minimised and changes nothing."""

    def __init__(self, progress):
        self.progress, self.minimised = progress, {}

    def update(self, optimizer, loss, progress=None):
        self.minimised[optimizer] = loss.detach()

    @property
    def of_generators(self):
        first = ("generators", "generator", "networks")
        return next(self.minimised[name] for name in first if name in self.minimised)


def steps_with_translation(method, batch):
    """Take a step in each stage; return losses and ledger where generators learn."""
    for progress in STAGES:
        ledger = Ledger(progress)
        torch.manual_seed(0)
        losses = method.step(batch, ledger)
        if set(ledger.minimised) & {"generators", "generator", "networks"}:
            yield losses, ledger


class Opponent(nn.Module):
    """A discriminator that gives real images a 1 and their imitations a score."""

    def __init__(self, generator, score):
        super().__init__()
        self.score, self.real, self.given, self.made, self.shown = score, [], [], [], []
        generator.register_forward_hook(self.note)

    def note(self, _, given, fake):
        fake = fake.get("head") if isinstance(fake, dict) else fake
        for number, image in enumerate(given[0]):
            if any(torch.equal(image, one) for one in self.given):
                self.made.append(fake[number].detach())

    def forward(self, images, weight=1.0):
        # Pairs begin with the image.
        return torch.stack([self.judge(image) for image in images[:, :1]])

    def judge(self, image):
        self.shown.append(image.detach())
        if any(torch.equal(image, one) for one in self.real):
            return 0 * image + 1
        assert any(torch.equal(image, one) for one in self.made)
        return 0 * image + self.score


def with_opponents(method, score):
    """Replace all discriminators; return the new ones by the domain they know."""
    opponents = {}
    for name in [n for n, _ in method.named_children() if n.startswith("discrim")]:
        domain = "source" if name.endswith("_source") else "target"
        generator = method.get_submodule(f"to_{domain}")
        opponents[domain] = Opponent(generator, score)
        setattr(method, name, opponents[domain])
    return opponents


def show(opponents, batch):
    images = {"source": batch.source.image, "target": batch.target.image}
    for domain, opponent in opponents.items():
        opponent.real = list(images[domain])
        opponent.given = list(images["target" if domain == "source" else "source"])


def opposing(losses):
    """Return what all discriminators lose."""
    return sum(losses[key] for key in losses if key.startswith("discriminator"))


@pytest.fixture
def make_method(make_config, make_task):
    def make(name, **settings):
        torch.manual_seed(0)
        method = importlib.import_module(f"napari_uda.core.methods.{name}").METHOD
        return method(make_config(name, **settings), make_task())

    return make


@pytest.mark.parametrize("name", names_of(GeneratorConfig))
def test_generators_want_what_discriminators_prevent(name, make_method, make_batch):
    seen = {}
    for score in (0.0, 1.0):
        method = make_method(name, translation_batch_size=2)
        batch = make_batch(method.config, method.task)
        opponents = with_opponents(method, score)
        show(opponents, batch)
        seen[score] = list(steps_with_translation(method, batch))
        assert seen[score]
    count = len(opponents)
    for (told, ledger), (fooled, other) in zip(*seen.values(), strict=True):
        key = "adversarial" if "adversarial" in told else "generators"
        assert (told[key], fooled[key]) == (pytest.approx(count), 0)
        assert opposing(told) == opposing(ledger.minimised) == 0
        assert opposing(fooled) == pytest.approx(count / 2)
        assert ledger.of_generators - other.of_generators == pytest.approx(count)


@pytest.mark.parametrize("name", names_of(TranslationConfig))
def test_discriminators_are_shown_former_translations(name, make_method, make_batch):
    method = make_method(name, translation_batch_size=2, pool_size=2)
    opponents = with_opponents(method, 0.0)
    ages = {domain: set() for domain in opponents}
    made = {domain: [] for domain in opponents}
    torch.manual_seed(0)
    for seed in range(8):
        batch = make_batch(method.config, method.task, seed)
        show(opponents, batch)
        for opponent in opponents.values():
            opponent.shown.clear()
        method.step(batch, Ledger(TRANSLATING))
        for domain, opponent in opponents.items():
            ages[domain] |= {
                any(torch.equal(image, one) for one in made[domain])
                for image in opponent.shown
            }
            made[domain] = list(opponent.made)
    assert all(age == {True, False} for age in ages.values())


class Affine(nn.Module):
    """A translation of which everything is known."""

    def __init__(self, slope):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))

    def forward(self, image):
        return self.slope * image + 0.05


@pytest.mark.parametrize("name", names_of(TranslationConfig))
def test_images_come_back_and_those_that_look_right_stay(name, make_method, make_batch):
    method = make_method(name, translation_batch_size=2, identity_weight=1.0)
    batch = make_batch(method.config, method.task)
    a, b = batch.source.image, batch.target.image
    method.to_target, method.to_source = Affine(0.8), Affine(0.5)
    to_target, to_source = method.to_target, method.to_source
    cycle = l1_loss(to_source(to_target(a)), a) + l1_loss(to_target(to_source(b)), b)
    same = l1_loss(to_source(a), a) + l1_loss(to_target(b), b)
    seen = [losses for losses, _ in steps_with_translation(method, batch)]
    for losses in seen:
        torch.testing.assert_close(losses["cycle"], cycle.detach())
    found = next(losses["identity"] for losses in seen if losses["identity"] > 0)
    torch.testing.assert_close(found, same.detach())


@pytest.mark.parametrize("name", names_of(TranslationConfig))
def test_without_a_weight_identity_is_not_computed(name, make_method, make_batch):
    method = make_method(name, identity_weight=0.0)
    batch = make_batch(method.config, method.task)
    for losses, _ in steps_with_translation(method, batch):
        assert losses["identity"] == 0


@pytest.mark.parametrize(("name", "stem"), WEIGHTS)
def test_generators_minimise_each_loss_times_its_weight(
    name, stem, make_method, make_batch
):
    settings = {"identity": "l2"} if (name, stem) == ("accseg", "identity") else {}
    loss = LOSS_OF.get(stem, stem)
    ends = []
    for weight in (1.0, 3.0):
        method = make_method(name, **settings, **{f"{stem}_weight": weight})
        batch = make_batch(method.config, method.task)
        ends.append(list(steps_with_translation(method, batch)))
    part = []
    for (losses, ledger), (_, other) in zip(*ends, strict=True):
        more = other.of_generators - ledger.of_generators
        torch.testing.assert_close(more, 2 * losses[loss], rtol=1e-3, atol=1e-4)
        part.append(losses[loss] > 0)
    assert any(part)


@pytest.mark.parametrize("name", names_of(GeneratorConfig))
def test_translations_have_the_look_that_is_asked_for(name, make_method):
    method = make_method(name).eval()
    image = torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        for to in method.translates:
            expected = method.get_submodule(f"to_{to}")(image)
            assert torch.equal(method.translate(image, to), expected)


@pytest.mark.parametrize("name", ["td_gan", "unet_gan"])
@pytest.mark.parametrize("dice_weight", [0.0, 2.0])
def test_what_is_to_be_frozen_learns_source_images(
    name, dice_weight, make_method, make_batch
):
    method = make_method(name, dice_weight=dice_weight)
    batch = make_batch(method.config, method.task)
    logits = method.segmenter(batch.source.image)
    expected = segmentation_loss(logits, batch.source.label, dice_weight)
    losses = method.step(batch, Ledger(0.0))
    torch.testing.assert_close(losses, {"seg": expected.detach()})
