"""Generators that compute what is to change of an image."""

from __future__ import annotations

import pytest
import torch

from napari_uda.core.networks.changes import changed
from napari_uda.core.networks.translation import new_generator
from napari_uda.core.spec.methods import method_config


def generator(kind, dims, output):
    torch.manual_seed(0)
    config = method_config(
        "cyclegan", dims=dims, generator=kind, generator_width=4,
        generator_output=output, patch_size=32, patch_depth=8,
    )  # fmt: skip
    return new_generator(config, 1)


def images(dims):
    """Return smooth images: noise of single pixels does not pass a bottleneck."""
    random = torch.Generator().manual_seed(1)
    shape = (2, 1, 4, 4) if dims == 2 else (2, 1, 1, 4, 4)
    coarse = torch.rand(shape, generator=random) * 2 - 1
    return torch.nn.functional.interpolate(coarse, scale_factor=8.0)


every_kind = pytest.mark.parametrize("kind", ["resnet", "skip"])
every_size = pytest.mark.parametrize("dims", [2, 3])


@every_kind
@every_size
def test_they_start_with_the_image_nearly_as_it_is(kind, dims):
    image = images(dims)
    with torch.inference_mode():
        found = {
            output: (generator(kind, dims, output)(image) - image).abs().mean()
            for output in ("change", "image")
        }
    assert 0 < found["change"] < 0.05
    assert found["image"] > 0.3


@every_kind
@every_size
def test_they_learn_any_change_and_stay_in_range(kind, dims):
    network, image = generator(kind, dims, "change"), images(dims)
    optimizer = torch.optim.Adam(network.parameters(), 5e-3)
    for _ in range(60):
        fake = network(image)
        assert fake.abs().max() <= 1
        loss = (fake + 0.5 * image).abs().mean()  # inverted and fainter
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.7 * (1.5 * image).abs().mean()


@every_kind
def test_they_have_the_parameters_of_the_others(kind):
    counts = {
        sum(p.numel() for p in generator(kind, 2, output).parameters())
        for output in ("change", "image")
    }
    assert len(counts) == 1


def test_the_features_of_a_head_are_the_changed_image():
    network, image = generator("resnet", 2, "change"), images(2)
    with torch.inference_mode():
        assert torch.equal(network(image, ("head",))["head"], network(image))


def test_a_change_of_one_is_the_whole_range():
    image, change = torch.tensor([-1.0, 0.0, 0.5]), torch.tensor([1.0, -0.25, 0.9])
    assert changed(image, change).tolist() == [1.0, -0.5, 1.0]


@pytest.mark.parametrize(
    "name", ["cyclegan", "synseg", "td_gan", "unet_gan", "accseg", "cycle_shape", "ada"]
)
def test_papers_draw_whole_images(name):
    assert method_config(name, "paper").generator_output == "image"


@pytest.mark.parametrize("name", ["td_gan", "unet_gan"])
def test_translations_for_a_frozen_segmenter_are_whole_images(name):
    assert method_config(name).generator_output == "image"
