from __future__ import annotations

import pytest
import torch

from napari_uda.core.networks.domain_classifier import (
    DomainClassifier,
    RegionClassifier,
)
from napari_uda.core.networks.unet import (
    UNet,
    convolution,
    normalisation,
    pad_to_multiple,
    pooling_strides,
)
from napari_uda.core.spec.methods import method_config


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def expected_parameters(dims, channels, outputs, width, levels, norm):
    """Count by the definition: two 3-wide convolutions a level, 1-wide ones between."""
    affine = 0 if norm == "none" else 2

    def conv(before, after, side):
        return side**dims * before * after + after

    def block(before, after):
        return conv(before, after, 3) + conv(after, after, 3) + 2 * affine * after

    widths = [width * 2**i for i in range(levels)]
    encoder = sum(map(block, [channels, *widths[:-1]], widths))
    up = sum(conv(2 * wide, wide, 1) for wide in widths[:-1])
    decoder = sum(block(2 * wide, wide) for wide in widths[:-1])
    return encoder + up + decoder + conv(width, outputs, 1)


@pytest.mark.parametrize(
    ("preset", "dims", "count"),
    [
        ("quick", 2, 450_914),
        ("quick", 3, 1_326_722),
        ("paper", 2, 28_953_474),
        ("paper", 3, 85_430_274),
    ],
)
def test_the_presets_have_the_parameters_of_their_definition(preset, dims, count):
    config = method_config("source_only", preset, dims=dims)
    with torch.device("meta"):
        network = UNet(
            dims,
            1,
            2,
            config.width,
            pooling_strides(config.patch_shape, config.levels),
            config.norm,
        )
    by_formula = expected_parameters(
        dims, 1, 2, config.width, config.levels, config.norm
    )
    assert parameters(network) == by_formula == count


@pytest.mark.parametrize(
    "shape",
    [
        (64, 64),
        (33, 47),
        (7, 130),
        (5, 7),
        (1, 1),
        (86, 20, 24),
        (5, 33, 31),
        (1, 9, 9),
    ],
)
@pytest.mark.parametrize("norm", ["instance", "group", "none"])
def test_any_size_keeps_its_shape(shape, norm):
    dims = len(shape)
    network = UNet(dims, 1, 3, 4, pooling_strides((32,) * dims, 4), norm)
    with torch.inference_mode():
        logits = network(torch.rand(1, 1, *shape))
    assert logits.shape == (1, 3, *shape)
    assert torch.isfinite(logits).all()


def test_thin_volumes_are_pooled_in_the_plane():
    assert pooling_strides((4, 64, 64), 4) == [(1, 2, 2)] * 3
    assert pooling_strides((16, 64, 64), 4) == [(2, 2, 2), (2, 2, 2), (1, 2, 2)]
    assert pooling_strides((32, 128, 128), 3) == [(2, 2, 2)] * 2
    assert pooling_strides((16, 16), 4) == [(2, 2)] * 3
    network = UNet(3, 1, 2, 4, pooling_strides((2, 32, 32), 3), "instance")
    assert network(torch.rand(2, 1, 2, 32, 32)).shape == (2, 2, 2, 32, 32)


def test_padding_repeats_the_edge_at_the_end():
    image = torch.arange(15.0).reshape(1, 1, 3, 5)
    padded, shape = pad_to_multiple(image, [(2, 2), (2, 2)])
    assert shape == (3, 5)
    assert padded.shape == (1, 1, 4, 8)
    assert torch.equal(padded[..., :3, :5], image)
    assert torch.equal(padded[0, 0, 3], padded[0, 0, 2])
    assert (padded[0, 0, :3, 5:] == image[0, 0, :, 4:]).all()
    whole = torch.rand(1, 1, 8, 12)
    assert pad_to_multiple(whole, [(2, 2), (2, 2)])[0] is whole


