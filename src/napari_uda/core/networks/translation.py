"""Generators and discriminators as the settings of a method want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.optim import Adam

from .local_discriminator import LocalDiscriminator
from .patch_discriminator import PatchDiscriminator
from .resnet_generator import ResnetGenerator
from .skip_generator import SkipGenerator
from .unet import pooling_strides

if TYPE_CHECKING:
    from torch import nn

    from napari_uda.core.spec.methods import GeneratorConfig


def new_generator(config: GeneratorConfig, channels: int) -> nn.Module:
    """Return a fresh generator from images of `channels` channels to such images."""
    if config.generator == "resnet":
        return new_resnet_generator(config, channels)
    return SkipGenerator(
        config.dims,
        channels,
        channels,
        config.generator_width,
        pooling_strides(config.patch_shape, 4),
        config.initial_weights,
        residual=config.generator_output == "change",
    )


def new_resnet_generator(config: GeneratorConfig, channels: int) -> ResnetGenerator:
    """Return a fresh residual generator, for methods that look at its features."""
    return ResnetGenerator(
        config.dims,
        channels,
        channels,
        config.generator_width,
        config.generator_blocks,
        pooling_strides(config.patch_shape, 3),
        config.upsampling,
        downsampling=config.downsampling,
        weights=config.initial_weights,
        residual=config.generator_output == "change",
    )


def new_discriminator(config: GeneratorConfig, channels: int) -> nn.Module:
    """Return a fresh discriminator of what has `channels` channels."""
    if config.discriminator == "simgan":
        return LocalDiscriminator(
            config.dims, channels, config.discriminator_width, config.initial_weights
        )
    return PatchDiscriminator(
        config.dims,
        channels,
        config.discriminator_width,
        config.discriminator_layers,
        downsampling=config.downsampling,
        weights=config.initial_weights,
    )


def adam(config: GeneratorConfig, *networks: nn.Module) -> Adam:
    """Return one Adam over several networks with CycleGAN's beta1 of 0.5."""
    parameters = [p for network in networks for p in network.parameters()]
    return Adam(parameters, config.translation_learning_rate, betas=(0.5, 0.999))
