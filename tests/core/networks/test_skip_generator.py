from __future__ import annotations

import itertools

import pytest
import torch

from napari_uda.core.networks.skip_generator import SkipGenerator
from napari_uda.core.networks.translation import new_generator
from napari_uda.core.networks.unet import pooling_strides
from napari_uda.core.spec.methods import method_config


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def expected_parameters(dims, width):
    """Count by the paper: two 3-wide convolutions a resolution, one to come up."""

    def conv(before, after):
        return 3**dims * before * after + after

    widths = [width, 2 * width, 4 * width, 8 * width]
    pairs = list(itertools.pairwise(widths))
    down = conv(1, width) + conv(width, width)
    down += sum(conv(wide, deep) + conv(deep, deep) for wide, deep in pairs)
    up = sum(conv(deep, wide) for wide, deep in pairs)
    up += sum(conv(2 * wide, wide) + conv(wide, wide) for wide, _ in pairs)
    return down + up + conv(width, 1)


@pytest.mark.parametrize(
    ("dims", "width", "count"),
    [(3, 32, 6_417_697), (3, 16, 1_605_265), (3, 64, 25_664_065), (2, 32, 2_140_321)],
)
def test_parameters_are_those_of_the_definition(dims, width, count):
    config = method_config("cycle_shape", dims=dims, generator_width=width)
    with torch.device("meta"):
        network = new_generator(config, 1)
    assert isinstance(network, SkipGenerator)
    assert parameters(network) == expected_parameters(dims, width) == count


@pytest.mark.parametrize(
    "shape", [(64, 64), (37, 45), (3, 64), (1, 1), (86, 20, 24), (5, 33, 31), (1, 9, 9)]
)
def test_images_of_any_size_keep_their_shape_and_range(shape):
    torch.manual_seed(0)
    strides = pooling_strides((32,) * len(shape), 4)
    network = SkipGenerator(len(shape), 1, 2, 4, strides)
    with torch.inference_mode():
        network.head.weight.mul_(1000)  # or its values would be small by themselves
        fake = network(100 * torch.randn(2, 1, *shape))
    assert fake.shape == (2, 2, *shape)
    assert fake.abs().max() <= 1
    assert torch.isfinite(fake).all()


def test_86_slices_are_translated_as_88_that_repeat_the_last():
    torch.manual_seed(0)
    network = SkipGenerator(3, 1, 1, 4, [(2, 2, 2)] * 3)
    volume = torch.randn(1, 1, 86, 16, 16)
    longer = torch.cat([volume, volume[:, :, -1:], volume[:, :, -1:]], dim=2)
    with torch.inference_mode():
        assert torch.equal(network(volume), network(longer)[:, :, :86])


def test_thin_volumes_keep_their_depth_on_the_way_down():
    config = method_config("cycle_shape", dims=3, patch_depth=4, generator_width=4)
    network = new_generator(config, 1)
    shapes = []
    for down in network.down:
        down.register_forward_hook(
            lambda _, __, out: shapes.append(tuple(out.shape[2:]))
        )
    network(torch.zeros(1, 1, 4, 32, 32))
    assert shapes == [(4, 16, 16), (4, 8, 8), (4, 4, 4)]


def test_details_go_round_the_deep_levels():
    torch.manual_seed(0)
    network = SkipGenerator(2, 1, 1, 8, [(2, 2)] * 3).eval()
    for down in network.down:
        down.register_forward_hook(lambda _, __, out: torch.zeros_like(out))
    with torch.inference_mode():
        flat, noisy = (
            network(torch.zeros(1, 1, 32, 32)),
            network(torch.randn(1, 1, 32, 32)),
        )
    assert (noisy - flat).std() > 1e-3


def test_images_of_a_batch_do_not_see_each_other():
    torch.manual_seed(0)
    network = SkipGenerator(2, 1, 1, 4, [(2, 2)] * 3)
    one, other = torch.randn(2, 1, 1, 32, 32).unbind()
    with torch.inference_mode():
        both = network(torch.cat([one, other]))
        torch.testing.assert_close(both[:1], network(one))
