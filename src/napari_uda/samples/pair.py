"""What a sample pair is: two or more domains as arrays, however they were drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Labels = Sequence[NDArray[Any]] | Mapping[str, Sequence[NDArray[Any]]]


@dataclass(frozen=True)
class PairDomain:
    """One domain of a sample pair; the first `train` images are for training."""

    name: str
    """"source", "target", or a further target such as "target-b"; the folder's name."""
    images: Sequence[NDArray[Any]]
    """Images (y, x) or volumes (z, y, x): to the head, the back and the left."""
    labels: Labels
    """One label map per image or, where structures overlap, structure -> masks."""
    voxel_size: tuple[float, ...]
    """Size of a voxel (z,) y, x in `unit`."""
    unit: str
    """nm, um or mm."""
    classes: Mapping[int, Mapping[str, str]]
    """Label value -> name and color (#rrggbb); of masks, values are just numbers."""
    train: int
    """Number of images for training; the rest is for testing."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of `dataset.yaml`, such as normalise, slices or labels_role."""

    def __post_init__(self) -> None:
        """Make all arrays read-only, since drawn pairs are kept and shared."""
        for array in (*self.images, *(a for _, stack in self.stacks() for a in stack)):
            array.setflags(write=False)

    @property
    def overlapping(self) -> bool:
        """Whether structures overlap: one mask per structure."""
        return isinstance(self.labels, Mapping)

    def stacks(self) -> Iterator[tuple[str, Sequence[NDArray[Any]]]]:
        """Yield the label maps under an empty name, or each structure's masks."""
        if isinstance(self.labels, Mapping):
            yield from self.labels.items()
        else:
            yield "", self.labels

    @property
    def stems(self) -> list[str]:
        """Names of the images, unique over the domains of a pair."""
        return [f"{self.name}-{k:02d}" for k in range(len(self.images))]


class SamplePair(NamedTuple):
    """An entry of `SAMPLES`."""

    description: str
    """One line for lists."""
    modalities: tuple[str, ...]
    """Modality of each domain, such as CT; names the layers."""
    draw: Callable[[], tuple[PairDomain, ...]]
    """Draws the pair, always the same: source, target and perhaps further targets."""
