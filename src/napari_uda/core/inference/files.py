"""Prediction of image files: same stem, same format, same geometry."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.data.load import voxel_size
from napari_uda.core.errors import UserError
from napari_uda.core.io import (
    NANOMETRES,
    Geometry,
    is_image,
    read,
    stem_of,
    suffix_of,
    write_image,
    write_labels,
)
from napari_uda.core.io.atomic import atomic_write_text
from napari_uda.core.spec.folders import domain_from_folder

from .model import raw_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.io import Volume
    from napari_uda.core.spec.domain import DomainName

    from .model import Model

WRITABLE = (".tif", ".tiff", ".ome.tif", ".ome.tiff", ".nii", ".nii.gz", ".npy", ".npz")
SIDECAR = "predictions.json"


@dataclass(frozen=True)
class Progress:
    """Part of an image that is done."""

    image: str
    done: int
    total: int


@dataclass(frozen=True)
class Prediction:
    """What was written for an image.

    Attributes
    ----------
    image
        The image file.
    labels
        The label file, or one mask file per structure where they overlap.
    probability
        Probability of each structure, if asked for.
    uncertainty
        Entropy of the probabilities in [0, 1], if asked for.
    seconds
        Time taken.
    """

    image: str
    labels: str | dict[str, str]
    probability: dict[str, str] | None
    uncertainty: str | None
    seconds: float

    @property
    def files(self) -> list[str]:
        """The label files."""
        labels = self.labels
        return [labels] if isinstance(labels, str) else list(labels.values())


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


def predict_files(
    model: Model,
    images: Sequence[Path],
    out: Path,
    about: Mapping[str, str],
    report: Callable[[Progress | Prediction], None] | None = None,
    *,
    domain: DomainName = "target",
    split: str | None = None,
    probability: bool = False,
    uncertainty: bool = False,
    overwrite: bool = False,
    size: tuple[float, ...] | None = None,
    unit: str | None = None,
    axes: str | None = None,
) -> list[Prediction]:
    """Segment image files and write their labels.

    Parameters
    ----------
    model
        A trained model.
    images, split
        As in `find_images`.
    out
        Folder to write to.
    about
        Written to `predictions.json` in `out`, with the classes and files.
    report
        Called with progress and results.
    domain
        Where the images come from.
    probability, uncertainty
        Also write these as float32 images.
    overwrite
        Replace files that exist.
    size, unit
        Voxel size of images whose files do not say.
    axes
        Meaning of the images' axes, where the files do not say.

    Returns
    -------
    list[Prediction]
        In the order of the images.

    Raises
    ------
    UserError
        If an image cannot be read or segmented, or a file exists.
    """
    files = find_images(images, split)
    for path in files:
        check_free(path, _label_files(model, path, out), overwrite)
    results = []
    for path in files:
        began = time.perf_counter()
        volume = read(path, axes=axes)
        geometry = geometry_of(model, domain, volume, size, unit)
        place = place_of(geometry, volume)

        def tell(done: int, total: int, path: Path = path) -> None:
            if report is not None:
                report(Progress(str(path), done, total))

        chance = model.probabilities(
            volume.data, working_size(model, geometry), domain=domain, progress=tell
        )
        labels = _write_masks(model, path, out, chance, place, overwrite)
        structures = [item.name for item in model.experiment.data.structures]
        first = len(chance) - len(structures)
        maps = uncertain = None
        if probability:
            maps = {}
            for name, channel in zip(structures, chance[first:], strict=True):
                file = result_file(out / "probability" / name, path)
                write_image(file, channel, **place, overwrite=overwrite)
                maps[name] = str(file)
        if uncertainty:
            file = result_file(out / "uncertainty", path)
            entropy = uncertainty_map(chance, overlapping=first == 0)
            write_image(file, entropy, **place, overwrite=overwrite)
            uncertain = str(file)
        seconds = time.perf_counter() - began
        results.append(Prediction(str(path), labels, maps, uncertain, seconds))
        if report is not None:
            report(results[-1])
    _write_sidecar(model, out, about, results)
    return results


def uncertainty_map(
    chance: NDArray[np.float32], *, overlapping: bool
) -> NDArray[np.float32]:
    """Return the entropy of probabilities (C, *shape), scaled to [0, 1].

    For overlapping structures: the largest of their binary entropies.
    """
    if overlapping:
        binary = [
            uncertainty_map(np.stack([p, 1 - p]), overlapping=False) for p in chance
        ]
        return np.asarray(np.max(binary, axis=0))
    safe = np.clip(chance, 1e-7, 1.0)
    entropy = -(safe * np.log(safe)).sum(0) / np.log(len(chance))
    return np.asarray(np.clip(entropy, 0, 1), np.float32)


def geometry_of(
    model: Model,
    domain: DomainName,
    volume: Volume,
    size: tuple[float, ...] | None,
    unit: str | None,
) -> Geometry:
    """Return the geometry of an image: of its file, else as given or of the domain."""
    known = volume.header.geometry
    if known.voxel_size is None and size is not None:
        return Geometry(size[-volume.data.ndim :], unit or "um", known.affine)
    if known.voxel_size is None:
        found, its_unit = voxel_size(model.experiment.data.domain(domain), volume)
        return Geometry(found, its_unit, known.affine)
    return known


def place_of(geometry: Geometry, volume: Volume) -> dict[str, Any]:
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


def _label_files(model: Model, image: Path, out: Path) -> list[Path]:
    data = model.experiment.data
    folders = [out / s.name for s in data.structures] if data.overlapping else [out]
    return [result_file(folder, image) for folder in folders]


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


def _write_masks(
    model: Model,
    image: Path,
    out: Path,
    chance: NDArray[np.float32],
    place: dict[str, Any],
    overwrite: bool,
) -> str | dict[str, str]:
    labels = model.labels(chance)
    files = _label_files(model, image, out)
    masks = labels if model.experiment.data.overlapping else [labels]
    for file, mask in zip(files, masks, strict=True):
        write_labels(file, mask, **place, overwrite=overwrite)
    if not model.experiment.data.overlapping:
        return str(files[0])
    names = [structure.name for structure in model.experiment.data.structures]
    return dict(zip(names, map(str, files), strict=True))


def _write_sidecar(
    model: Model, out: Path, about: Mapping[str, str], results: list[Prediction]
) -> None:
    structures = model.experiment.data.structures
    content: dict[str, Any] = {
        **about,
        "method": model.experiment.method.name,
        "classes": {
            raw: structure.model_dump()
            for raw, structure in zip(
                raw_values(model.experiment), structures, strict=True
            )
        },
        "overlapping": model.experiment.data.overlapping,
        "predictions": [asdict(result) for result in results],
    }
    atomic_write_text(out / SIDECAR, json.dumps(content, indent=1))
