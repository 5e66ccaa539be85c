from __future__ import annotations

import pytest
import torch

from napari_uda.core.networks.resnet_generator import ResnetGenerator
from napari_uda.core.networks.translation import new_generator
from napari_uda.core.spec.methods import method_config

HALVES = [(2, 2), (2, 2)]


def parameters(network):
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("upsampling", ["transposed", "nearest"])
@pytest.mark.parametrize(
    ("channels", "blocks", "count"),
    [(1, 9, 11_365_633), (3, 9, 11_378_179), (1, 7, 9_005_313), (1, 6, 7_825_153)],
)
def test_parameters_are_those_of_cyclegan(channels, blocks, count, upsampling):
    with torch.device("meta"):
        network = ResnetGenerator(2, channels, channels, 64, blocks, HALVES, upsampling)
    assert parameters(network) == count


@pytest.mark.parametrize("dims", [2, 3])
def test_the_paper_preset_is_the_network_of_the_paper(dims):
    config = method_config("cyclegan", "paper", dims=dims)
    with torch.device("meta"):
        network = new_generator(config, 1)

    def conv(before, after, side=3):
        return side**dims * before * after + after

    outer = conv(1, 64, 7) + conv(64, 128) + conv(128, 256)
    inner = conv(256, 128) + conv(128, 64) + conv(64, 1, 7)
    assert parameters(network) == outer + 18 * conv(256, 256) + inner


@pytest.mark.parametrize("upsampling", ["transposed", "nearest"])
@pytest.mark.parametrize(
    ("strides", "shape"),
    [
        (HALVES, (37, 45)),
        (HALVES, (64, 3)),
        (HALVES, (1, 1)),
        ([(2, 2, 2), (2, 2, 2)], (9, 18, 21)),
        ([(2, 2, 2), (1, 2, 2)], (1, 17, 20)),
        ([(1, 2, 2), (1, 2, 2)], (5, 3, 16)),
    ],
)
def test_images_of_any_size_keep_their_shape_and_range(strides, shape, upsampling):
    torch.manual_seed(0)
    network = ResnetGenerator(len(shape), 1, 2, 4, 1, strides, upsampling)
    with torch.inference_mode():
        fake = network(100 * torch.randn(2, 1, *shape))
    assert fake.shape == (2, 2, *shape)
    assert fake.abs().max() <= 1
    assert torch.isfinite(fake).all()


def test_images_of_a_batch_do_not_see_each_other():
    torch.manual_seed(0)
    network = ResnetGenerator(2, 1, 1, 4, 2, HALVES, "nearest")
    one, other = torch.randn(2, 1, 1, 32, 32).unbind()
    with torch.inference_mode():
        both = network(torch.cat([one, other]))
        torch.testing.assert_close(both[:1], network(one))


def test_weights_begin_small_and_biases_at_zero():
    torch.manual_seed(0)
    network = ResnetGenerator(2, 3, 3, 32, 2, HALVES, "transposed")
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            assert not parameter.any()
        else:
            assert float(parameter.detach().std()) == pytest.approx(0.02, rel=0.1)


def test_the_features_of_every_stage_can_be_looked_at():
    network = ResnetGenerator(2, 1, 1, 4, 2, HALVES, "nearest")
    shapes = {}
    for name, stage in network.stages.items():
        stage.register_forward_hook(
            lambda _, __, out, name=name: shapes.update({name: tuple(out.shape[1:])})
        )
    network(torch.zeros(1, 1, 32, 48))
    assert shapes == {
        "stem": (4, 32, 48), "down0": (8, 16, 24), "down1": (16, 8, 12),
        "block0": (16, 8, 12), "block1": (16, 8, 12), "up0": (8, 16, 24),
        "up1": (4, 32, 48), "head": (1, 32, 48),
    }  # fmt: skip
