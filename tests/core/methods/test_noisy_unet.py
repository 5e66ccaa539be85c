"""What is particular to the noisy U-Net: polluted source patches, and nothing else."""

from __future__ import annotations

import pytest
import torch

from napari_uda.core.engine.build import Materials, appearance_of
from napari_uda.core.spec.methods import METHODS, method_config


@pytest.fixture
def make_materials(make_experiment, make_dataset, tmp_path):
    data = make_dataset()

    def make(name="noisy_unet", domains=("source",), **settings):
        settings = {"intensity": 0.0, "flip": False, "rotate": False} | settings
        experiment = make_experiment(name, data, **settings)
        return Materials(experiment, tmp_path, torch.device("cpu"), domains)

    return make


@pytest.mark.parametrize("augmentation", ["noise", "strong"])
def test_patches_are_polluted_and_their_labels_are_not(augmentation, make_materials):
    clean = make_materials(augmentation="none").samplers["source"]
    changed = make_materials(augmentation=augmentation, noise_probability=1.0)
    for index in range(3):
        one, other = clean.batch(index), changed.samplers["source"].batch(index)
        assert torch.equal(one.label, other.label)
        difference = (one.image - other.image).abs().flatten(1).mean(1)
        assert difference.min() > 0
    again = changed.samplers["source"].batch(index)
    assert torch.equal(again.image, other.image)


def test_without_augmentation_it_is_source_only(make_materials):
    clean = make_materials(augmentation="none").samplers["source"].batch(4)
    plain = make_materials("source_only").samplers["source"].batch(4)
    assert torch.equal(clean.image, plain.image)


def test_what_judges_is_clean(make_materials):
    settings = {"augmentation": "strong", "noise_probability": 1.0}
    polluted, plain = make_materials(**settings), make_materials("source_only")
    for name in ("_source", "_target", "_tested"):
        mine, theirs = getattr(polluted.gallery, name), getattr(plain.gallery, name)
        assert torch.equal(mine.images, theirs.images)


def test_the_target_stays_clean(make_materials):
    both = ("source", "target")
    settings = {"domains": both, "noise_probability": 1.0}
    polluted = make_materials(augmentation="strong", **settings)
    clean = make_materials(augmentation="none", **settings)
    one, other = (m.samplers["target"].batch(0).image for m in (polluted, clean))
    assert torch.equal(one, other)
    one, other = (m.samplers["source"].batch(0).image for m in (polluted, clean))
    assert not torch.equal(one, other)


def test_no_other_method_pollutes():
    for name in METHODS:
        kind = appearance_of(method_config(name)).kind
        assert kind == ("noise" if name == "noisy_unet" else "none")


def test_the_noise_of_the_sheet_is_the_default():
    for preset in ("quick", "paper"):
        config = method_config("noisy_unet", preset)
        assert (config.noise, config.noise_probability) == (0.1, 0.5)
        assert config.augmentation == "noise"
    config = method_config("noisy_unet", "paper")
    assert (config.segmenter, config.batch_size, config.learning_rate) == (
        "lv_unet", 10, 1e-4,
    )  # fmt: skip
