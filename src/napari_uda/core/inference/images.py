"""Image files that go through a model, and where their results go."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_uda.core.errors import UserError
from napari_uda.core.io import (
    NANOMETRES,
    Geometry,
    is_image,
    read,
    stem_of,
    suffix_of,
)
from napari_uda.core.spec.folders import domain_from_folder, fingerprint
from napari_uda.core.spec.geometry import file_geometry
from napari_uda.core.spec.typed import file_axes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from napari_uda.core.io import Volume
    from napari_uda.core.spec.domain import DomainName
    from napari_uda.core.spec.experiment import Experiment

    from .model import Model

WRITABLE = (".tif", ".tiff", ".ome.tif", ".ome.tiff", ".nii", ".nii.gz", ".npy", ".npz")


@dataclass(frozen=True)
class Progress:
    """Part of an image that is done."""

    image: str
    done: int
    total: int


class Opened(NamedTuple):
    """An image that was read.

    Attributes
    ----------
    path, volume
        The file and its content.
    place
        Where results lie: arguments of `write_image` and `write_labels`.
    size
        Voxel size in the unit that the experiment resamples in.
    began
        When it was begun to read.
    tell
        To be called with what is done and the total.
    """

    path: Path
    volume: Volume
    place: dict[str, Any]
    size: tuple[float, ...] | None
    began: float
    tell: Callable[[int, int], None]


def find_images(given: Sequence[Path], split: str | None = None) -> list[Path]:
    """Return the image files of files and folders.

    Parameters
    ----------
    given
        Image files, or folders with images in them or in their `images/`.
    split
        Keep only the samples of this split of a folder's dataset.yaml.

    Raises
    ------
    UserError
        If something does not exist or a folder holds no images.
    """
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            if split is not None or (path / "images").is_dir():
                samples = domain_from_folder(path, "target").samples
                wanted = [s.image for s in samples if split in (None, s.split)]
            else:
                wanted = [p for p in sorted(path.iterdir()) if is_image(p)]
            if not wanted:
                raise UserError(
                    f"{path} holds no images{f' of split {split}' if split else ''}: "
                    "give a folder with TIFF, NIfTI, PNG or NPY files."
                )
            found += wanted
        elif path.exists():
            found.append(path)
        else:
            raise UserError(f"{path} does not exist: give image files or folders.")
    stems = [stem_of(path) for path in found]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise UserError(
            f"several images have the stem {', '.join(twice[:3])}: their results would "
            "overwrite each other; predict them into different folders."
        )
    return found


def of_other_domain(
    experiment: Experiment, files: Sequence[Path], domain: DomainName
) -> list[Path]:
    """Return the files that an experiment knows as images of the other domain alone.

    Parameters
    ----------
    experiment
        Its samples are known by their fingerprints, wherever the files are.
    files
        Image files that are said to be of `domain`.
    domain
        Where the images should come from.
    """
    other: DomainName = "source" if domain == "target" else "target"
    mine, theirs = (
        {sample.fingerprint for sample in experiment.data.domain(name).samples}
        for name in (domain, other)
    )
    return [path for path in files if fingerprint(path) in theirs - mine]


def opened(
    model: Model,
    files: Sequence[Path],
    domain: DomainName,
    report: Callable[[Any], None] | None,
    *,
    size: tuple[float, ...] | None,
    unit: str | None,
    axes: str | None,
) -> Iterator[Opened]:
    """Read image files, one at a time.

    Parameters
    ----------
    model
        What they go through.
    files
        Image files of `domain`.
    domain
        Where the images come from.
    report
        Called with the Progress that `tell` is told of.
    size, unit
        Voxel size of all images, whatever their files say.
    axes
        Which axis is which in all images; None: as `file_axes` says of each.

    Raises
    ------
    UserError
        If an image cannot be read.
    """
    for path in files:
        began = time.perf_counter()
        known = axes or file_axes(path, model.experiment.data.domain(domain))
        volume = read(path, axes=known)
        geometry = _geometry(model, domain, volume, size, unit)

        def tell(done: int, total: int, path: Path = path) -> None:
            if report is not None:
                report(Progress(str(path), done, total))

        place = _place(geometry, volume)
        side = working_size(model, geometry)
        yield Opened(path, volume, place, side, began, tell)


def _geometry(
    model: Model,
    domain: DomainName,
    volume: Volume,
    size: tuple[float, ...] | None,
    unit: str | None,
) -> Geometry:
    typed = None if size is None else Geometry(size, unit or "um")
    return file_geometry(volume.header, model.experiment.data.domain(domain), typed)


def _place(geometry: Geometry, volume: Volume) -> dict[str, Any]:
    """Return where results lie; a size along y and x alone is none of a volume."""
    known = geometry.voxel_size
    if known is not None and len(known) != volume.data.ndim:
        geometry = volume.header.geometry
    return {"geometry": geometry, "like": volume.header}


def working_size(model: Model, geometry: Geometry) -> tuple[float, ...] | None:
    """Return the voxel size in the unit that the experiment resamples in."""
    if geometry.voxel_size is None or geometry.unit is None:
        return None
    unit = model.experiment.data.source.unit or geometry.unit
    scale = NANOMETRES[geometry.unit] / NANOMETRES[unit]
    return tuple(side * scale for side in geometry.voxel_size)


def result_file(folder: Path, image: Path) -> Path:
    """Return the file for a result: the stem and, if it can be, format of its image."""
    suffix = suffix_of(image)
    return folder / f"{stem_of(image)}{suffix if suffix in WRITABLE else '.tif'}"


def check_free(image: Path, results: Sequence[Path], overwrite: bool) -> None:
    """Refuse before any work is done to write over a file, and ever over the image."""
    for file in results:
        if file.exists() and file.samefile(image):
            raise UserError(
                f"the result for {image} would replace the image itself: choose "
                "another folder for results."
            )
        if file.exists() and not overwrite:
            raise UserError(
                f"{file} exists: choose another folder, or add --overwrite."
            )