def test_the_result_does_not_depend_on_the_rest_of_the_batch():
    torch.manual_seed(0)
    network = UNet(2, 1, 2, 4, pooling_strides((32, 32), 3), "instance")
    images = torch.rand(3, 1, 32, 32)
    with torch.inference_mode():
        together = network(images)
        alone = network(images[1:2])
    torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dims", [2, 3])
def test_bfloat16_agrees_with_single_precision(dims):
    torch.manual_seed(0)
    shape = (48, 48) if dims == 2 else (8, 24, 24)
    network = UNet(dims, 1, 3, 8, pooling_strides(shape, 3), "instance")
    images = torch.rand(2, 1, *shape) * 2 - 1
    with torch.inference_mode():
        exact = network(images)
        with torch.autocast("cpu", torch.bfloat16):
            coarse = network(images)
    assert coarse.dtype == torch.bfloat16
    difference = (coarse.float() - exact).abs().mean() / exact.abs().mean()
    assert 0 < difference < 0.06


def test_layers_follow_the_dimension():
    assert convolution(2) is torch.nn.Conv2d
    assert convolution(3) is torch.nn.Conv3d
    assert isinstance(normalisation("instance", 3, 8), torch.nn.InstanceNorm3d)
    assert [normalisation("group", 2, n).num_groups for n in (64, 20, 7)] == [8, 4, 1]
    assert normalisation("none", 2, 8)(torch.ones(1)) == 1
    assert not list(normalisation("instance", 2, 8).buffers())


@pytest.mark.parametrize("shape", [(16, 16), (37, 90), (4, 16, 16), (1, 20, 33)])
def test_the_domain_classifier_gives_one_logit_per_image(shape):
    network = DomainClassifier(len(shape), 3, width=4, depth=4)
    assert network(torch.rand(5, 3, *shape)).shape == (5,)


def test_the_domain_classifier_doubles_its_width_up_to_eight_times():
    def conv(before, after):
        return 16 * before * after + after

    layers = conv(3, 32) + conv(32, 64) + conv(64, 128) + conv(128, 256)
    assert parameters(DomainClassifier(2, 3, 32, 4)) == layers + 256 + 1
    deep = layers + conv(256, 256)
    assert parameters(DomainClassifier(2, 3, 32, 5)) == deep + 256 + 1


@pytest.mark.parametrize(
    ("shape", "fewer"),
    [((64, 96), (4, 6)), ((37, 90), (2, 5)), ((4, 16, 16), (1, 1, 1))],
)
def test_the_region_classifier_gives_a_logit_per_region(shape, fewer):
    network = RegionClassifier(len(shape), 3, width=4, depth=4)
    assert network(torch.rand(5, 3, *shape)).shape == (5, *fewer)


@pytest.mark.parametrize("kind", [DomainClassifier, RegionClassifier])
@pytest.mark.parametrize(("dims", "side"), [(2, 64), (3, 16)])
def test_a_classifier_does_not_begin_blind(kind, dims, side):
    torch.manual_seed(0)
    network = kind(dims, 2, width=16, depth=4)
    fine = torch.rand(8, 1, *((side,) * dims))
    coarse = fine[..., ::4].repeat_interleave(4, -1)
    with torch.no_grad():
        first, second = (network(torch.cat([p, 1 - p], 1)) for p in (fine, coarse))
    assert (first - second).abs().mean() > 0.02


def test_the_region_classifier_is_that_of_adaptsegnet():
    def conv(before, after):
        return 16 * before * after + after

    layers = conv(2, 64) + conv(64, 128) + conv(128, 256) + conv(256, 512)
    assert parameters(RegionClassifier(2, 2, 64, 5)) == layers + conv(512, 1)


def test_regions_far_apart_are_judged_by_themselves():
    torch.manual_seed(0)
    network = RegionClassifier(2, 2, width=4, depth=3)
    maps = torch.rand(1, 2, 96, 96)
    changed = maps.clone()
    changed[..., :16, :16] = 0
    with torch.no_grad():
        before, after = network(maps)[0], network(changed)[0]
    assert before[0, 0] != after[0, 0]
    assert torch.equal(before[6:], after[6:])
