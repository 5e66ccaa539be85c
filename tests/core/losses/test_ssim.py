from __future__ import annotations

import pytest
import torch
from scipy.ndimage import gaussian_filter

from napari_uda.core.losses.ssim import ssim_loss, ssim_map

SHAPES = [(24, 31), (9, 20, 17)]


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def terms(one, other):
    """Return l, c and s as Wang et al. write them, by another filter, in [0, 1]."""

    def mean(values):
        return gaussian_filter(values, 1.5, mode="nearest", truncate=5 / 1.5)

    x, y = (one.double().numpy() + 1) / 2, (other.double().numpy() + 1) / 2
    c1, c2 = 1e-4, 9e-4
    mean_x, mean_y = mean(x), mean(y)
    var_x, var_y = mean(x * x) - mean_x**2, mean(y * y) - mean_y**2
    cov, root = mean(x * y) - mean_x * mean_y, (var_x * var_y) ** 0.5
    return (
        (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1),
        (2 * root + c2) / (var_x + var_y + c2),
        (cov + c2 / 2) / (root + c2 / 2),
        (2 * mean_x * mean_y + c1) * (2 * cov + c2)
        / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)),
    )  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_with_all_exponents_one_it_is_the_usual_index(shape):
    one, other = noise(*shape), 0.5 * noise(*shape) + 0.4 * noise(*shape, seed=1)
    found = ssim_map(one[None, None].double(), other[None, None].double(), 1, 1, 1)
    *_, usual = terms(one, other)
    torch.testing.assert_close(found[0, 0], torch.from_numpy(usual))


@pytest.mark.parametrize("shape", SHAPES)
def test_each_exponent_is_that_of_its_term(shape):
    one, other = noise(*shape), 0.5 * noise(*shape) + 0.4 * noise(*shape, seed=1)
    light, contrast, structure, _ = map(torch.from_numpy, terms(one, other))
    given = one[None, None].double(), other[None, None].double()
    expected = light**0.1 * contrast**0.1 * structure
    torch.testing.assert_close(ssim_map(*given)[0, 0], expected)
    for exponents, term in (
        ((1, 0, 0), light),
        ((0, 1, 0), contrast),
        ((0, 0, 1), structure),
        ((0, 0, 2), structure.clamp(min=1e-4) ** 2),
    ):
        torch.testing.assert_close(ssim_map(*given, *exponents)[0, 0], term)


def test_images_and_channels_are_compared_each_with_its_own():
    one, other = noise(3, 2, 16, 16), noise(3, 2, 16, 16, seed=1)
    together = ssim_map(one, other)
    alone = ssim_map(one[1:2, 1:], other[1:2, 1:])
    torch.testing.assert_close(together[1:2, 1:], alone)


def test_structure_counts_and_contrast_hardly():
    image = noise(1, 1, 32, 32)
    assert ssim_loss(image, image) == pytest.approx(0, abs=1e-5)
    paler = 0.5 * image - 0.2
    other = noise(1, 1, 32, 32, seed=1)
    assert ssim_loss(image, paler) < 0.1 < 0.8 < ssim_loss(image, other)
    assert ssim_loss(image, -image) > 1.5


@pytest.mark.parametrize("exponents", [(0.1, 0.1, 1.0), (0.3, 0.7, 0.5), (1, 1, 1)])
@pytest.mark.parametrize(
    "shape", [(16, 16), (5, 7), (1, 1), (6, 16, 16), (1, 9, 8), (1, 1, 1)]
)
def test_gradients_are_finite_wherever_images_may_be(exponents, shape):
    kinds = {
        "black": torch.full(shape, -1.0),
        "white": torch.ones(shape),
        "grey": torch.zeros(shape),
        "below": torch.full(shape, -3.0),
        "noise": noise(*shape),
        "faint": 1e-4 * noise(*shape, seed=1),
        "spot": torch.full(shape, -1.0).flatten().index_fill(0, torch.tensor(0), 1.0)
        .view(shape),
    }  # fmt: skip
    for first in kinds.values():
        for second in kinds.values():
            image = second[None, None].clone().requires_grad_()
            loss = ssim_loss(first[None, None], image, *exponents)
            assert torch.isfinite(loss), kinds
            (gradient,) = torch.autograd.grad(loss, image)
            assert torch.isfinite(gradient).all()


def test_constants_are_alike_in_structure():
    black, white = torch.full((1, 1, 8, 8), -1.0), torch.ones(1, 1, 8, 8)
    assert ssim_loss(black, black) == pytest.approx(0, abs=0.01)
    assert ssim_loss(black, white, 0, 0, 1) == pytest.approx(0, abs=0.01)
    assert ssim_loss(black, white, 1, 0, 0) > 0.99


def test_it_stays_in_single_precision_under_autocast():
    one, other = noise(1, 1, 16, 16), noise(1, 1, 16, 16, seed=1)
    exact = ssim_map(one, other)
    with torch.autocast("cpu", torch.bfloat16):
        found = ssim_map(one, other)
        coarse = ssim_map(one.bfloat16(), other.bfloat16())
    assert torch.equal(found, exact)
    assert coarse.dtype == torch.float32


def test_descending_it_brings_the_structure_back():
    image = noise(1, 1, 16, 16)
    found = noise(1, 1, 16, 16, seed=1).requires_grad_()
    optimizer = torch.optim.Adam([found], 0.05)
    for _ in range(60):
        optimizer.zero_grad()
        loss = ssim_loss(image, found.tanh())
        loss.backward()
        optimizer.step()
    assert loss < 0.3
