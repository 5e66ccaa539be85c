from __future__ import annotations

import math

import pytest
import torch

from napari_uda.core.losses.adversarial import discriminator_loss, generator_loss

LOG2 = math.log(2)


@pytest.mark.parametrize(
    ("mode", "of_generator", "of_discriminator"),
    [
        ("lsgan", (4 + 1 + 0) / 3, 0.5 * (1 + (1 + 0 + 1) / 3)),
        (
            "bce",
            (math.log1p(math.e) + LOG2 + math.log1p(1 / math.e)) / 3,
            0.5 * (LOG2 + (math.log1p(1 / math.e) + LOG2 + math.log1p(math.e)) / 3),
        ),
        ("hinge", 0.0, 0.5 * (1 + (0 + 1 + 2) / 3)),
    ],
)
def test_losses_have_the_values_of_their_formulas(mode, of_generator, of_discriminator):
    fake, real = torch.tensor([-1.0, 0.0, 1.0]), torch.zeros(4)
    assert float(generator_loss(fake, mode)) == pytest.approx(of_generator)
    assert float(discriminator_loss(real, fake, mode)) == pytest.approx(
        of_discriminator
    )


@pytest.mark.parametrize("mode", ["lsgan", "bce", "hinge"])
def test_opponents_pull_the_logits_of_fakes_apart(mode):
    fake = torch.full((3,), 0.5, requires_grad=True)
    (up,) = torch.autograd.grad(generator_loss(fake, mode), fake)
    (down,) = torch.autograd.grad(
        discriminator_loss(fake + 0, fake.detach(), mode), fake
    )
    assert (up < 0).all()
    assert (down < 0).all()
    (down,) = torch.autograd.grad(discriminator_loss(fake.detach(), fake, mode), fake)
    assert (down > 0).all()


@pytest.mark.parametrize("mode", ["lsgan", "bce", "hinge"])
def test_losses_are_computed_in_single_precision(mode):
    logits = torch.full((2, 1, 3, 3), 300.0, dtype=torch.bfloat16)
    for loss in (
        generator_loss(-logits, mode), discriminator_loss(-logits, logits, mode)
    ):  # fmt: skip
        assert loss.dtype == torch.float32
        assert torch.isfinite(loss)
