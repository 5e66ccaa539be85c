"""Which sample of which domain an image file is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_uda.core.spec.folders import data_folder
from napari_uda.core.spec.typed import Typed, typed_domain

from .session import METADATA_KEY

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_uda.core.spec.domain import Dataset, DomainName, Sample

    from .session import Session


def labelled_sample(
    path: Path, dataset: Dataset, name: DomainName, typed: Typed
) -> tuple[Dataset, Sample] | None:
    """Find the labels that belong to an image file.

    Parameters
    ----------
    path
        The image.
    dataset
        Data of a run.
    name
        Domain that the image is of.
    typed
        What the user typed for it; its axes hold for the labels, too.

    Returns
    -------
    tuple or None
        The sample, and the data set to read its labels with: that of the run, or one
        with the folder of the file as the domain. None where there are no labels.

    Raises
    ------
    UserError
        If the folder of the file cannot be used.
    """
    for sample in dataset.domain(name).samples:
        if sample.image == path and sample.labels is not None:
            axes = typed.axes or sample.axes
            return dataset, sample.model_copy(update={"axes": axes})
    folder = data_folder(path)
    if not (folder / "labels").is_dir():
        return None
    domain = typed_domain(folder, name, typed)
    for sample in domain.samples:
        if sample.image == path and sample.labels is not None:
            return dataset.model_copy(update={name: domain}), sample
    return None


def domain_of_file(
    path: Path, session: Session, dataset: Dataset | None = None
) -> DomainName | None:
    """Return the domain that an image file is of, as far as it is known.

    Parameters
    ----------
    path
        The image.
    session
        Whose chosen folders are looked at first.
    dataset
        Data of a run, looked at next.
    """
    for domain, choice in session.choices.items():
        if choice.folder is not None and path.is_relative_to(choice.folder):
            return domain
    names: tuple[DomainName, ...] = ("source", "target")
    for name in names if dataset is not None else ():
        assert dataset is not None
        if any(sample.image == path for sample in dataset.domain(name).samples):
            return name
    return None


def file_of(image: Image) -> Path | None:
    """Return the file that a layer was read from, by us or by napari; None if none."""
    path = image.metadata.get(METADATA_KEY, {}).get("path") or image.source.path
    return Path(path) if path else None


def typed_for(files: list[Path], session: Session) -> Typed:
    """Return what was typed for the chosen folder that all these files are in."""
    for choice in session.choices.values():
        folder = choice.folder
        if folder and all(file.is_relative_to(folder) for file in files):
            return choice.typed
    return Typed()
