"""What holds for every segmenter, and what each one is made of."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch

from napari_uda.core.engine.averaging import averaged_copy, update_average
from napari_uda.core.inference.tiled import predict_tiled
from napari_uda.core.method import Task
from napari_uda.core.methods.source_only import SourceOnly
from napari_uda.core.networks.attention_unet import AttentionGate, AttentionUNet
from napari_uda.core.networks.duse_unet import DuseUNet, SqueezeExcitation
from napari_uda.core.networks.frozen import frozen
from napari_uda.core.networks.r2u_net import R2UNet, RecurrentConvolution
from napari_uda.core.networks.segmenters import SEGMENTERS
from napari_uda.core.networks.unet import Norm, pooling_strides
from napari_uda.core.spec.methods import MethodConfig

every_segmenter = pytest.mark.parametrize("name", SEGMENTERS)
every_dimension = pytest.mark.parametrize("dims", [2, 3])
every_norm = pytest.mark.parametrize("norm", get_args(Norm))


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def make(name, dims, norm, outputs=3, levels=3):
    strides = pooling_strides((16,) * dims, levels)
    return SEGMENTERS[name](dims, 1, outputs, 4, strides, norm)


def image(dims, count=2):
    return torch.rand(count, 1, *((16,) * dims)) * 2 - 1


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def test_the_settings_offer_them_all():
    offered = get_args(MethodConfig.model_fields["segmenter"].annotation)
    assert sorted(offered) == sorted(SEGMENTERS)


@every_segmenter
@every_dimension
@every_norm
def test_any_size_keeps_its_shape(name, dims, norm):
    network = make(name, dims, norm).eval()
    for shape in [(9, 13), (1, 1), (5, 40)] if dims == 2 else [(5, 9, 12), (1, 3, 17)]:
        with torch.inference_mode():
            logits = network(torch.rand(1, 1, *shape))
        assert logits.shape == (1, 3, *shape)
        assert torch.isfinite(logits).all()


@every_segmenter
def test_86_slices_are_segmented_as_88_that_repeat_the_last(name):
    network = SEGMENTERS[name](3, 1, 3, 4, [(2, 2, 2)] * 3, "instance")
    volume = torch.randn(1, 1, 86, 16, 16)
    longer = torch.cat([volume, volume[:, :, -1:], volume[:, :, -1:]], dim=2)
    with torch.inference_mode():
        assert torch.equal(network(volume), network(longer)[:, :, :86])


@every_segmenter
@pytest.mark.parametrize("levels", [2, 5])
def test_levels_and_outputs_are_free(name, levels):
    for dims in (2, 3):
        network = make(name, dims, "instance", outputs=1, levels=levels)
        assert network(image(dims)).shape == (2, 1, *((16,) * dims))


@every_segmenter
@every_dimension
@every_norm
def test_one_image_trains_every_weight(name, dims, norm):
    network = make(name, dims, norm)
    losses = []
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    pixels = image(dims, 1)
    for _ in range(3):
        loss = (network(pixels) - torch.sign(pixels)).pow(2).mean()
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        missed = [n for n, p in network.named_parameters() if p.grad is None]
        assert not missed
        optimizer.step()
    assert losses[-1] < losses[0]


@every_segmenter
@every_dimension
@every_norm
def test_predictions_do_not_depend_on_the_rest_of_the_batch(name, dims, norm):
    network = make(name, dims, norm)
    network(image(dims))
    network.eval()
    images = image(dims, 3)
    with torch.inference_mode():
        together, alone = network(images), network(images[1:2])
        torch.testing.assert_close(together[1:2], alone, rtol=1e-3, atol=1e-4)
        assert torch.equal(network(images), together)


@every_segmenter
@every_dimension
@every_norm
def test_logits_begin_moderate(name, dims, norm):
    network = SEGMENTERS[name](dims, 1, 3, 8, [(2,) * dims] * 4, norm)
    shape = (32, 32) if dims == 2 else (16, 32, 32)
    with torch.no_grad():
        logits = network(torch.rand(2, 1, *shape) * 2 - 1)
    assert 0.02 < logits.std() < 10


@every_segmenter
@every_dimension
def test_the_same_seed_gives_the_same_network(name, dims):
    pixels = image(dims)
    results = []
    for _ in range(2):
        torch.manual_seed(3)
        results.append(make(name, dims, "batch")(pixels))
    assert torch.equal(*results)


@every_segmenter
@every_dimension
def test_batch_statistics_are_learnt_in_training_only(name, dims):
    network = make(name, dims, "batch")
    before = [b.clone() for b in network.buffers()]
    assert before
    network(image(dims))
    learnt = [b.clone() for b in network.buffers()]
    assert not any(torch.equal(*pair) for pair in zip(before, learnt, strict=True))
    network.eval()
    with frozen(network):
        pixels = image(dims).requires_grad_()
        network(pixels).sum().backward()
    assert pixels.grad is not None
    assert pixels.grad.any()
    assert all(p.grad is None for p in network.parameters())
    assert all(
        torch.equal(*pair) for pair in zip(learnt, network.buffers(), strict=True)
    )


@every_segmenter
def test_averaged_weights_come_with_the_latest_statistics(name, make_config):
    config = make_config("source_only", segmenter=name, norm="batch")
    method = SourceOnly(config, Task(2, 1, ("cell", "vessel"), False))
    average = averaged_copy(method)
    method.segmenter(image(2))
    update_average(average.segmenter, method.segmenter, 0.9)
    pairs = zip(average.segmenter.buffers(), method.segmenter.buffers(), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in pairs)
    assert not average.segmenter.training
    with torch.inference_mode():
        expected = method.eval().segment(image(2))
        assert average.segment(image(2)).shape == expected.shape


@every_segmenter
def test_tiles_are_predicted_whatever_their_number(name):
    network = make(name, 2, "batch")
    network(image(2))
    network.eval()
    pixels = np.random.default_rng(0).uniform(-1, 1, (40, 30)).astype(np.float32)
    device = torch.device("cpu")
    one, four = (
        predict_tiled(
            lambda x: network(x).softmax(1), pixels, 3, (16, 16), batch_size=size,
            device=device,
        )
        for size in (1, 4)
    )  # fmt: skip
    np.testing.assert_allclose(one, four, atol=1e-5)


def test_duse_unet_has_the_parameters_of_the_authors_code():
    with torch.device("meta"):
        network = DuseUNet(2, 1, 1, 64, [(2, 2)] * 4, "batch")
    assert parameters(network) == 13_836_137
    excitations = [m for m in network.modules() if isinstance(m, SqueezeExcitation)]
    assert len(excitations) == 8
    assert parameters(network) - sum(map(parameters, excitations)) == 13_394_177


@every_dimension
def test_excitation_takes_the_larger_weight(dims):
    layer = SqueezeExcitation(dims, 4)
    features = torch.randn(2, 4, *((6,) * dims))
    with torch.no_grad():
        for part in (layer.of_channels[2], layer.of_pixels[0]):
            part.weight.zero_()
        layer.of_channels[2].bias.copy_(torch.tensor([-9.0, 0.0, 2.0, 9.0]))
        layer.of_pixels[0].bias.fill_(1.0)
        of_pixels = torch.sigmoid(torch.tensor(1.0))
        weights = torch.sigmoid(layer.of_channels[2].bias).clamp(min=float(of_pixels))
        positive = features.abs()
        expected = positive * weights.reshape(1, 4, *(1,) * dims)
        torch.testing.assert_close(layer(positive), expected)


def conv(before, after, side, dims=2, bias=True):
    return side**dims * before * after + bias * after


@every_dimension
def test_attention_unet_gates_every_skip_but_the_finest(dims):
    network = AttentionUNet(dims, 1, 2, 8, [(2,) * dims] * 3, "none")

    def double(before, after):
        return conv(before, after, 3, dims) + conv(after, after, 3, dims)

    encoder = double(1, 8) + double(8, 16) + double(16, 32) + double(32, 64)
    decoder = double(64, 32) + double(32, 16) + double(16, 8)
    up = conv(64, 32, 1, dims) + conv(32, 16, 1, dims) + conv(16, 8, 1, dims)
    gates = sum(
        conv(wide, wide, 2, dims, bias=False)
        + conv(2 * wide, wide, 1, dims)
        + conv(wide, 1, 1, dims)
        for wide in (16, 32)
    )
    head = conv(8, 2, 1, dims)
    assert parameters(network) == encoder + decoder + up + gates + head
    two = AttentionUNet(dims, 1, 2, 8, [(2,) * dims], "none")
    assert any(isinstance(m, AttentionGate) for m in two.modules())


def test_an_attention_gate_shuts_where_its_weight_is_low():
    gate = AttentionGate(2, 4, 8, (2, 2))
    skip, coarse = torch.randn(1, 4, 8, 8), torch.randn(1, 8, 4, 4)
    with torch.no_grad():
        gate.to_weight.weight.zero_()
        for bias, part in ((-30.0, 0.0), (30.0, 1.0), (0.0, 0.5)):
            gate.to_weight.bias.fill_(bias)
            torch.testing.assert_close(gate(skip, coarse), part * skip)
        gate.to_weight.weight.fill_(1.0)
        assert not torch.equal(gate(skip, coarse), gate(skip, 5 * coarse))


@every_dimension
def test_r2u_net_has_the_parameters_of_its_definition(dims):
    network = R2UNet(dims, 1, 2, 8, [(2,) * dims] * 2, "batch")

    def unit(before, after):
        recurrent = conv(after, after, 3, dims) + conv(after, after, 3, dims, False)
        return conv(before, after, 1, dims) + 2 * (recurrent + 3 * 2 * after)

    units = unit(1, 8) + unit(8, 16) + unit(16, 32) + unit(32, 16) + unit(16, 8)
    up = conv(32, 16, 1, dims) + conv(16, 8, 1, dims)
    assert parameters(network) == units + up + conv(8, 2, 1, dims)


@pytest.mark.parametrize(("name", "blocks"), [("resnet6", 6), ("resnet9", 9)])
def test_the_residual_segmenter_is_cyclegans_generator(name, blocks):
    fixtures = {6: 7_825_153, 9: 11_365_633}
    with torch.device("meta"):
        plain, affine = (
            SEGMENTERS[name](2, 1, 1, 64, [(2, 2)] * 2, norm)
            for norm in ("none", "instance")
        )
        deep = SEGMENTERS[name](2, 1, 1, 64, [(2, 2)] * 5, "none")
    assert parameters(plain) == parameters(deep) == fixtures[blocks]
    normalised = 64 + 128 + 256 + 2 * blocks * 256 + 128 + 64
    assert parameters(affine) == fixtures[blocks] + 2 * normalised


@pytest.mark.parametrize("name", ["resnet6", "resnet9"])
def test_seven_classes_can_be_told_apart_with_certainty(name):
    network = make(name, 2, "instance", outputs=7)
    with torch.no_grad():
        network.stages["head"][0].weight.mul_(100)
        confidence = network(image(2)).softmax(1).amax(1)
    # A tanh before the softmax would hold it below e / (e + 6 / e).
    assert confidence.max() > np.e / (np.e + 6 / np.e)


def test_a_recurrent_convolution_sees_its_own_result_twice():
    layer = RecurrentConvolution(2, 1, "none")
    with torch.no_grad():
        for part, weight in ((layer.forwards, 1.0), (layer.recurrent, 0.5)):
            part.weight.zero_()
            part.weight[..., 1, 1] = weight
        layer.forwards.bias.zero_()
        pixels = torch.tensor([[[[4.0, -4.0]]]])
        expected = torch.tensor([[[[4 + 0.5 * (4 + 0.5 * 4), 0.0]]]])
        torch.testing.assert_close(layer(pixels), expected)
