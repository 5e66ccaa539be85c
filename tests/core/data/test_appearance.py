from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_uda.core.data.appearance import (
    Appearance,
    Draws,
    blurred,
    coarser,
    shaded,
    with_contrast,
)

SHAPES = [(24, 20), (4, 24, 20)]
every_shape = pytest.mark.parametrize("shape", SHAPES)


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def numbers(values, like):
    return torch.tensor(values).view(-1, *(1,) * (like.ndim - 1))


@every_shape
@pytest.mark.parametrize("kind", ["noise", "strong"])
def test_the_same_generator_gives_the_same_images(kind, shape):
    images = noise(6, 1, *shape)
    before = images.clone()
    change = Appearance(kind)
    one = change(images, np.random.default_rng(3))
    torch.manual_seed(9)
    assert torch.equal(one, change(images, np.random.default_rng(3)))
    assert not torch.equal(one, change(images, np.random.default_rng(4)))
    assert torch.equal(images, before)
    assert one.shape == images.shape
    assert one.dtype == images.dtype
    assert one.min() >= -1
    assert one.max() <= 1
    assert torch.isfinite(one).all()


def test_none_is_the_image_itself():
    images = noise(2, 1, 8, 8)
    random = np.random.default_rng(0)
    assert Appearance("none")(images, random) is images
    assert random.random() == np.random.default_rng(0).random()


@every_shape
def test_noise_has_the_level_and_the_chance_that_it_says(shape):
    count = 400
    images = torch.zeros(count, 1, *shape)
    changed = Appearance("noise", 0.1, 0.5)(images, np.random.default_rng(0))
    # Grey is 0.5 of an intensity range that is two wide here.
    sigma = changed.flatten(1).std(1) / 2
    noisy = sigma > 0
    assert 0.42 < noisy.float().mean() < 0.58
    assert sigma.max() < 0.11
    expected = torch.linspace(0, 0.1, 5)[1:-1]
    found = sigma[noisy].quantile(torch.tensor([0.25, 0.5, 0.75]))
    torch.testing.assert_close(found, expected, atol=0.012, rtol=0)
    pixels = changed[noisy].flatten(1) / (2 * sigma[noisy][:, None])
    assert abs(pixels.mean()) < 0.01
    assert 2.8 < (pixels**4).mean() < 3.2
    one, other = pixels[:2]
    assert abs(torch.corrcoef(torch.stack([one, other]))[0, 1]) < 0.2


def test_noise_is_as_strong_and_frequent_as_asked():
    images = torch.zeros(200, 1, 16, 16)
    random = np.random.default_rng(0)
    assert torch.equal(Appearance("noise", 0.1, 0.0)(images, random), images)
    always = Appearance("noise", 0.02, 1.0)(images, random).flatten(1).std(1) / 2
    assert always.min() > 0
    assert always.max() < 0.025


@every_shape
def test_strong_changes_images_each_in_its_own_way(shape):
    images = noise(1, 1, *shape).repeat(8, *(1,) * (1 + len(shape)))
    changed = Appearance("strong")(images, np.random.default_rng(0))
    kinds = {tuple(one.flatten()[:4].tolist()) for one in changed}
    assert len(kinds) >= 7


def test_strong_keeps_things_where_they_are():
    axis = torch.linspace(-1, 1, 48)
    disc = (axis[:, None] ** 2 + axis**2 < 0.4).float() - 0.5
    images = disc.repeat(64, 1, 1, 1)
    changed = Appearance("strong")(images, np.random.default_rng(1))
    pairs = [torch.stack([disc.flatten(), one.flatten()]) for one in changed]
    likeness = torch.stack([torch.corrcoef(pair)[0, 1] for pair in pairs])
    assert likeness.median() > 0.9
    assert likeness.min() > 0.3


@every_shape
def test_a_blur_is_its_own_for_each_image_and_goes_both_ways(shape):
    images = noise(4, 1, *shape)
    sigma = numbers([0.5, 1.5, 1.0, 0.7], images)
    found = blurred(images, sigma, numbers([1.0, 1.0, -1.0, 0.0], images))
    rough = (found - found.roll(1, -1)).abs().flatten(1).mean(1)
    before = (images - images.roll(1, -1)).abs().flatten(1).mean(1)
    assert rough[1] < rough[0] < before[0]
    assert rough[2] > before[2]
    assert torch.equal(found[3], images[3])
    alone = blurred(images[1:2], sigma[1:2], numbers([1.0], images))
    torch.testing.assert_close(found[1:2], alone)
    flat = torch.full_like(images, 0.3)
    torch.testing.assert_close(blurred(flat, sigma, numbers([1.0] * 4, images)), flat)


def test_a_blur_is_gaussian():
    image = torch.zeros(1, 1, 15, 15)
    image[..., 7, 7] = 1
    found = blurred(image, numbers([1.2], image), numbers([1.0], image))[0, 0]
    square = (torch.arange(15.0) - 7) ** 2
    expected = torch.exp(-(square[:, None] + square) / (2 * 1.2**2))
    torch.testing.assert_close(found, expected / expected.sum(), atol=1e-4, rtol=0)


@every_shape
def test_lower_resolution_loses_detail_and_no_place(shape):
    images = noise(2, 1, *shape)
    found = coarser(images, np.array([1.0, 2.0]))
    assert found.shape == images.shape
    assert torch.equal(found[0], images[0])
    rough = (found - found.roll(1, -1)).abs().flatten(1).mean(1)
    assert rough[1] < 0.6 * rough[0]
    ramp = torch.linspace(0, 1, shape[-1]).expand(1, 1, *shape)
    torch.testing.assert_close(coarser(ramp, np.array([1.5])), ramp, atol=0.03, rtol=0)


@every_shape
def test_shading_is_smooth_and_as_strong_as_asked(shape):
    images = torch.full((3, 1, *shape), 0.5)
    draws = Draws(images, np.random.default_rng(0))
    found = shaded(images, numbers([0.0, 0.2, 0.6], images), draws)
    assert torch.equal(found[0], images[0])
    for i, strength in ((1, 0.2), (2, 0.6)):
        field = (found[i] / 0.5).log() / strength
        assert field.abs().max() <= 1 + 1e-5
        assert field.abs().max() > 0.2
        assert field.diff(dim=-1).abs().max() < 0.5


def test_contrast_turns_around_the_mean():
    images = noise(2, 1, 8, 8)
    found = with_contrast(images, numbers([1.0, 2.0], images))
    torch.testing.assert_close(found[0], images[0])
    torch.testing.assert_close(found[1].mean(), images[1].mean())
    torch.testing.assert_close(found[1].std(), 2 * images[1].std())


def test_small_images_can_be_changed_too():
    for shape in ((1, 1), (3, 2), (1, 4, 3)):
        images = noise(5, 1, *shape)
        changed = Appearance("strong")(images, np.random.default_rng(0))
        assert changed.shape == images.shape
        assert torch.isfinite(changed).all()
