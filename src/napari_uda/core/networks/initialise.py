"""Initial weights."""

from __future__ import annotations

from typing import Literal

from torch import nn


def initialise(network: nn.Module) -> None:
    """Draw the weights of convolutions from N(0, 0.02) and set biases to zero.

    Radford, Metz, Chintala, ICLR 2016; kept by CycleGAN.
    """
    kinds = nn.Conv2d | nn.Conv3d | nn.ConvTranspose2d | nn.ConvTranspose3d
    for module in network.modules():
        if isinstance(module, kinds):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def initialise_for_relu(
    network: nn.Module, nonlinearity: Literal["relu", "linear"] = "relu"
) -> None:
    """Draw the weights of convolutions as He et al. (ICCV 2015); biases are zero.

    Parameters
    ----------
    network
        The network.
    nonlinearity
        linear: half the variance, where results are added up rather than cut off.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, nonlinearity=nonlinearity)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
