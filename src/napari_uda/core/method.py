"""The interface of a method, and what it works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from torch import Tensor, nn

from napari_uda.core.networks.unet import UNet, pooling_strides
from napari_uda.core.spec.methods import MethodConfig

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from napari_uda.core.spec.domain import DomainName

C = TypeVar("C", bound=MethodConfig)


@dataclass(frozen=True)
class Task:
    """What is to be segmented.

    Attributes
    ----------
    dims
        2 or 3 spatial axes.
    channels
        Channels of an image.
    structures
        Names of the structures.
    overlapping
        Whether structures may overlap: one sigmoid each instead of a softmax.
    """

    dims: int
    channels: int
    structures: tuple[str, ...]
    overlapping: bool

    @property
    def outputs(self) -> int:
        """Channels of a segmenter."""
        return len(self.structures) + (not self.overlapping)


@dataclass(frozen=True)
class Patch:
    """Patches of one domain.

    Attributes
    ----------
    image
        (N, C, *spatial), float32 in [-1, 1].
    label
        (N, *spatial) indices, or (N, K, *spatial) masks; 255 is not labelled.
    """

    image: Tensor
    label: Tensor


@dataclass(frozen=True)
class Batch:
    """Patches of the domains a method uses; equal shapes."""

    source: Patch
    target: Patch


class Stepper(Protocol):
    """What the engine offers to a method's step."""

    @property
    def progress(self) -> float:
        """Part of the training that is done, in [0, 1)."""

    def update(self, optimizer: str, loss: Tensor) -> None:
        """Minimise a loss by one step of the named optimiser."""


class Method(nn.Module, Generic[C]):
    """A method: networks as children, optimisers, and one training step.

    Parameters
    ----------
    config
        Settings of the method.
    task
        What to segment.
    """

    domains: ClassVar[tuple[DomainName, ...]] = ("source", "target")
    """Domains that `step` looks at."""
    losses: ClassVar[dict[str, tuple[str, ...]]]
    """Keys that `step` returns, by the title of their plot."""
    averaged: ClassVar[tuple[str, ...]] = ("segmenter",)
    """Networks that predict and translate; averaged over training to do so."""
    judged_by: ClassVar[tuple[str, ...]] = ("information", "consistency", "morphology")
    """Label-free scores that choose the best checkpoint; empty: the last is best."""
    translates: ClassVar[tuple[DomainName, ...]] = ()
    """Looks that `translate` can produce."""

    def __init__(self, config: C, task: Task) -> None:
        super().__init__()
        self.config = config
        self.task = task

    def new_segmenter(self) -> nn.Module:
        """Return a fresh segmenter as the settings want it: images to logits."""
        config, task = self.config, self.task
        strides = pooling_strides(config.patch_shape, config.levels)
        return UNet(
            task.dims, task.channels, task.outputs, config.width, strides, config.norm
        )

    def optimizers(self) -> dict[str, Optimizer]:
        """Return the optimisers; no two share a parameter."""
        raise NotImplementedError

    def step(self, batch: Batch, engine: Stepper) -> dict[str, Tensor]:
        """Do one training step and return the unweighted losses, detached."""
        raise NotImplementedError

    def segment(self, image: Tensor) -> Tensor:
        """Return logits (N, outputs, *spatial) of images of the target domain."""
        raise NotImplementedError

    def segment_source(self, image: Tensor) -> Tensor:
        """Return logits of images of the source domain; by default as the target's."""
        return self.segment(image)

    def translate(self, image: Tensor, to: DomainName) -> Tensor:
        """Return images of the other domain with the look of `to`."""
        raise NotImplementedError
