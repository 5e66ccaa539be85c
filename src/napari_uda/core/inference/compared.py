"""A prediction and the labels of a file, brought to the same label values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.data.labels import membranes
from napari_uda.core.errors import UserError
from napari_uda.core.io import NANOMETRES
from napari_uda.core.io.labels import read_labels
from napari_uda.core.metrics.report import score_volume
from napari_uda.core.spec.classes import MOST_CLASSES
from napari_uda.core.spec.domain import IGNORE
from napari_uda.core.spec.folders import FolderConfig, folder_config
from napari_uda.core.spec.geometry import geometry_of, whole_size

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.io import Geometry
    from napari_uda.core.metrics.report import Row


@dataclass(frozen=True)
class Compared:
    """A prediction and its truth as arrays with the same label values.

    Attributes
    ----------
    guess, truth
        Labels (*spatial), or masks (K, *spatial) if `overlapping`.
    classes
        Label value to name.
    size, unit
        Voxel size, if every axis has one.
    overlapping
        Whether there is one mask per structure.
    """

    guess: NDArray[Any]
    truth: NDArray[Any]
    classes: dict[int, str]
    size: tuple[float, ...] | None
    unit: str | None
    overlapping: bool = False

    def rows(self, image: str, *, surface: bool) -> list[Row]:
        """Score it, structure by structure."""
        ignore = None if 255 in self.classes and not self.overlapping else IGNORE
        return score_volume(
            self.guess, self.truth, self.classes, self.size, self.unit,
            self.overlapping, surface, image=image, ignore=ignore,
        )  # fmt: skip


def compare_labels(
    name: str,
    guess: NDArray[Any],
    truth: Path,
    classes: dict[int, str],
    config: FolderConfig,
    *,
    file: str = "",
    guessed: Geometry | None = None,
) -> Compared:
    """Bring predicted labels and the labels of a file together.

    Parameters
    ----------
    name
        Name of the image, for messages.
    guess
        Predicted labels (*spatial).
    truth
        True label file.
    classes
        Label value to name in the prediction; empty if not known.
    config
        The `dataset.yaml` of the truth.
    file
        File of the prediction, for messages.
    guessed
        Geometry of the prediction, for labels that do not say how large voxels are.

    Raises
    ------
    UserError
        If the file cannot be read, the prediction holds no labels, or they have no
        structure in common.
    """
    volume = read_labels(truth, config.axes)
    theirs = np.asarray(volume.data)
    geometry = geometry_of(volume.header, config, guessed)
    size, unit = whole_size(geometry, volume.data.ndim, config.unit)
    known = _names(config)
    if config.membrane_width is not None:
        theirs = _membranes(theirs, config.membrane_width, size, unit, name)
        known = {}
    classes = classes or known or _found(theirs)
    strange = set(np.unique(guess).tolist()) - {0, IGNORE, *classes}
    if len(strange) > MOST_CLASSES:
        raise UserError(
            f"{file or name} holds {len(strange)} values that are no class, as an "
            "image does: give the label files that predict wrote."
        )
    if known and not set(known.values()) & set(classes.values()):
        raise UserError(
            f"'{name}' has predictions of {', '.join(classes.values())}, but labels of "
            f"{', '.join(known.values())}: give equal structures equal names in "
            "dataset.yaml."
        )
    if known:
        theirs = _renumbered(theirs, known, classes)
    elif set(classes) == {1} and len(_found(theirs)) == 1:
        # One structure may have any value, such as 255, in the true labels.
        theirs = (theirs > 0).astype(np.uint8)
    return Compared(guess, theirs, classes, size, unit)


def compare_masks(
    name: str,
    guess: Mapping[str, NDArray[Any]],
    truth: Mapping[str, Path],
    config: FolderConfig,
    *,
    guessed: Geometry | None = None,
) -> Compared:
    """Bring predicted masks and mask files of structures together.

    Parameters
    ----------
    name
        Name of the image, for messages.
    guess
        Structure to mask (*spatial).
    truth
        Structure to mask file.
    config
        The `dataset.yaml` of the truth.
    guessed
        As in `compare_labels`.

    Raises
    ------
    UserError
        If they have no structure in common, or masks differ in shape.
    """
    names = [key for key in guess if key in truth]
    if not names:
        raise UserError(
            f"'{name}' has predictions of {', '.join(guess)}, but labels of "
            f"{', '.join(truth)}: give the folders of a structure equal names."
        )
    volumes = [read_labels(truth[key], config.axes) for key in names]
    shapes = {volume.data.shape for volume in volumes}
    shapes |= {guess[key].shape for key in names}
    if len(shapes) > 1:
        raise UserError(
            f"the masks of '{name}' have the shapes {' and '.join(map(str, shapes))}: "
            "predictions and labels must have equal shapes."
        )
    first = volumes[0]
    geometry = geometry_of(first.header, config, guessed)
    size, unit = whole_size(geometry, first.data.ndim, config.unit)
    mine = np.stack([np.asarray(guess[key] > 0, np.uint8) for key in names])
    theirs = np.stack([np.asarray(v.data > 0, np.uint8) for v in volumes])
    named = dict(enumerate(names, start=1))
    return Compared(mine, theirs, named, size, unit, overlapping=True)


def dataset_config(labels: Path) -> FolderConfig:
    """Return the `dataset.yaml` of a label file or folder, or an empty one."""
    for folder in (labels, *list(labels.absolute().parents)[:2]):
        if (folder / "dataset.yaml").is_file():
            return folder_config(folder)
    return FolderConfig()


def _membranes(
    labels: NDArray[Any],
    width: float,
    size: tuple[float, ...] | None,
    unit: str | None,
    name: str,
) -> NDArray[np.uint8]:
    if size is None or unit is None:
        raise UserError(
            f"membranes of {width:g} nm need a pixel size, but '{name}' has none: add "
            "voxel_size and unit to dataset.yaml."
        )
    return membranes(labels, width, tuple(side * NANOMETRES[unit] for side in size))


def _names(config: FolderConfig) -> dict[int, str]:
    return {
        raw: item if isinstance(item, str) else item.name
        for raw, item in config.classes.items()
    }


def _found(labels: NDArray[Any]) -> dict[int, str]:
    values = [int(value) for value in np.unique(labels) if value != 0]
    return {v: "foreground" if len(values) == 1 else f"class {v}" for v in values}


def _renumbered(
    labels: NDArray[Any], known: dict[int, str], classes: dict[int, str]
) -> NDArray[Any]:
    """Give structures the raw values that the predictions use, matched by name."""
    by_name = {name: raw for raw, name in classes.items()}
    result = np.zeros_like(labels)
    if 255 not in known:
        result[labels == 255] = 255
    for raw, name in known.items():
        if name in by_name:
            result[labels == raw] = by_name[name]
    return result
