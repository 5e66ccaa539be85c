from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_uda.core.engine.precision import InPrecision

CPU = torch.device("cpu")


class Branching(nn.Module):
    """Says everything about a product: itself, in a dict, in a tuple, its size."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 64)
        self.seen: list[torch.dtype] = []

    def forward(self, image, *, twice=False):
        product = self.layer(image)
        self.seen.append(product.dtype)
        if twice:
            product = 2 * product
        return product, {"features": [product]}, product.argmax(), len(image)


@pytest.mark.parametrize("bfloat16", [False, True])
def test_networks_compute_in_a_precision_and_answer_in_single(bfloat16):
    torch.manual_seed(0)
    network = Branching()
    image = torch.randn(3, 64)
    exact = network(image, twice=True)[0]
    wrapped = InPrecision(network, CPU, bfloat16=bfloat16)
    product, taps, place, count = wrapped(image, twice=True)
    assert network.seen[-1] == (torch.bfloat16 if bfloat16 else torch.float32)
    assert product.dtype == taps["features"][0].dtype == torch.float32
    assert place.dtype == torch.int64
    assert count == 3
    assert torch.allclose(product, exact, atol=0.05)
    assert torch.equal(product, exact) != bfloat16


def test_losses_outside_are_in_single_precision():
    wrapped = InPrecision(nn.Linear(64, 64), CPU, bfloat16=True)
    image = torch.randn(3, 64)
    assert (wrapped(image) @ image.T).dtype == torch.float32


def test_gradients_reach_the_weights():
    network = nn.Linear(8, 1)
    InPrecision(network, CPU, bfloat16=True)(torch.ones(1, 8)).sum().backward()
    assert torch.equal(network.weight.grad, torch.ones(1, 8))


def test_only_forward_can_be_called():
    with pytest.raises(AttributeError):
        InPrecision(Branching(), CPU, bfloat16=False).layer  # noqa: B018
