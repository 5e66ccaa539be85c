"""Samples from disk to normalised arrays, memory-mapped where they are large."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_uda.core.errors import UserError
from napari_uda.core.io import NANOMETRES, read
from napari_uda.core.io.atomic import atomic_path
from napari_uda.core.spec.domain import IGNORE
from napari_uda.core.spec.geometry import sample_geometry

from .labels import label_indices, membranes, whole_numbers
from .normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.io import Volume
    from napari_uda.core.spec.domain import Dataset, Domain, DomainName, Sample


@dataclass(frozen=True)
class LoadedSample:
    """A sample ready for training or scoring.

    Attributes
    ----------
    name
        Name of the sample.
    image
        float32 (or memory-mapped float16) in [-1, 1], shape (y, x) or (z, y, x).
    labels
        Label indices, uint8, shape of the image, or (K, ...) where structures
        overlap; None if the labels may not be seen.
    """

    name: str
    image: NDArray[np.floating]
    labels: NDArray[np.uint8] | None


def load_samples(
    dataset: Dataset,
    domain: DomainName,
    samples: Iterable[Sample],
    *,
    may_see: Callable[[Sample], bool],
    cache: Path | None = None,
    memory: float = np.inf,
) -> list[LoadedSample]:
    """Load samples; labels only of those that `may_see` allows.

    Parameters
    ----------
    dataset, domain
        Where the samples belong.
    samples
        What to load.
    may_see
        Decides for each sample whether its labels are read at all.
    cache, memory
        Images that together exceed `memory` bytes are kept as memory-mapped float16
        files in `cache`.

    Raises
    ------
    UserError
        If a file cannot be read, or labels do not fit their image.
    """
    loaded, used = [], 0.0
    for sample in samples:
        volume = read(sample.image, axes=sample.axes)
        image = normalise(volume.data, dataset.domain(domain).normalise)
        factors = zoom_factors(dataset, domain, volume)
        if factors is not None:
            image = resample(image, factors)
        labels = None
        if sample.labels is not None and may_see(sample):
            labels = load_labels(dataset, domain, sample, volume)
            if factors is not None:
                labels = resample_labels(labels, factors)
        used += image.nbytes
        stored: NDArray[np.floating] = image
        if used > memory and cache is not None:
            stored = _mapped(image, cache / f"{domain}-{_key(image)}.npy")
        loaded.append(LoadedSample(sample.name, stored, labels))
    return loaded


def load_labels(
    dataset: Dataset, name: DomainName, sample: Sample, volume: Volume
) -> NDArray[np.uint8]:
    """Read the labels of a sample as label indices, before any resampling.

    Raises
    ------
    UserError
        If the labels do not fit the image or are no labels.
    """
    domain = dataset.domain(name)
    if isinstance(sample.labels, dict):
        if not dataset.overlapping:
            raise UserError(
                f"sample '{sample.name}' has one mask per structure, but the source "
                "has one label image: give both domains the same kind of labels."
            )
        planes = []
        for structure in dataset.structures:
            if structure.name not in sample.labels:
                planes.append(np.full(volume.data.shape, IGNORE, np.uint8))
                continue
            path = sample.labels[structure.name]
            mask = _read_like(path, sample, volume)
            planes.append((whole_numbers(mask, path.name) > 0).astype(np.uint8))
        return np.stack(planes)
    if sample.labels is None:
        raise UserError(f"sample '{sample.name}' has no labels: add a label file.")
    raw = _read_like(sample.labels, sample, volume)
    if (width := domain.membrane_width) is not None:
        size, unit = voxel_size(domain, volume)
        if size is None or unit is None:
            raise UserError(
                f"membranes of {width:g} nm need a pixel size, but '{sample.name}' has "
                "none: add voxel_size and unit to dataset.yaml."
            )
        in_nm = tuple(side * NANOMETRES[unit] for side in size)
        return membranes(whole_numbers(raw, sample.labels.name), width, in_nm)
    indices = label_indices(raw, dataset.label_indices(name), sample.labels.name)
    if not dataset.overlapping:
        return indices
    masks = [indices == i + 1 for i in range(len(dataset.structures))]
    return np.where(indices == IGNORE, IGNORE, masks).astype(np.uint8)


def voxel_size(
    domain: Domain, volume: Volume
) -> tuple[tuple[float, ...] | None, str | None]:
    """Return the voxel size and unit of a sample of a domain.

    A domain that gives only y, x for its volumes has no size along z.
    """
    geometry = sample_geometry(volume.header, domain)
    return geometry.voxel_size, geometry.unit


def zoom_factors(
    dataset: Dataset, name: DomainName, volume: Volume
) -> tuple[float, ...] | None:
    """Return the zoom of each axis to the working voxel size, or None for none.

    Raises
    ------
    UserError
        If resampling is asked for but the voxel size is not known.
    """
    if dataset.voxel_size is None:
        return None
    size, unit = voxel_size(dataset.domain(name), volume)
    if size is None or unit is None:
        raise UserError(
            f"{volume.header.path.name} has no voxel size, so it cannot be resampled: "
            "add voxel_size and unit to dataset.yaml, or remove data.voxel_size."
        )
    source_unit = dataset.source.unit or unit
    scale = NANOMETRES[unit] / NANOMETRES[source_unit]
    known = min(len(size), len(dataset.voxel_size), volume.data.ndim)
    factors = tuple(
        side * scale / wanted
        for side, wanted in zip(size[-known:], dataset.voxel_size[-known:], strict=True)
    )
    zoom = (1.0,) * (volume.data.ndim - known) + factors
    # At least one voxel must be left of a thin axis.
    return tuple(
        max(factor, 1 / side)
        for factor, side in zip(zoom, volume.data.shape, strict=True)
    )


def resample(
    image: NDArray[np.float32], factors: tuple[float, ...]
) -> NDArray[np.float32]:
    """Resample linearly; smoothed first along axes that shrink."""
    if all(abs(factor - 1) < 1e-3 for factor in factors):
        return image
    sigma = [0.5 * max(0.0, 1 / factor - 1) for factor in factors]
    smooth = ndimage.gaussian_filter(image, sigma) if any(sigma) else image
    zoomed = ndimage.zoom(smooth, factors, order=1, mode="nearest", grid_mode=True)
    return np.asarray(zoomed, np.float32)


def resample_labels(
    labels: NDArray[np.uint8], factors: tuple[float, ...]
) -> NDArray[np.uint8]:
    """Resample labels to the nearest voxel; leading channels are left alone."""
    if all(abs(factor - 1) < 1e-3 for factor in factors):
        return labels
    channels = (1.0,) * (labels.ndim - len(factors))
    zoomed = ndimage.zoom(
        labels, (*channels, *factors), order=0, mode="nearest", grid_mode=True
    )
    return np.asarray(zoomed, np.uint8)


def _read_like(path: Path, sample: Sample, volume: Volume) -> NDArray[np.generic]:
    labels = read(path, axes=sample.axes).data
    if labels.shape != volume.data.shape:
        raise UserError(
            f"the labels {path.name} have shape {_by(labels.shape)}, but their image "
            f"{sample.image.name} has {_by(volume.data.shape)}: both must be equal."
        )
    return labels


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _key(image: NDArray[np.float32]) -> str:
    digest = hashlib.blake2b(str(image.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def _mapped(image: NDArray[np.float32], path: Path) -> NDArray[np.floating]:
    # The name tells the content, so a copy that is in use is never replaced: Windows
    # would refuse.
    if not path.exists():
        with atomic_path(path) as temporary:
            np.save(temporary, image.astype(np.float16))
    mapped: NDArray[np.floating] = np.load(path, mmap_mode="r", allow_pickle=False)
    return mapped
