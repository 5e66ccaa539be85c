"""Does a translation keep the masks? What is compared with what, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_uda.core.spec.domain import IGNORE

from .file_samples import labelled_sample

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.io import Volume
    from napari_uda.core.spec.domain import Dataset, Structure
    from napari_uda.core.spec.typed import Typed

    from .snapshot import LayerData

Kind = Literal["mask Dice", "mask agreement"]
KINDS: tuple[Kind, ...] = ("mask Dice", "mask agreement")
"""With true labels; with what the segmenter finds in the original."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a judge found in an image and in its translation."""

    after: NDArray[Any]
    """Labels of the translation (z,) y, x; masks (K, (z,) y, x) where they overlap."""
    before: NDArray[Any] | None
    """The same of the image itself."""
    classes: Mapping[int, Structure]
    """Label value to structure."""
    overlapping: bool
    """Whether there is one mask per structure."""
    why: str = ""
    """Why there is nothing in `before`."""


@dataclass(frozen=True, eq=False)
class KeptMasks:
    """Masks of a translation, and what they should be."""

    kind: Kind
    """What they should be: true labels, or masks of the original."""
    found: NDArray[np.bool_]
    """Masks (K, (z,) y, x) in the translation."""
    wanted: NDArray[np.bool_]
    """Masks (K, (z,) y, x) that should be there."""
    ignored: NDArray[np.bool_] | None = None
    """Pixels (K, (z,) y, x) that do not count."""

    def dice(self, z: int | None) -> float:
        """Return the mean Dice over the structures in a slice; NaN where there is none.

        Parameters
        ----------
        z
            Number of the slice; None for a single image.
        """
        from napari_uda.core.metrics.overlap import count

        scores = []
        for k in range(len(self.found)):
            at = (k,) if z is None else (k, z)
            one, other = self.found[at], self.wanted[at]
            if self.ignored is not None:
                here = ~self.ignored[at]
                one, other = one & here, other & here
            scores.append(count(one, other).dice)
        known = [score for score in scores if not np.isnan(score)]
        return float(np.mean(known)) if known else float("nan")


def kept_masks(
    found: Found, labels: NDArray[Any] | None, data: Dataset
) -> KeptMasks | str:
    """Put the masks of a translation and what they should be side by side.

    Parameters
    ----------
    found
        What the judge found.
    labels
        True labels of the original as label indices ((z,) y, x), or masks
        (K, (z,) y, x) where structures overlap; 255 does not count. None without: then
        it is what the judge finds in the original that should be kept.
    data
        Data of the run that translates.

    Returns
    -------
    KeptMasks or str
        Or why there is nothing to compare, in one sentence.
    """
    names = [item.name for item in data.structures]
    after = _masks(found.after, found, names)
    if labels is not None:
        if data.overlapping:
            wanted = labels > 0
        else:
            wanted = np.stack([labels == index + 1 for index in range(len(names))])
        ignored = np.broadcast_to(labels == IGNORE, after.shape)
        return KeptMasks("mask Dice", after, wanted, ignored)
    if found.before is None:
        return found.why
    return KeptMasks("mask agreement", after, _masks(found.before, found, names))


def _masks(labels: NDArray[Any], found: Found, names: list[str]) -> NDArray[np.bool_]:
    """Return masks in the order of the run's structures."""
    values = {item.name: value for value, item in found.classes.items()}
    if found.overlapping:
        order = list(values)
        return np.stack([labels[order.index(name)] > 0 for name in names])
    return np.stack([labels == values[name] for name in names])


def labels_of_layer(layer: LayerData, data: Dataset) -> NDArray[Any] | None:
    """Return the labels of a source layer as `kept_masks` takes them.

    Raises
    ------
    UserError
        If the labels are no labels.
    """
    if not layer.labels:
        return None
    # scipy takes a moment to import: opening napari must stay fast.
    from napari_uda.core.data.labels import label_indices, membranes, whole_numbers
    from napari_uda.core.io import NANOMETRES

    from .layers import voxel_sides

    name = f"of {layer.name}"
    if data.overlapping:
        return np.stack([np.asarray(mask) for mask in layer.labels])
    labels = np.asarray(layer.labels[0])
    if data.source.membrane_width is None:
        return label_indices(labels, data.label_indices("source"), name)
    sides, unit = voxel_sides(layer), layer.unit
    nm = tuple(side * NANOMETRES[unit or "nm"] for side in sides or ())
    return membranes(whole_numbers(labels, name), data.source.membrane_width, nm)


def labels_of_file(
    path: Path, volume: Volume, data: Dataset, typed: Typed
) -> NDArray[Any] | None:
    """Return the labels of a source file as `kept_masks` takes them.

    Raises
    ------
    UserError
        If the labels are no labels.
    """
    from napari_uda.core.data.load import load_labels

    if (found := labelled_sample(path, data, "source", typed)) is None:
        return None
    dataset, sample = found
    return load_labels(dataset, "source", sample, volume)
