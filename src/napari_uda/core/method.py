"""The interface of a method, and what it works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from torch import Tensor, nn

from napari_uda.core.networks.segmenters import new_segmenter
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
    labelled
        False where training sees no label of the domain at all, now or later: what
        would need one can be spared.
    """

    image: Tensor
    label: Tensor
    labelled: bool = True

    def first(self, count: int) -> Patch:
        """Return the first patches."""
        return Patch(self.image[:count], self.label[:count], self.labelled)


@dataclass(frozen=True)
class Batch:
    """Patches of the domains a method uses; equal shapes."""

    source: Patch
    target: Patch


def part(progress: float, begin: float, end: float) -> float:
    """Return how much of the stage from `begin` to `end` is done, in [0, 1]."""
    return min(1.0, max(0.0, (progress - begin) / (end - begin)))


class Stepper(Protocol):
    """What the engine offers to a method's step."""

    @property
    def progress(self) -> float:
        """Part of the training that is done, in [0, 1)."""

    def update(
        self, optimizer: str, loss: Tensor, progress: float | None = None
    ) -> None:
        """Minimise a loss by one step of the named optimiser.

        Its learning rate follows the schedule to `progress`, by default that of the
        whole training: a stage that has its own schedule gives its `part` of it.
        """


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
    """Keys that `step` may return, by the title of their plot."""
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
        return new_segmenter(self.config, self.task.channels, self.task.outputs)

    def optimizers(self) -> dict[str, Optimizer]:
        """Return the optimisers; no two share a parameter."""
        raise NotImplementedError

    def step(self, batch: Batch, engine: Stepper) -> dict[str, Tensor]:
        """Do one training step and return the unweighted losses, detached.

        A step need not have every loss: those of a later stage appear when it begins.
        """
        raise NotImplementedError

    def ready(self, progress: float) -> bool:
        """Tell whether the method can have adapted: before, no checkpoint is chosen."""
        return True

    def segment(self, image: Tensor) -> Tensor:
        """Return logits (N, outputs, *spatial) of images of the target domain."""
        raise NotImplementedError

    def segment_source(self, image: Tensor) -> Tensor:
        """Return logits of images of the source domain; by default as the target's."""
        return self.segment(image)

    def translate(self, image: Tensor, to: DomainName) -> Tensor:
        """Return images of the other domain with the look of `to`."""
        raise NotImplementedError
