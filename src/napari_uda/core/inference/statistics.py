"""Instance normalisation of tiles with the statistics of the image they are from."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

NORMS = (nn.InstanceNorm2d, nn.InstanceNorm3d)


@contextmanager
def shared_statistics(
    network: nn.Module, forward: Callable[[Tensor], object], tiles: Tensor
) -> Iterator[None]:
    """Within, instance normalisation uses the mean and variance of a sample of tiles.

    Tiles that are normalised by themselves differ in brightness and contrast where they
    meet. Here the sample goes through the network once, every layer normalising all of
    it together as if it were one image, and what each layer then knows is kept.

    Parameters
    ----------
    network
        In evaluation mode; its layers return to what they were.
    forward
        Runs the network on a batch.
    tiles
        (N, C, *spatial), evenly spread over the image.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, NORMS)]
    layers = [layer for layer in layers if not layer.track_running_stats]

    def keep(layer: nn.InstanceNorm2d, given: tuple[Tensor]) -> None:
        features = given[0].float()
        axes = (0, *range(2, features.ndim))
        layer.running_mean = features.mean(axes)
        layer.running_var = features.var(axes, correction=0)
        layer.track_running_stats = True

    hooks = [layer.register_forward_pre_hook(keep) for layer in layers]
    try:
        forward(tiles)
        for hook in hooks:
            hook.remove()
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for layer in layers:
            layer.running_mean = layer.running_var = None
            layer.track_running_stats = False
