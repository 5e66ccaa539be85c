"""Scores of predictions against truth, before and after adaptation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.data.labels import label_indices, membranes, whole_numbers
from napari_uda.core.data.load import load_labels
from napari_uda.core.errors import UserError
from napari_uda.core.io import NANOMETRES, read
from napari_uda.core.metrics.overlap import difference_map
from napari_uda.core.metrics.report import score_volume
from napari_uda.core.spec.domain import IGNORE
from napari_uda.core.spec.geometry import whole_size

from .file_samples import labelled_sample
from .scored import Scored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_uda.core.io import Volume
    from napari_uda.core.metrics.report import Row
    from napari_uda.core.spec.domain import Dataset

    from .predicting import PredictResult


def score(
    results: list[PredictResult], truths: list[Any], dataset: Dataset
) -> Iterator[Scored | str]:
    """Yield the scores of each image; a sentence where it cannot be scored.

    Parameters
    ----------
    results
        Predictions.
    truths
        Labels as an array (z,) y, x for each result; None looks for labels of a file.
    dataset
        Data of the run.
    """
    for result, truth in zip(results, truths, strict=True):
        try:
            yield _score(result, truth, dataset)
        except Exception as error:
            yield f"{result.input.name} could not be scored: {error}"
            yield Scored(result, None, None)


def _score(result: PredictResult, truth: Any, dataset: Dataset) -> Scored:
    indices = (
        _from_file(result, dataset)
        if truth is None
        else _from_layer(np.asarray(truth), result, dataset)
    )
    if indices is None:
        return Scored(result, None, None)
    overlapping = result.overlapping
    true = indices if overlapping else _raw(indices, result)
    volume = result.volume
    size, unit = whole_size(
        volume.header.geometry, volume.data.ndim, dataset.target.unit
    )
    names = {
        (index if overlapping else value): item.name
        for index, (value, item) in enumerate(result.classes.items(), start=1)
    }

    sections = result.input.layer is not None and result.input.layer.sections

    def rows(labels: NDArray[np.uint8] | None) -> tuple[Row, ...]:
        if labels is None:
            return ()
        name = result.input.name
        if not sections:
            return tuple(
                score_volume(labels, true, names, size, unit, overlapping, image=name)
            )
        # Sections lie at no known distance, perhaps in no order: each for itself.
        side = size and size[-2:]
        return tuple(
            row
            for index, (one, other) in enumerate(zip(labels, true, strict=True))
            for row in score_volume(
                one, other, names, side, unit, image=f"{name} [{index}]"
            )
        )

    def errors(labels: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
        if labels is None:
            return None
        return difference_map(labels, true, overlapping=overlapping)

    return Scored(
        result,
        true,
        errors(result.labels),
        rows(result.labels),
        rows(result.before),
        errors(result.before),
    )


def _raw(indices: NDArray[np.uint8], result: PredictResult) -> NDArray[np.uint8]:
    table = np.zeros(IGNORE + 1, np.uint8)
    table[IGNORE] = IGNORE
    for index, value in enumerate(result.classes, start=1):
        table[index] = value
    return table[indices]


def _from_layer(
    truth: NDArray[Any], result: PredictResult, dataset: Dataset
) -> NDArray[np.uint8]:
    name = f"of {result.input.name}"
    shape = result.volume.data.shape
    if truth.shape != shape:
        raise UserError(
            f"the truth has shape {truth.shape}, but the image {shape}: choose the "
            "truth of this image"
        )
    if result.overlapping:
        raise UserError(
            "structures of this run overlap, but one layer holds one label per pixel: "
            "predict the files of a data folder with one mask per structure"
        )
    if dataset.source.membrane_width is not None:
        size, unit = whole_size(result.volume.header.geometry, result.volume.data.ndim)
        if size is None or unit is None:
            raise UserError("membranes need a voxel size: set scale and units")
        in_nm = tuple(side * NANOMETRES[unit] for side in size)
        width = dataset.source.membrane_width
        return membranes(whole_numbers(truth, name), width, in_nm)
    return label_indices(truth, dataset.label_indices("target"), name)


def _from_file(result: PredictResult, dataset: Dataset) -> NDArray[np.uint8] | None:
    """Find the labels that belong to a predicted file, or None."""
    path = result.input.path
    if path is None:
        return None
    if (found := labelled_sample(path, dataset, "target", result.input.typed)) is None:
        return None
    data, sample = found
    volume: Volume = read(path, axes=sample.axes)
    return load_labels(data, "target", sample, volume)
