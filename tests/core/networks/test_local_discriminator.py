from __future__ import annotations

import pytest
import torch

from napari_uda.core.networks.local_discriminator import LocalDiscriminator
from napari_uda.core.networks.patch_discriminator import PatchDiscriminator
from napari_uda.core.networks.translation import new_discriminator
from napari_uda.core.spec.methods import method_config


@pytest.mark.parametrize(
    ("kind", "network", "count"),
    [
        ("simgan", LocalDiscriminator, 225_057),
        ("patchgan", PatchDiscriminator, 2_642_369),
    ],
)
def test_parameters_are_those_of_the_definition_in_3d(kind, network, count):
    config = method_config("cycle_shape", "paper", discriminator=kind)
    with torch.device("meta"):
        made = new_discriminator(config, 1)
    assert isinstance(made, network)
    assert sum(p.numel() for p in made.parameters()) == count


def test_a_logit_sees_23_pixels():
    torch.manual_seed(0)
    network = LocalDiscriminator(2, 1, 8)
    # Statistics reach over the whole image; a maximum hides all but one pixel.
    for i, layer in enumerate(network.layers):
        if isinstance(layer, torch.nn.InstanceNorm2d):
            layer.forward = lambda features: features
        if isinstance(layer, torch.nn.MaxPool2d):
            shape = layer.kernel_size, layer.stride, layer.padding
            network.layers[i] = torch.nn.AvgPool2d(*shape)
    image = torch.randn(1, 1, 64, 64, requires_grad=True)
    logits = network(image)
    assert logits.shape == (1, 1, 16, 16)
    logits[0, 0, 8, 8].backward()
    rows = image.grad[0, 0].abs().sum(1).nonzero()
    assert int(rows.max() - rows.min()) + 1 == 23


@pytest.mark.parametrize("shape", [(1, 1), (24, 100), (1, 16, 16), (86, 9, 7)])
def test_small_and_thin_images_have_logits_without_a_limit(shape):
    torch.manual_seed(0)
    network = LocalDiscriminator(len(shape), 1, 4)
    with torch.no_grad():
        network.layers[-1].bias.fill_(7.0)
    logits = network(torch.randn(2, 1, *shape))
    assert logits.shape[:2] == (2, 1)
    assert logits.numel() >= 4
    assert torch.isfinite(logits).all()
    assert logits.max() > 1
