from __future__ import annotations

import pytest
import torch

from napari_uda.core.losses.correlation import correlation_loss


@pytest.fixture
def image():
    return torch.rand(3, 1, 12, 14, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("slope", [1.0, 0.3, -1.0, -0.2])
def test_linearly_dependent_images_cost_nothing(slope, image):
    squared = correlation_loss(slope * image + 0.1, image)
    assert float(squared) == pytest.approx(0, abs=1e-4)
    signed = correlation_loss(slope * image + 0.1, image, "signed")
    assert float(signed) == pytest.approx(0 if slope > 0 else 2, abs=1e-4)


@pytest.mark.parametrize("form", ["squared", "signed"])
def test_it_is_pearsons_correlation_of_each_image(form, image):
    # Each has its own slope: over the whole batch, the correlation would be weak.
    slopes = torch.tensor([1.0, -0.5, 2.0]).view(3, 1, 1, 1)
    other = slopes * image + 0.3 * image.roll(5, -1) + slopes.flip(0)
    pairs = zip(image.flatten(1), other.flatten(1), strict=True)
    r = torch.stack([torch.corrcoef(torch.stack(pair))[0, 1] for pair in pairs])
    expected = (1 - (r**2 if form == "squared" else r)).mean()
    loss = correlation_loss(other, image, form)
    torch.testing.assert_close(loss, expected, atol=1e-5, rtol=1e-4)
    assert 0.01 < expected < 0.99


@pytest.mark.parametrize("form", ["squared", "signed"])
def test_constant_images_are_uncorrelated_and_finite(form, image):
    flat = torch.full_like(image, -1.0).requires_grad_()
    loss = correlation_loss(flat, image, form)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(1)
    assert torch.isfinite(flat.grad).all()
    other = image.clone().requires_grad_()
    correlation_loss(other, torch.zeros_like(image), form).backward()
    assert torch.isfinite(other.grad).all()
