"""The classes of a data folder: as `dataset.yaml`, masks or label values name them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_uda.core.errors import UserError
from napari_uda.core.io.labels import read_labels

from .domain import IGNORE, PALETTE, Structure

if TYPE_CHECKING:
    from .domain import DomainName, Sample
    from .folders import FolderConfig

MOST_CLASSES = 32
"""Label files with more distinct values than this look like instance labels."""


def folder_classes(
    config: FolderConfig,
    samples: list[Sample],
    overlapping: bool,
    name: DomainName,
    lenient: bool,
) -> dict[int, Structure]:
    """Return the classes of a folder by their label values.

    Parameters
    ----------
    config, samples, overlapping, name
        The `dataset.yaml` of the folder, its samples, whether there is a mask for each
        structure, and which domain it holds.
    lenient
        Whether to pass over label files that cannot be used.

    Raises
    ------
    UserError
        If labels cannot be read, or hold so many values that they must be instances.
    """
    if config.classes:
        return {
            raw: item
            if isinstance(item, Structure)
            else Structure(name=item, color=PALETTE[i % len(PALETTE)])
            for i, (raw, item) in enumerate(config.classes.items())
        }
    if config.membrane_width is not None:
        return {1: Structure(name="membrane", color=PALETTE[0])}
    if overlapping:
        masks = [s.labels for s in samples if isinstance(s.labels, dict)]
        return _named(dict(enumerate(sorted(set().union(*masks)), start=1)))
    if name == "target":
        return {}
    found = (_values(sample, lenient) for sample in samples)
    values = sorted(set().union(*found) - {0})
    if len(values) > 1 and IGNORE in values:
        values.remove(IGNORE)
    if len(values) > MOST_CLASSES:
        raise UserError(
            f"the source labels hold {len(values)} different values, which looks like "
            "instances: list classes in dataset.yaml, or set membrane_width (nm)."
        )
    return _named(
        {v: "foreground" if len(values) == 1 else f"class {v}" for v in values}
    )


def check_masks(
    classes: dict[int, Structure], samples: list[Sample], folder: Path
) -> None:
    """Raise a UserError if a class has no folder of masks."""
    masks = [sample.labels for sample in samples if isinstance(sample.labels, dict)]
    for item in classes.values():
        if not any(item.name in names for names in masks):
            raise UserError(
                f"{folder / 'dataset.yaml'} lists the class {item.name}, but there are "
                f"no masks in labels/{item.name}/: the names of classes and of folders "
                "in labels/ must be equal."
            )


def _values(sample: Sample, lenient: bool) -> set[int]:
    if not isinstance(sample.labels, Path):
        return set()
    try:
        return set(map(int, np.unique(read_labels(sample.labels, sample.axes).data)))
    except UserError:
        if lenient:
            return set()
        raise


def _named(names: dict[int, str]) -> dict[int, Structure]:
    return {
        raw: Structure(name=name, color=PALETTE[i % len(PALETTE)])
        for i, (raw, name) in enumerate(names.items())
    }
