"""Networks can be compiled whole, and compute the same then."""

from __future__ import annotations

import pytest
import torch

from napari_uda.core.networks.segmenters import SEGMENTERS
from napari_uda.core.networks.translation import new_discriminator, new_generator
from napari_uda.core.spec.methods import method_config

SMALL = {"generator_width": 4, "generator_blocks": 1, "discriminator_width": 4}


def small(**changes):
    return method_config("cyclegan", **SMALL, **changes)


MAKERS = {
    name: lambda kind=kind: kind(2, 1, 3, 4, [(2, 2)], "instance")
    for name, kind in SEGMENTERS.items()
    if name != "resnet9"  # as resnet6
} | {
    "resnet": lambda: new_generator(small(generator="resnet"), 1),
    "cut": lambda: new_generator(
        small(generator="resnet", downsampling="blur", upsampling="blur"), 1
    ),
    "skip": lambda: new_generator(small(generator="skip"), 1),
    "patchgan": lambda: new_discriminator(small(discriminator="patchgan"), 1),
    "simgan": lambda: new_discriminator(small(discriminator="simgan"), 1),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_compiled_network_agrees_with_the_plain_one(name):
    torch.manual_seed(0)
    network = MAKERS[name]()
    images = torch.rand(2, 1, 30, 36) * 2 - 1  # not divisible: padding is compiled too
    torch._dynamo.reset()
    # A backend without code generation: machines without a compiler have it.
    compiled = torch.compile(network, backend="aot_eager", fullgraph=True)
    ends = []
    for one in (network, compiled):
        result = one(images)
        gradients = torch.autograd.grad(
            result.square().mean(), list(network.parameters())
        )
        ends.append((result.detach(), gradients))
    torch.testing.assert_close(*ends, rtol=1e-4, atol=1e-5)
