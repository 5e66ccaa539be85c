from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from napari_uda.core.networks.blur import BlurDown, BlurUp

STRIDES = [(2, 2), (2, 2, 2), (1, 2, 2)]
every_stride = pytest.mark.parametrize("stride", STRIDES)


def impulse(stride):
    image = torch.zeros(1, 2, *[9] * len(stride))
    image[(0, 1, *[4] * len(stride))] = 1
    return image


@every_stride
@pytest.mark.parametrize("kind", [BlurDown, BlurUp])
def test_constant_images_stay_constant(kind, stride):
    image = torch.full((2, 3, *[6] * len(stride)), 0.7)
    result = kind(stride)(image)
    torch.testing.assert_close(result, torch.full_like(result, 0.7))


@every_stride
def test_half_the_pixels_of_strided_axes_are_kept(stride):
    result = BlurDown(stride)(torch.randn(1, 2, *[7] * len(stride)))
    assert result.shape[2:] == tuple(7 if step == 1 else 4 for step in stride)


@every_stride
def test_the_kernel_that_thins_is_one_two_one(stride):
    line = torch.tensor([0.0, 0.0, 0.5, 0.0, 0.0])
    other = torch.tensor([0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    expected = torch.ones(())
    for step in stride:
        expected = expected.unsqueeze(-1) * (line if step == 2 else other)
    result = BlurDown(stride)(impulse(stride))
    torch.testing.assert_close(result[0, 1], expected)
    assert not result[0, 0].any()
    # Between two kept pixels, both get the outer parts.
    shifted = BlurDown(stride)(impulse(stride).roll(1, -1))[0, 1]
    along = shifted.reshape(-1, 5).sum(0)
    torch.testing.assert_close(along / along.sum(), torch.eye(5)[2:4].sum(0) / 2)


@every_stride
def test_the_kernel_that_enlarges_is_linear_interpolation(stride):
    torch.manual_seed(0)
    image = torch.randn(2, 3, *[5] * len(stride))
    expected = F.interpolate(
        image,
        scale_factor=tuple(map(float, stride)),
        mode="bilinear" if len(stride) == 2 else "trilinear",
        align_corners=False,
    )
    torch.testing.assert_close(BlurUp(stride)(image), expected)
    total = BlurUp(stride)(impulse(stride)).sum()
    assert float(total) == pytest.approx(2 ** sum(step == 2 for step in stride))


def test_kernels_are_moved_with_the_network_but_neither_trained_nor_saved():
    for network in (BlurDown((2, 2)), BlurUp((1, 2, 2))):
        assert not list(network.parameters())
        assert len(list(network.buffers())) == 1
        assert not network.state_dict()
