from __future__ import annotations

import pytest
import torch

from napari_uda.core.networks.patch_discriminator import PatchDiscriminator


@pytest.mark.parametrize("downsampling", ["strided", "blur"])
@pytest.mark.parametrize(
    ("channels", "count"), [(1, 2_762_689), (3, 2_764_737), (5, 2_766_785)]
)
def test_parameters_are_those_of_the_70_pixel_patchgan(channels, count, downsampling):
    with torch.device("meta"):
        network = PatchDiscriminator(2, channels, 64, 3, downsampling=downsampling)
    assert sum(p.numel() for p in network.parameters()) == count


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70)])
def test_a_logit_sees_as_many_pixels_as_promised(layers, field):
    torch.manual_seed(0)
    network = PatchDiscriminator(2, 1, 4, layers)
    # Statistics reach over the whole image: without them only the kernels are left.
    for layer in network.modules():
        if isinstance(layer, torch.nn.InstanceNorm2d):
            layer.forward = lambda features: features
    image = torch.randn(1, 1, 160, 160, requires_grad=True)
    logits = network(image)
    middle = logits.shape[-1] // 2
    logits[0, 0, middle, middle].backward()
    rows = image.grad[0, 0].abs().sum(1).nonzero()
    assert int(rows.max() - rows.min()) + 1 == field


@pytest.mark.parametrize("downsampling", ["strided", "blur"])
def test_a_patchgan_of_256_pixels_gives_30_by_30_logits_without_a_limit(downsampling):
    torch.manual_seed(0)
    network = PatchDiscriminator(2, 1, 4, 3, downsampling=downsampling)
    with torch.no_grad():
        network.layers[-1].bias.fill_(7.0)
    logits = network(torch.randn(2, 1, 256, 256))
    assert logits.shape == (2, 1, 30, 30)
    assert logits.max() > 1


@pytest.mark.parametrize("downsampling", ["strided", "blur"])
@pytest.mark.parametrize("layers", [1, 3, 5])
@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (24, 100), (1, 16, 16), (8, 9, 7)])
def test_small_and_thin_images_have_a_logit(shape, layers, downsampling):
    torch.manual_seed(0)
    network = PatchDiscriminator(len(shape), 1, 4, layers, downsampling=downsampling)
    logits = network(torch.randn(2, 1, *shape))
    assert logits.shape[:2] == (2, 1)
    assert logits.numel() >= 2
    assert torch.isfinite(logits).all()
