"""What the user typed for the images of a folder; nothing is written into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .folders import data_folder, domain_from_folder, fingerprint, folder_config
from .geometry import with_typed_size

if TYPE_CHECKING:
    from pathlib import Path

    from .domain import Domain, DomainName, Structure
    from .geometry import TypedSize


@dataclass(frozen=True)
class Typed:
    """What goes before what the files and the `dataset.yaml` of a folder say."""

    size: TypedSize | None = None
    """Size of a voxel."""
    axes: str | None = None
    """Which axis of the files is which, a letter each, such as "zyx"."""
    classes: dict[int, Structure] = field(default_factory=dict)
    """Label value to name and colour; values that do not occur are passed over."""


def typed_domain(
    folder: Path, name: DomainName, typed: Typed, *, lenient: bool = False
) -> Domain:
    """Scan a folder into a domain as the user typed it.

    Parameters
    ----------
    folder, name, lenient
        As in `domain_from_folder`.
    typed
        What goes before what is found. Where structures overlap, the folders of their
        masks name them, and only colours count.

    Raises
    ------
    UserError
        If the folder is missing, empty, or its files do not fit together.
    """
    found = domain_from_folder(folder, name, lenient=lenient, axes=typed.axes)
    classes = {}
    for raw, item in found.classes.items():
        other = typed.classes.get(raw, item)
        named = {"name": item.name} if found.overlapping else {}
        classes[raw] = other.model_copy(update=named)
    found = found.model_copy(update={"classes": classes})
    return with_typed_size(found, typed.size)


def file_axes(path: Path, domain: Domain) -> str | None:
    """Return which axis is which in an image file, wherever it comes from.

    Parameters
    ----------
    path
        The image.
    domain
        Domain whose like the image is, such as the target of a run; its samples are
        known by their fingerprints.

    Returns
    -------
    str or None
        What the domain says of this image, else the `dataset.yaml` of its folder; None
        for what the file says.

    Raises
    ------
    UserError
        If that `dataset.yaml` cannot be used.
    """
    said = {one.fingerprint: one.axes for one in domain.samples if one.axes}
    known = said.get(fingerprint(path)) if said else None
    return known or folder_config(data_folder(path)).axes
