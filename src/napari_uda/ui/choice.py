"""What the user chose as one domain, and typed for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_uda.core.spec.typed import Typed

if TYPE_CHECKING:
    from pathlib import Path

    from napari.layers import Image, Labels, Layer

    from napari_uda.core.spec.domain import LabelsRole, Structure
    from napari_uda.core.spec.geometry import TypedSize


@dataclass(frozen=True, eq=False)
class LayerPair:
    """An image layer chosen as a sample, with its labels."""

    image: Image
    """The image."""
    labels: Labels | tuple[Labels, ...] | None = None
    """Its labels, or one mask per structure where structures overlap."""
    axes: str | None = None
    """Letter (z, y or x) of every array axis; empty: as `default_axes` says."""
    level: int = 0
    """Resolution level of a multiscale layer; 0 is the finest."""
    size: TypedSize | None = None
    """Voxel size that the user typed; None: as the layer says."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer of the pair."""
        return (self.image, *self.masks)

    @property
    def masks(self) -> tuple[Labels, ...]:
        """Its labels layers: none, one, or one per structure."""
        if self.labels is None:
            return ()
        return self.labels if isinstance(self.labels, tuple) else (self.labels,)


@dataclass(frozen=True, eq=False)
class DomainChoice:
    """What the user chose as one domain: a folder, or layers of the viewer."""

    folder: Path | None = None
    """Folder laid out by the folder convention."""
    layers: tuple[LayerPair, ...] = ()
    """Samples taken from the viewer, if there is no folder."""
    classes: dict[int, Structure] = field(default_factory=dict)
    """Raw label value to structure; of a folder, only what the user typed. Where
    structures of layers overlap, structure i belongs to the i-th mask of every pair."""
    labels_role: LabelsRole = "evaluate"
    """What target labels are for; the labels of the source always train."""
    size: TypedSize | None = None
    """Voxel size that the user typed for all its images; set it by `with_size`."""
    axes: str | None = None
    """Axes that the user chose for the files of a folder; layers have their own."""

    @property
    def empty(self) -> bool:
        """Whether nothing is chosen."""
        return self.folder is None and not self.layers

    @property
    def typed(self) -> Typed:
        """All that the user typed for it."""
        return Typed(self.size, self.axes, self.classes)

    def with_typed(self, typed: Typed) -> DomainChoice:
        """Return the same folder with what the user typed for it."""
        return replace(self, size=typed.size, axes=typed.axes, classes=typed.classes)

    def with_size(self, size: TypedSize | None) -> DomainChoice:
        """Return the same images with a voxel size that the user typed."""
        layers = tuple(replace(pair, size=size) for pair in self.layers)
        return replace(self, layers=layers, size=size)
