from __future__ import annotations

import itertools

import pytest
import torch

from napari_uda.core.losses.mind import mind, mind_loss

SEARCH, PATCH, EPSILON = {2: 4, 3: 1}, {2: 3, 3: 1}, 1e-4


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def naive(image, form):
    """Return the descriptors (offsets, *spatial) of one image, place by place."""
    dims, shape = image.ndim, image.shape
    reach, half = SEARCH[dims], PATCH[dims]
    offsets = list(itertools.product(range(-reach, reach + 1), repeat=dims))
    offsets.remove((0,) * dims)
    inside = list(itertools.product(range(-half, half + 1), repeat=dims))

    def at(place):
        clamped = (min(max(p, 0), n - 1) for p, n in zip(place, shape, strict=True))
        return float(image[tuple(clamped)])

    def plus(one, other):
        return tuple(a + b for a, b in zip(one, other, strict=True))

    result = torch.zeros(len(offsets), *shape, dtype=torch.float64)
    for x in itertools.product(*map(range, shape)):
        patch = [at(plus(x, u)) for u in inside]
        distances = []
        for a in offsets:
            other = [at(plus(plus(x, a), u)) for u in inside]
            squares = [(p - q) ** 2 for p, q in zip(patch, other, strict=True)]
            distances.append(sum(squares) / len(inside))
        near = [
            d for d, a in zip(distances, offsets, strict=True) if max(map(abs, a)) == 1
        ]
        variance = sum(near) / len(near) + EPSILON
        values = (-torch.tensor(distances, dtype=torch.float64) / variance).exp()
        result[(slice(None), *x)] = values / getattr(values, form)()
    return offsets, result.float()


@pytest.mark.parametrize("form", ["max", "sum"])
@pytest.mark.parametrize("shape", [(5, 6), (1, 4, 5)])
def test_it_is_what_the_formula_says(form, shape):
    image = noise(*shape)
    offsets, expected = naive(image, form)
    got = mind(image[None, None], form)[0]
    assert len(got) == len(offsets) == (80 if len(shape) == 2 else 26)
    half = len(offsets) // 2
    ours = [*offsets[half:], *(tuple(-s for s in a) for a in offsets[half:])]
    order = torch.tensor([ours.index(a) for a in offsets])
    torch.testing.assert_close(got[order], expected, atol=1e-5, rtol=1e-3)


def test_channels_count_alike():
    image, flat = noise(1, 1, 16, 16), torch.zeros(1, 1, 16, 16)
    expected = mind(image)
    for channels in ([image, flat], [flat, image]):
        found = mind(torch.cat(channels, dim=1))
        torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)


def test_half_precision_is_near_enough():
    image = torch.nn.functional.avg_pool2d(noise(1, 1, 32, 32), 5, 1)
    with torch.autocast("cpu", torch.bfloat16):
        found = mind(image)
    torch.testing.assert_close(found.float(), mind(image), atol=0.02, rtol=0)


@pytest.mark.parametrize("shape", [(1, 20, 24), (1, 6, 12, 12)])
@pytest.mark.parametrize(("slope", "shift"), [(0.4, 0.3), (-1.0, 0.0), (-0.5, -0.2)])
def test_scaled_inverted_and_shifted_intensities_are_the_same(slope, shift, shape):
    image = noise(2, *shape)
    changed = mind_loss(slope * image + shift, image)
    assert changed < 1e-3
    assert mind_loss(noise(2, *shape, seed=1), image) > 100 * changed


def test_the_largest_value_or_the_sum_of_a_place_is_one():
    image = noise(1, 1, 16, 16)
    ones = torch.ones(1, 16, 16)
    torch.testing.assert_close(mind(image, "max").amax(1), ones)
    torch.testing.assert_close(mind(image, "sum").sum(1), ones)


def test_faint_noise_on_a_flat_image_is_no_structure():
    flat = torch.full((1, 1, 24, 24), -1.0)
    faint, strong = (flat + size * noise(1, 1, 24, 24) for size in (1e-3, 0.1))
    assert mind_loss(faint, flat) < 0.05
    assert mind_loss(strong, flat) > 0.2


def test_moved_anatomy_costs_and_the_gradient_reaches_the_translation_alone():
    image = torch.zeros(1, 1, 24, 24)
    image[..., 6:14, 8:16] = 1
    image.requires_grad_()
    fake = image.detach().roll(4, -1).requires_grad_()
    loss = mind_loss(fake, image)
    loss.backward()
    assert loss > 0.05
    assert image.grad is None
    assert fake.grad.abs().sum() > 0
    assert torch.isfinite(fake.grad).all()
    assert mind_loss(-image, image) < 1e-5


@pytest.mark.parametrize("form", ["max", "sum"])
def test_batches_are_means(form):
    images, fakes = noise(2, 1, 16, 16), noise(2, 1, 16, 16, seed=1)
    pairs = zip(images.split(1), fakes.split(1), strict=True)
    each = [(mind(a, form) - mind(b, form)).abs().mean() for a, b in pairs]
    torch.testing.assert_close(mind_loss(fakes, images, form), sum(each) / 2)


def test_descent_restores_the_structure():
    torch.manual_seed(0)
    image = torch.nn.functional.avg_pool2d(torch.randn(1, 1, 28, 28), 5, 1)
    fake = (image + 0.3 * torch.randn_like(image)).requires_grad_()
    optimizer = torch.optim.Adam([fake], 0.02)
    before = float(mind_loss(fake, image).detach())
    for _ in range(30):
        optimizer.zero_grad()
        loss = mind_loss(fake, image)
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.5 * before
