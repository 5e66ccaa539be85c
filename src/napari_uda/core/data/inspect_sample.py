"""A close look at one sample: its image, its labels and whether they fit together."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from napari_uda.core.errors import UserError
from napari_uda.core.io import NANOMETRES
from napari_uda.core.spec.domain import IGNORE

from .inspect_size import size_problems
from .inspection import Problem, SampleReport
from .labels import membranes, whole_numbers
from .load import voxel_size
from .normalise import intensity_range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.io import Volume
    from napari_uda.core.spec.domain import Dataset, Domain, DomainName, Sample
    from napari_uda.core.spec.methods import MethodConfig

    from .inspection import Level, Role

    Reader = Callable[[Path, str | None], Volume]
    Array = NDArray[np.generic]

MOST_LISTED = 5
"""Unlisted label values named in a message."""


def inspect_sample(
    dataset: Dataset,
    name: DomainName,
    sample: Sample,
    method: MethodConfig | None,
    reader: Reader,
    most_pixels: int,
) -> SampleReport:
    """Look at one sample; whatever is wrong with it becomes a problem of its report.

    Parameters
    ----------
    dataset, name, sample
        The sample and where it belongs.
    method
        Method to be trained, or None.
    reader
        Reads an image or label file, given its path and axes.
    most_pixels
        About how many intensities to keep for histograms.
    """
    role: Role = "unlabelled" if sample.labels is None else sample.labels_role
    basis = SampleReport(name, sample.name, sample.split, role)
    try:
        volume = reader(sample.image, sample.axes)
        data = np.asanyarray(volume.data)
        pixels, problems = _intensities(data, most_pixels)
    except (UserError, OSError, ValueError, MemoryError) as error:
        return _with(basis, problems=(_unreadable(sample.image, error),))

    domain = dataset.domain(name)
    size, unit = voxel_size(domain, volume)
    if size is not None and domain.slices == "z":
        size = size[-2:]
    problems += [
        Problem("note", "read", f"{note[:1].upper()}{note[1:]}.")
        for note in volume.header.notes
    ]
    problems += _shape_problems(data.shape, method)
    problems += size_problems(dataset, name, volume)
    counts: dict[str, int] = {}
    labelled = 0
    if sample.labels is None:
        if name == "source":
            problems.append(
                Problem(
                    "error",
                    "no_labels",
                    "it has no labels, but the source trains the segmenter: choose "
                    "its labels or remove the image.",
                )
            )
    else:
        counts, labelled, found = _labels(dataset, name, sample, volume, reader)
        problems += found
    return _with(
        basis,
        problems=tuple(problems),
        shape=data.shape,
        axes=volume.header.axes,
        dtype=str(data.dtype.newbyteorder("=")),
        voxel_size=size,
        unit=unit,
        orientation=_orientation(volume),
        counts=counts,
        labelled=labelled,
        pixels=pixels,
        limits=intensity_range(data, domain.normalise),
        key=_key(data.shape, pixels),
    )


def _with(report: SampleReport, **changes: object) -> SampleReport:
    return SampleReport(**(vars(report) | changes))


def _unreadable(path: Path, error: Exception) -> Problem:
    if isinstance(error, UserError):
        return Problem("error", "unreadable", str(error))
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return Problem(
        "error",
        "unreadable",
        f"{path} cannot be read ({reason[0].rstrip('.')}): check or replace the file.",
    )


def _intensities(
    data: Array, most_pixels: int
) -> tuple[NDArray[np.float32], list[Problem]]:
    """Return a regular subset of the intensities, and what is wrong with them."""
    problems = []
    if data.dtype.kind == "f" and (bad := sum(_not_finite(data))):
        problems.append(
            Problem(
                "warning",
                "not_finite",
                f"{bad:,} of {data.size:,} pixels are NaN or infinite, which train as "
                "black (infinite ones as white): mend the image if they are many.",
            )
        )
    low, high = _extremes(data)
    if low == high:
        problems.append(
            Problem(
                "warning",
                "constant",
                f"every pixel is {low:g}, so there is nothing to learn: remove the "
                "image or check how it was saved.",
            )
        )
    pixels = _subset(data, most_pixels).astype(np.float32)
    return pixels[np.isfinite(pixels)], problems


def _not_finite(data: Array) -> Iterator[int]:
    for block in _blocks(data):
        yield int(np.count_nonzero(~np.isfinite(block)))


def _blocks(data: Array) -> Iterator[Array]:
    """Yield slices, so that no copy is as large as a volume."""
    yield from (data if data.ndim == 3 else (data,))


def _extremes(data: Array) -> tuple[float, float]:
    """Return the range of the finite values, read no further than two differ."""
    low, high = np.inf, -np.inf
    for block in _blocks(data):
        finite = block[np.isfinite(block)] if block.dtype.kind == "f" else block
        if finite.size:
            low = min(low, float(finite.min()))
            high = max(high, float(finite.max()))
        if low < high:
            break
    return (low, high) if low <= high else (0.0, 0.0)


def _subset(data: Array, most: int) -> Array:
    """Return about `most` pixels on a regular grid, without touching the others."""
    step = max(1, int(np.ceil((data.size / most) ** (1 / data.ndim))))
    steps = [min(step, max(1, side // 4)) for side in data.shape]
    return np.asarray(data[tuple(slice(None, None, one) for one in steps)]).ravel()


def _key(shape: tuple[int, ...], pixels: NDArray[np.float32]) -> str:
    if not pixels.size or pixels.min() == pixels.max():
        return ""
    digest = hashlib.blake2b(repr(shape).encode(), digest_size=16)
    digest.update(pixels.tobytes())
    return digest.hexdigest()


def _shape_problems(
    shape: tuple[int, ...], method: MethodConfig | None
) -> list[Problem]:
    problems = []
    if len(shape) == 3 and shape[0] == 1 and (method is None or method.dims == 2):
        problems.append(
            Problem(
                "note", "one_slice", "it has one slice only: it can be trained in 2D."
            )
        )
    if method is None:
        return problems
    patch = method.patch_shape
    if method.dims == 3 and len(shape) == 2:
        return [
            Problem(
                "error",
                "not_3d",
                f"it is a single image of {_by(shape)} px, but dims = 3 trains on "
                "volumes: choose dims = 2, or use stacks.",
            )
        ]
    if method.dims == 3 and shape[0] < patch[0]:
        few = "only one slice" if shape[0] == 1 else f"only {shape[0]} slices"
        problems.append(
            Problem(
                "warning",
                "thin",
                f"it has {few}, fewer than patch_depth = {patch[0]}, and is padded: "
                f"choose dims = 2, or patch_depth of at most {shape[0]}.",
            )
        )
    smallest = min(shape[-2:])
    if smallest < patch[-1]:
        problems.append(
            Problem(
                "warning",
                "small",
                f"it is {_by(shape[-2:])} px, smaller than patch_size = {patch[-1]}, "
                f"and is padded: choose patch_size of at most {smallest}.",
            )
        )
    return problems


def _labels(
    dataset: Dataset, name: DomainName, sample: Sample, volume: Volume, reader: Reader
) -> tuple[dict[str, int], int, list[Problem]]:
    """Count the pixels of each structure; also those labelled, and what is wrong."""
    shape = volume.data.shape
    paths = sample.labels if isinstance(sample.labels, dict) else {"": sample.labels}
    arrays: dict[str, Array] = {}
    for key, path in paths.items():
        assert path is not None
        try:
            array = np.asanyarray(reader(path, sample.axes).data)
            if array.shape != shape:
                raise UserError(
                    f"its labels {path.name} are {_by(array.shape)} px, but the image "
                    f"is {_by(shape)} px: both must be equal; choose labels drawn on "
                    "this image, or resample them."
                )
            arrays[key] = whole_numbers(array, path.name)
        except (UserError, OSError, ValueError, MemoryError) as error:
            problem = _unreadable(path, error)
            return {}, 0, [Problem("error", "labels", problem.message)]
    domain = dataset.domain(name)
    if isinstance(sample.labels, dict):
        return _masks(dataset, arrays)
    if domain.membrane_width is not None:
        return _membranes(domain, arrays[""], volume)
    classes = domain.classes or dataset.source.classes
    values = _value_counts(arrays[""])
    ignored = values.pop(IGNORE, 0) if IGNORE not in classes else 0
    counts = {item.name: values.get(raw, 0) for raw, item in classes.items()}
    problems = []
    unlisted = sorted(set(values) - {0} - set(classes))
    if unlisted:
        more = ", ..." if len(unlisted) > MOST_LISTED else ""
        listed = ", ".join(map(str, unlisted[:MOST_LISTED])) + more
        known = ", ".join(map(str, classes))
        problems.append(
            Problem(
                "warning",
                "unlisted",
                f"its labels hold {listed}, but the classes are {known}: other values "
                "count as background; list them as classes if they are structures.",
            )
        )
    if not any(counts.values()):
        problems.append(_empty("note" if ignored else "warning"))
    return counts, sum(values.values()), problems


def _empty(level: Level) -> Problem:
    return Problem(
        level,
        "empty_labels",
        "its labels hold no structure at all, only background: check that they belong "
        "to this image.",
    )


def _masks(
    dataset: Dataset, arrays: dict[str, Array]
) -> tuple[dict[str, int], int, list[Problem]]:
    names = [item.name for item in dataset.structures]
    counts = {key: int(np.count_nonzero(array)) for key, array in arrays.items()}
    problems = []
    if missing := [name for name in names if name not in arrays]:
        problems.append(
            Problem(
                "warning",
                "missing_mask",
                f"it has no mask for {', '.join(missing)}, so its pixels are left out "
                "for that: add a mask, empty if the structure is not there.",
            )
        )
    if not any(counts.values()):
        problems.append(_empty("warning"))
    return counts, next(iter(arrays.values())).size, problems


def _membranes(
    domain: Domain, instances: Array, volume: Volume
) -> tuple[dict[str, int], int, list[Problem]]:
    """Count membrane pixels of one section, which tells enough."""
    width = domain.membrane_width or 0.0
    size, unit = voxel_size(domain, volume)
    if size is None or unit is None:
        return (
            {},
            0,
            [
                Problem(
                    "error",
                    "no_voxel_size",
                    f"membranes of {width:g} nm need a pixel size, but it has none: "
                    "give its voxel size and unit.",
                )
            ],
        )
    section = instances if instances.ndim == 2 else instances[len(instances) // 2]
    in_nm = tuple(side * NANOMETRES[unit] for side in size)
    drawn = membranes(np.asarray(section, np.int64), width, in_nm)
    return {"membrane": int(drawn.sum())}, drawn.size, []


def _value_counts(labels: Array) -> dict[int, int]:
    """Count how often each value occurs."""
    counts: dict[int, int] = {}
    for block in _blocks(labels):
        if block.size and int(block.max()) <= 65_535:
            table = np.bincount(block.ravel().astype(np.uint16, copy=False))
            found = [(int(value), int(table[value])) for value in np.flatnonzero(table)]
        else:
            values, often = np.unique(block, return_counts=True)
            found = list(zip(values.tolist(), often.tolist(), strict=True))
        for value, count in found:
            counts[value] = counts.get(value, 0) + count
    return counts


def _orientation(volume: Volume) -> str:
    affine = volume.header.geometry.affine
    if affine is None:
        return ""
    from nibabel.orientations import aff2axcodes

    codes = aff2axcodes(affine)  # type: ignore[no-untyped-call]
    return "".join(code or "?" for code in codes)


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
