"""Every method adapts: discs in clear images to discs in noise, in seconds.

One seed and tiny networks say nothing of how good a method is, only that its parts work
together. Much that is wrong gets past this, as a segmenter that learns less of the
source may do better in noise: signs, routes and what each network is given have tests
of their own.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from napari_uda.core.api import load, train
from napari_uda.core.spec.domain import Dataset, Domain, Sample, Structure
from napari_uda.core.spec.experiment import Experiment, Training, with_target_labels
from napari_uda.core.spec.methods import METHODS, method_config

STEPS = {
    "source_only": 80, "supervised": 80, "grl": 80, "cyclegan": 100, "synseg": 100,
    "td_gan": 150, "ada": 150, "cycle_shape": 120, "unet_gan": 150, "accseg": 100,
}  # fmt: skip
SMALL = {
    "batch_size": 2, "translation_batch_size": 2, "patch_size": 48, "width": 8,
    "levels": 3, "generator_width": 8, "generator_blocks": 1, "discriminator_width": 8,
    "discriminator_layers": 2, "domain_width": 8, "domain_depth": 3,
    "projection_width": 16, "learning_rate": 3e-3, "translation_learning_rate": 2e-3,
}  # fmt: skip
SIDE = 48
TRAIN, TEST = 8, 4
NOISE = {"source": 0.02, "target": 0.25}


def draw(number, k):
    """Return an image of discs on an uneven ground, and where the discs are."""
    rng = np.random.default_rng((number, k))
    y, x = np.mgrid[:SIDE, :SIDE]
    discs = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(4):
        (cy, cx), radius = rng.uniform(4, SIDE - 4, 2), rng.uniform(3, 7)
        discs[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] = 1
    ground = ndimage.gaussian_filter(rng.normal(size=(SIDE, SIDE)), 4)
    clear = 0.35 + 0.3 * discs + 0.05 * ground / ground.std()
    noise = rng.normal(0, list(NOISE.values())[number], clear.shape)
    return (ndimage.gaussian_filter(clear, 0.7) + noise).astype(np.float32), discs


@pytest.fixture(scope="module")
def dice_of(tmp_path_factory):
    """Return a function that trains a method and gives its Dice on test images.

    These are of the target, whichever domain the model is told that they are from.
    """
    folder = tmp_path_factory.mktemp("phantom")
    domains = {}
    for number, name in enumerate(NOISE):
        samples = []
        for k in range(TRAIN + TEST):
            files = [folder / f"{name}{k}{kind}.npy" for kind in ("", "_label")]
            for file, array in zip(files, draw(number, k), strict=True):
                np.save(file, array)
            split = "train" if k < TRAIN else "test"
            samples.append(
                Sample(name=f"{name}{k}", image=files[0], labels=files[1], split=split)
            )
        classes = {1: Structure(name="disc")}
        domains[name] = Domain(samples=tuple(samples), classes=classes)
    data = Dataset(**domains)

    @cache
    def trained(name):
        known = METHODS[name].model_fields
        settings = {key: value for key, value in SMALL.items() if key in known}
        if "generator_width" not in known:
            settings["batch_size"] = 4
        if name == "unet_gan":
            settings["levels"] = 4
        required = METHODS[name].target_labels == "required"
        experiment = Experiment(
            name=name,
            data=with_target_labels(data) if required else data,
            method=method_config(name, steps=STEPS[name], **settings),
            training=Training(
                device="cpu",
                precision="float32",
                threads=1,
                validate_every=max(1, STEPS[name] // 10),
                preview_every=10_000,
                # What chooses a checkpoint would hide what was not learnt.
                selection="last",
                checkpoint_every=10_000,
            ),
        )
        *_, last = train(experiment, folder / name)
        assert last.kind == "finished"
        return load(folder / name)

    @cache
    def dice(name, domain="target"):
        model = trained(name)
        scores = []
        for k in range(TRAIN, TRAIN + TEST):
            image, discs = draw(1, k)
            found = model.segment(image, domain=domain) == 1
            scores.append(
                2 * (found & (discs == 1)).sum() / (found.sum() + discs.sum())
            )
        return float(np.mean(scores))

    return dice


def test_the_phantom_leaves_something_to_gain(dice_of):
    assert dice_of("source_only") < 0.7
    assert dice_of("supervised") > 0.75


@pytest.mark.parametrize(
    "name", [name for name in STEPS if name not in ("source_only", "supervised")]
)
def test_it_beats_source_only_and_not_the_oracle(name, dice_of):
    assert dice_of("source_only") + 0.05 < dice_of(name)
    assert dice_of(name) < dice_of("supervised") + 0.02


@pytest.mark.parametrize("name", ["td_gan", "unet_gan"])
def test_a_frozen_segmenter_needs_the_translation(name, dice_of):
    assert dice_of(name, "source") + 0.03 < dice_of(name)


def test_no_adapting_method_is_left_out():
    assert set(METHODS) - set(STEPS) == {"noisy_unet"}
