"""Pre-flight: what is wrong with the data, said before hours of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uda.core.io import Volume, read

from .inspect_domains import compare_domains, estimate_memory, summarise_domain
from .inspect_sample import inspect_sample
from .inspection import Inspection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.spec.domain import Dataset
    from napari_uda.core.spec.methods import MethodConfig

    from .inspect_sample import Reader
    from .inspection import SampleReport

MOST_PIXELS = 2_000_000
"""Intensities kept per domain for histograms."""
BINS = 256


def inspect(
    dataset: Dataset, method: MethodConfig | None = None, reader: Reader | None = None
) -> Inspection:
    """Look at every sample and compare the domains.

    Nothing that is wrong with the data raises: it is said in the result.

    Parameters
    ----------
    dataset
        Source and target.
    method
        Method to be trained; without it what depends on the method is left out.
    reader
        Reads an image or label file, given its path and axes; by default
        `napari_uda.core.io.read`.
    """
    return conclude(dataset, list(inspect_samples(dataset, method, reader)), method)


def inspect_samples(
    dataset: Dataset, method: MethodConfig | None = None, reader: Reader | None = None
) -> Iterator[SampleReport]:
    """Yield the report of each sample, source first, as soon as it is known.

    Takes what `inspect` takes.
    """
    for name in ("source", "target"):
        samples = dataset.domain(name).samples
        most = max(2_000, MOST_PIXELS // max(1, len(samples)))
        for sample in samples:
            yield inspect_sample(dataset, name, sample, method, reader or _read, most)


def conclude(
    dataset: Dataset,
    reports: Iterable[SampleReport],
    method: MethodConfig | None = None,
) -> Inspection:
    """Put the reports of all samples together and compare the domains."""
    reports = tuple(reports)
    source = [report for report in reports if report.domain == "source"]
    target = [report for report in reports if report.domain == "target"]
    stored_edges = _edges([_pixels(source), _pixels(target)])
    trained_edges = np.linspace(-1.0, 1.0, BINS // 4 + 1)
    summaries = [
        summarise_domain(part, _histograms(part, stored_edges, trained_edges))
        for part in (source, target)
    ]
    return Inspection(
        samples=reports,
        findings=tuple(compare_domains(dataset, reports, method, *summaries)),
        source=summaries[0],
        target=summaries[1],
        stored_edges=stored_edges,
        trained_edges=trained_edges,
        memory=estimate_memory(dataset, reports),
    )


def _read(path: Path, axes: str | None) -> Volume:
    return read(path, axes=axes)


def _pixels(reports: list[SampleReport]) -> NDArray[np.float32]:
    parts = [report.pixels for report in reports if report.pixels is not None]
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def _edges(values: list[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Return edges over the joint percentile range; whole numbers get whole bins."""
    values = [array for array in values if array.size]
    if not values:
        return np.linspace(0.0, 1.0, BINS + 1)
    limits = [np.percentile(array, (0.1, 99.9)) for array in values]
    low, high = float(np.min(limits)), float(np.max(limits))
    if all(np.array_equal(array, np.rint(array)) for array in values):
        low, high = np.floor(low), np.ceil(high)
        step = -(-(high - low + 1) // BINS)
        return np.arange(low - 0.5, high + step, step)
    return np.linspace(low, high if high > low else low + 1.0, BINS + 1)


def _histograms(
    reports: list[SampleReport],
    stored_edges: NDArray[np.float64],
    trained_edges: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the shares of intensities as stored and as training sees them."""
    pixels = _pixels(reports)
    if not pixels.size:
        return None
    random = np.random.default_rng(0)
    trained = np.zeros(len(trained_edges) - 1)
    for report in reports:
        if report.pixels is not None and report.pixels.size:
            values = np.asarray(report.pixels, np.float64)
            if np.array_equal(values, np.rint(values)):
                # Whole numbers would fall into some bins more often than in others.
                values = values + random.uniform(-0.5, 0.5, values.shape)
            low, high = report.limits
            scaled = (values - low) * (2.0 / (high - low)) - 1.0
            trained += np.histogram(np.clip(scaled, -1.0, 1.0), trained_edges)[0]
    stored = np.histogram(pixels, stored_edges)[0]
    return stored / pixels.size, trained / max(1.0, float(trained.sum()))
