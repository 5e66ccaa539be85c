"""Initial weights."""

from __future__ import annotations

from typing import Literal

from torch import nn

Weights = Literal["normal", "xavier"]


def initialise(network: nn.Module, weights: Weights = "normal") -> None:
    """Draw the weights of convolutions and linear layers and set biases to zero.

    Parameters
    ----------
    network
        Its layers are changed in place.
    weights
        normal: from N(0, 0.02) (Radford, Metz, Chintala, ICLR 2016; kept by CycleGAN);
        xavier: Xavier's normal distribution with a gain of 0.02 (CUT's code).
    """
    kinds = nn.Conv2d | nn.Conv3d | nn.ConvTranspose2d | nn.ConvTranspose3d | nn.Linear
    for module in network.modules():
        if isinstance(module, kinds):
            if weights == "normal":
                nn.init.normal_(module.weight, 0.0, 0.02)
            else:
                nn.init.xavier_normal_(module.weight, gain=0.02)
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
