"""The main job without a window: train, predict, score, report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.api import evaluate, predict, train
from napari_uda.core.data.labels import label_indices
from napari_uda.core.data.load import load_labels
from napari_uda.core.errors import UserError
from napari_uda.core.io import read
from napari_uda.core.metrics.figures import (
    save_comparison,
    save_histograms,
    save_losses,
)
from napari_uda.core.metrics.html import write_report
from napari_uda.core.metrics.report import compare, write_csv
from napari_uda.core.spec.domain import IGNORE, Dataset, DomainName
from napari_uda.core.spec.events import Event, Resumed, Started, Step
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from napari_uda.core.metrics.report import Comparison, Row

DOMAINS: tuple[DomainName, ...] = ("source", "target")
SHOWN = 3
"""Test images in a report."""
BASELINE = "source_only"
STEPS = 250
"""Steps of each training: enough for the sample pair, minutes on two cores."""


def run_demo(
    data: Path,
    out: Path,
    method: str,
    follow: Callable[[Iterable[Event], RunFolder], int],
) -> tuple[Path, list[Comparison]] | None:
    """Compare a method with the source-only baseline on a pair of data folders.

    Parameters
    ----------
    data
        Folder with `source/` and `target/`; the target's test split has truth.
    out
        Folder for runs and report.
    method
        Name of the method.
    follow
        Consumes the events of a run and returns 0 if it went well.

    Returns
    -------
    tuple or None
        The report page and its table, or None if a training failed.

    Raises
    ------
    UserError
        If the folder holds runs already.
    """
    if method == BASELINE:
        raise UserError("the demo compares a method with source_only: choose another.")
    dataset = Dataset.from_folders(data / "source", data / "target")
    began = time.perf_counter()
    rows: dict[str, list[Row]] = {}
    for name in (BASELINE, method):
        run = RunFolder(out / "runs" / name)
        experiment = Experiment.preset(name, "quick", dataset, name=name, steps=STEPS)
        if follow(train(experiment, run.path), run):
            return None
        predict(run.path, [data / "target"], run.predictions, split="test")
        rows[name] = evaluate(run.predictions, data / "target")
        write_csv(rows[name], run.path / "scores.csv")
    seconds = time.perf_counter() - began
    runs = {name: RunFolder(out / "runs" / name) for name in rows}
    facts = {"training and prediction of both": f"{seconds:.0f} s"}
    page = report(
        dataset, runs[BASELINE], runs[method], rows[BASELINE], rows[method], facts
    )
    return page, compare(rows[method], rows[BASELINE])


def report(
    dataset: Dataset,
    before: RunFolder,
    after: RunFolder,
    rows_before: list[Row],
    rows_after: list[Row],
    facts: Mapping[str, object],
) -> Path:
    """Write the report of an adapted run beside its baseline into `after/report`."""
    folder = after.report
    experiment = after.experiment()
    kind = type(experiment.method)
    colors = {item.name: item.color for item in dataset.structures}
    rows = compare(rows_after, rows_before, colors=colors)
    worse = [
        row["class"]
        for row in rows
        if row["before"] is not None and row["after"] < row["before"]
    ]
    warnings = [
        f"The adapted model is worse than source-only on {name}." for name in worse
    ]
    return write_report(
        folder,
        title=f"{kind.title} beside source-only",
        summary={
            "method": f"{kind.title} ({kind.reference})",
            "steps": experiment.method.steps,
            "seed": experiment.training.seed,
            "test images": len(dataset.target.part("test")),
            "checkpoint": "best, chosen without target labels",
            **facts,
        },
        table=rows,
        figures=[
            *_comparisons(dataset, before, after),
            _losses(folder, after, kind.title),
            _histograms(folder, dataset),
        ],
        warnings=warnings,
        oracle=experiment.training.selection == "oracle",
    )


def _comparisons(
    dataset: Dataset, before: RunFolder, after: RunFolder
) -> list[tuple[str, str]]:
    names = {i: item.name for i, item in enumerate(dataset.structures, start=1)}
    colors = {i: item.color for i, item in enumerate(dataset.structures, start=1)}
    figures = []
    for sample in dataset.target.part("test")[:SHOWN]:
        if dataset.overlapping or not isinstance(sample.labels, Path):
            continue
        volume = read(sample.image)
        truth = load_labels(dataset, "target", sample, volume)
        first, second = (
            label_indices(
                read(run.predictions / sample.image.name).data,
                dataset.label_indices("source"),
                sample.name,
            )
            for run in (before, after)
        )
        z = _fullest(truth)
        save_comparison(
            after.report / f"{sample.name}.png",
            _plane(volume.data, z),
            _plane(truth, z),
            _plane(first, z),
            _plane(second, z),
            names,
            colors,
            f"Target test image {sample.name}",
        )
        caption = f"Target test image {sample.name}; the truth is drawn as a contour."
        figures.append((f"{sample.name}.png", caption))
    return figures


def _losses(folder: Path, run: RunFolder, name: str) -> tuple[str, str]:
    curves: dict[str, list[tuple[int, float]]] = {}
    groups: dict[str, tuple[str, ...]] = {}
    for event in run.history():
        if isinstance(event, Started | Resumed):
            groups = event.loss_groups
        elif isinstance(event, Step):
            for key, value in event.losses.items():
                curves.setdefault(key, []).append((event.step, value))
    save_losses(folder / "losses.png", curves, groups)
    return "losses.png", f"Losses of {name}, unweighted."


def _histograms(folder: Path, dataset: Dataset) -> tuple[str, str]:
    values = [
        np.concatenate(
            [
                np.asarray(read(sample.image).data).reshape(-1)[::7]
                for sample in dataset.domain(name).part("train")
            ]
        )
        for name in DOMAINS
    ]
    save_histograms(folder / "histograms.png", values[0], values[1])
    return "histograms.png", "Intensities of both domains before normalisation."


def _fullest(labels: NDArray[np.uint8]) -> int:
    """Return the slice of a volume with most structure; 0 for an image."""
    if labels.ndim == 2:
        return 0
    return int(np.argmax(((labels > 0) & (labels != IGNORE)).sum((1, 2))))


def _plane(array: NDArray[Any], z: int) -> NDArray[Any]:
    return np.asarray(array[z] if array.ndim == 3 else array)
