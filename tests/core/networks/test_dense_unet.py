from __future__ import annotations

import pytest
import torch

from napari_uda.core.networks.against_background import AgainstBackground
from napari_uda.core.networks.conditional_discriminator import ConditionalDiscriminator
from napari_uda.core.networks.dense_unet import DenseBlock, DenseUNet
from napari_uda.core.networks.patch_discriminator import PatchDiscriminator
from napari_uda.core.networks.segmenters import new_segmenter
from napari_uda.core.networks.unet import pooling_strides
from napari_uda.core.spec.methods import method_config


def parameters(network):
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(("dims", "count"), [(2, 2_032_101), (3, 5_535_045)])
def test_the_paper_preset_has_the_parameters_of_its_definition(dims, count):
    def conv(before, after, side):
        return side**dims * before * after + after

    def layer(before, after, side=3):
        return 2 * before + conv(before, after, side)

    def block(before, layers):
        return sum(layer(before + 16 * i, 16) for i in range(layers))

    expected, before, skips = conv(1, 48, 3), 48, []
    for layers in (4, 4, 5, 5):
        expected += block(before, layers)
        before += 16 * layers
        skips.append(before)
        expected += layer(before, before, 1)
    expected += block(before, 7)
    added = 7 * 16
    for layers in (5, 5, 4, 4):
        before = skips.pop() + added
        expected += conv(added, added, 1) + block(before, layers)
        added = 16 * layers
    expected += conv(before + added, 5, 1)

    config = method_config("td_gan", "paper", dims=dims)
    with torch.device("meta"):
        network = new_segmenter(config, 1, 5)
    assert isinstance(network, DenseUNet)
    assert parameters(network) == expected == count


@pytest.mark.parametrize("shape", [(64, 64), (33, 47), (1, 1), (9, 20, 24), (1, 9, 9)])
@pytest.mark.parametrize("norm", ["instance", "group", "batch", "none"])
def test_any_size_keeps_its_shape(shape, norm):
    dims = len(shape)
    network = DenseUNet(dims, 1, 3, 6, pooling_strides((32,) * dims, 3), norm)
    logits = network(torch.rand(2, 1, *shape))
    assert logits.shape == (2, 3, *shape)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("norm", ["instance", "none"])
def test_every_layer_of_a_block_sees_all_before_it(norm):
    torch.manual_seed(0)
    block = DenseBlock(2, 3, 2, 4, norm)
    seen = []
    for layer in block.layers:
        # A copy: activations work in place.
        layer.register_forward_pre_hook(lambda _, given: seen.append(given[0].clone()))
    features = torch.randn(1, 3, 8, 8)
    before = features.clone()
    added = block(features)
    assert torch.equal(features, before)
    assert added.shape == (1, 8, 8, 8)
    for i, given in enumerate(seen):
        assert torch.equal(given, torch.cat([features, added[:, : 2 * i]], dim=1))


@pytest.mark.parametrize("norm", ["instance", "none"])
def test_the_decoder_sees_what_the_encoder_saw(norm):
    torch.manual_seed(0)
    network = DenseUNet(2, 1, 3, 6, pooling_strides((32, 32), 3), norm)
    seen = {}

    def keep(name):
        return lambda _, given, out: seen.update({name: (given[0].clone(), out)})

    network.encoder[0].register_forward_hook(keep("encoder"))
    network.decoder[-1].register_forward_hook(keep("decoder"))
    network(torch.randn(1, 1, 32, 32))
    skip = torch.cat(seen["encoder"], dim=1)
    assert torch.equal(seen["decoder"][0][:, : skip.shape[1]], skip)
    assert skip.min() < 0


def test_a_structure_is_as_likely_as_the_paper_says():
    torch.manual_seed(0)
    network = torch.nn.Conv2d(1, 4, 3, padding=1)
    image = torch.randn(2, 1, 5, 5)
    with torch.no_grad():
        maps = network(image)
        chance = AgainstBackground(network, overlapping=True)(image).sigmoid()
        exclusive = AgainstBackground(network, overlapping=False)(image)
    powers = maps.exp()
    for i in range(3):
        x_i = powers[:, i + 1]
        torch.testing.assert_close(chance[:, i], x_i / (powers[:, 0] + x_i))
    assert torch.equal(exclusive, maps)


def test_maps_count_as_much_as_they_are_weighed():
    torch.manual_seed(0)
    network = ConditionalDiscriminator(PatchDiscriminator(2, 5, 4, 2), 2)
    pair, other = torch.randn(2, 1, 5, 32, 32).unbind()
    other = torch.cat([pair[:, :2], other[:, 2:]], dim=1)
    with torch.no_grad():
        assert torch.equal(network(pair, 0.0), network(other, 0.0))
        assert not torch.equal(network(pair), network(other))
        assert torch.equal(network(pair), network.network(pair))
        half = torch.cat([pair[:, :2], 0.5 * pair[:, 2:]], dim=1)
        assert torch.equal(network(pair, 0.5), network(half))
