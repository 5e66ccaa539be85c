from __future__ import annotations

import pytest
import torch

from napari_uda.core.networks.resnet_generator import ResnetGenerator
from napari_uda.core.networks.translation import new_generator
from napari_uda.core.spec.methods import method_config

HALVES = [(2, 2), (2, 2)]


def parameters(network):
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("downsampling", ["strided", "blur"])
@pytest.mark.parametrize("upsampling", ["transposed", "nearest", "blur"])
@pytest.mark.parametrize(
    ("channels", "blocks", "count"),
    [(1, 9, 11_365_633), (3, 9, 11_378_179), (1, 7, 9_005_313), (1, 6, 7_825_153)],
)
def test_parameters_are_those_of_cyclegan(
    channels, blocks, count, upsampling, downsampling
):
    with torch.device("meta"):
        network = ResnetGenerator(
            2, channels, channels, 64, blocks, HALVES, upsampling,
            downsampling=downsampling,
        )  # fmt: skip
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


@pytest.mark.parametrize(
    ("upsampling", "downsampling"),
    [("transposed", "strided"), ("nearest", "strided"), ("blur", "blur")],
)
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
def test_images_of_any_size_keep_their_shape_and_range(
    strides, shape, upsampling, downsampling
):
    torch.manual_seed(0)
    network = ResnetGenerator(
        len(shape), 1, 2, 4, 1, strides, upsampling, downsampling=downsampling
    )
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


def test_xaviers_weights_are_those_of_cut():
    torch.manual_seed(0)
    network = ResnetGenerator(2, 3, 3, 32, 2, HALVES, "blur", weights="xavier")
    layer = network.stages["block0"].layers[0]
    expected = 0.02 * (2 / (2 * 128 * 9)) ** 0.5
    assert float(layer.weight.detach().std()) == pytest.approx(expected, rel=0.02)
    assert not layer.bias.any()


@pytest.mark.parametrize(
    ("strides", "shape", "half"),
    [
        (HALVES, (32, 48), (16, 24)),
        ([(1, 2, 2), (2, 2, 2)], (8, 32, 48), (8, 16, 24)),
    ],
)
@pytest.mark.parametrize("downsampling", ["strided", "blur"])
def test_taps_have_the_documented_shapes(downsampling, strides, shape, half):
    torch.manual_seed(0)
    network = ResnetGenerator(
        len(shape), 1, 1, 4, 9, strides, "blur", downsampling=downsampling
    )
    widths = network.tap_widths()
    assert widths == {"image": 1, "down0": 8, "down1": 16, "block0": 16, "block4": 16}
    image = torch.randn(2, 1, *shape)
    tapped = network(image, tuple(widths))
    assert {name: features.shape[1] for name, features in tapped.items()} == widths
    deep = tuple(s // k for s, k in zip(half, strides[1], strict=True))
    blurred = downsampling == "blur"
    assert [tuple(features.shape[2:]) for features in tapped.values()] == [
        shape, shape if blurred else half, half if blurred else deep, deep, deep,
    ]  # fmt: skip
    assert torch.equal(tapped["image"], image)


def test_taps_are_what_the_stages_give_on_the_way_to_the_result():
    torch.manual_seed(0)
    network = ResnetGenerator(2, 1, 1, 4, 3, HALVES, "nearest").eval()
    seen = {}
    for name in ("block0", "block1"):
        network.stages[name].register_forward_hook(
            lambda _, __, out, name=name: seen.update({name: out})
        )
    network.stages["down1"][0].register_forward_hook(
        lambda _, __, out: seen.update(down1=out.clone())
    )
    image = torch.randn(1, 1, 30, 31)
    with torch.inference_mode():
        plain = network(image)
        tapped = network(image, ("image", "down1", "block0", "block1", "head"))
    assert list(network.tap_widths()) == ["image", "down0", "down1", "block0", "block1"]
    torch.testing.assert_close(tapped["head"], plain)
    assert tapped["head"].shape == image.shape
    for name, features in seen.items():
        assert torch.equal(tapped[name], features)


def test_stages_after_the_last_tap_are_not_computed():
    network = ResnetGenerator(2, 1, 1, 4, 3, HALVES, "nearest")
    used = set()
    for name, stage in network.stages.items():
        stage.register_forward_hook(lambda *_, name=name: used.add(name))
    network(torch.zeros(1, 1, 32, 32), ("image", "block1"))
    assert used == {"stem", "down0", "down1", "block0", "block1"}
