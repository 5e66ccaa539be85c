"""Masks and scores to files chosen by the user; nothing is replaced unasked."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget

from napari_uda.core.errors import UserError
from napari_uda.core.io import Geometry, suffix_of, write_labels

from .asking import ask_file, path_to_write
from .layers import from_layer_axes
from .predicted_scores import with_checkpoint
from .words import count_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_uda.core.metrics.report import Row
    from napari_uda.core.spec.run import RunFolder

    from .overlays import Overlay, Side
    from .predicting import PredictRequest, PredictResult
    from .scored import Scored

FORMATS = "TIFF (*.tif);;NIfTI (*.nii.gz);;NPY (*.npy)"
_SUFFIXES = {"TIFF": ".tif", "NIfTI": ".nii.gz", "NPY": ".npy"}
_OWN = (".tif", ".tiff", ".ome.tif", ".ome.tiff", ".nii", ".nii.gz", ".npy")


def save_masks(
    parent: QWidget,
    results: Sequence[PredictResult],
    overlays: Sequence[Overlay | None],
    side: Side,
    run: str,
) -> str:
    """Ask where to, and save the masks of a side as their layers hold them now.

    Parameters
    ----------
    parent
        Widget that asks.
    results, overlays
        What was predicted, and the layers that show it, if any.
    side
        Whose masks: those of the run or of the baseline.
    run
        What they are masks of, run and checkpoint, as the user knows them.

    Returns
    -------
    str
        What was done or what went wrong, in one sentence; empty if the user gave up.
    """
    files = _ask(parent, results, run)
    if not files:
        return ""
    try:
        for result, overlay, file in zip(results, overlays, files, strict=True):
            _write(result, current_labels(result, overlay, side), file)
            if overlay is not None:
                overlay.note_saved(side)
    except (UserError, OSError) as error:
        return f"The masks were not saved: {error}"
    where = files[0] if len(files) == 1 else files[0].parent
    return f"{count_text(len(files), 'mask')} of {run} saved to {where}."


def current_labels(
    result: PredictResult, overlay: Overlay | None, side: Side
) -> NDArray[np.uint8]:
    """Return the labels of a side, corrected by hand if they were painted on."""
    layers = [] if overlay is None else overlay.masks(side)
    if overlay is None or not layers:
        labels = result.labels if side == "after" else result.before
        assert labels is not None
        return labels
    arrays = [from_layer_axes(layer.data, overlay.axes) for layer in layers]
    return np.stack(arrays) if result.overlapping else np.asarray(arrays[0])


def write_scores(
    path: Path, rows: dict[RunFolder, tuple[str, int | None, list[Row]]]
) -> str:
    """Write the scores of several runs as CSV; return what was done.

    Parameters
    ----------
    path
        The file; the dialog has asked whether to replace it.
    rows
        Checkpoint, its step if it is known, and rows of each run.
    """
    from napari_uda.core.metrics.report import write_csv

    table = [
        {"run": run.id, "title": run.title, **row}
        for run, (checkpoint, step, one) in rows.items()
        for row in with_checkpoint(one, checkpoint, step)
    ]
    try:
        write_csv(table, path)  # type: ignore[arg-type]
    except OSError as error:
        return f"{path} cannot be written ({error.strerror}): choose another folder."
    return f"{count_text(len(table), 'score')} saved to {path}."


def save_scores(
    parent: QWidget, request: PredictRequest, scores: Sequence[Scored]
) -> str:
    """Ask where to, and save the scores of run and baseline.

    Parameters
    ----------
    parent
        Widget that asks.
    request
        What was predicted, with which runs.
    scores
        Scores of every image.

    Returns
    -------
    str
        What was done or what went wrong, in one sentence; empty if the user gave up.
    """
    path = ask_file(parent, "Scores", "scores.csv", "CSV (*.csv)")
    if path is None:
        return ""
    after = [row for item in scores for row in item.after]
    before = [row for item in scores for row in item.before]
    checkpoint, steps = request.checkpoint, scores[0].result.steps
    rows = {request.run: (checkpoint, steps[0], after)}
    if request.baseline is not None:
        rows[request.baseline] = (checkpoint, steps[1], before)
    return write_scores(path, rows)


def new_folder(parent: Path) -> Path:
    """Return a folder named after the time of day that is not there yet."""
    name = time.strftime("%Y-%m-%d_%H-%M-%S")
    path, number = parent / name, 1
    while path.exists():
        number += 1
        path = parent / f"{name}_{number}"
    return path


def _ask(parent: QWidget, results: Sequence[PredictResult], run: str) -> list[Path]:
    """Return a file for each result, or nothing."""
    if len(results) == 1 and not results[0].overlapping:
        start = f"{results[0].input.name}_mask{_suffix(results[0])}"
        name, kind = QFileDialog.getSaveFileName(
            parent, f"Save mask of {run}", start, FORMATS
        )
        if not name:
            return []
        path = Path(name)
        chosen = _SUFFIXES[kind.split(" ")[0]] if kind else ".tif"
        if suffix_of(path) in _OWN:
            return [path]
        found = path_to_write(parent, path.with_name(path.name + chosen))
        return [] if found is None else [found]
    name = QFileDialog.getExistingDirectory(parent, f"Folder for the masks of {run}")
    if not name:
        return []
    files = [Path(name) / f"{one.input.name}{_suffix(one)}" for one in results]
    there = [
        file
        for result, file in zip(results, files, strict=True)
        if any(one.exists() for one in _files(result, file))
    ]
    if there:
        answer = QMessageBox.question(
            parent,
            "Replace masks?",
            f"{count_text(len(there), 'mask')} of that name exist in {name}, such as "
            f"{there[0].name}. Replace them?",
        )
        if answer != QMessageBox.StandardButton.Yes:
            return []
    return files


def _suffix(result: PredictResult) -> str:
    if result.input.path is None:
        return ".tif"
    suffix = suffix_of(result.input.path)
    return suffix if suffix in _OWN else ".tif"


def _files(result: PredictResult, file: Path) -> list[Path]:
    if not result.overlapping:
        return [file]
    return [file.parent / item.name / file.name for item in result.classes.values()]


def _write(result: PredictResult, labels: NDArray[np.uint8], file: Path) -> None:
    layer, header = result.input.layer, result.volume.header
    geometry = header.geometry
    if len(geometry.voxel_size or ()) != len(header.shape):
        # A size along y and x alone is none of a volume.
        geometry = Geometry(None, None, geometry.affine)
    arrays = list(labels) if result.overlapping else [labels]
    for path, array in zip(_files(result, file), arrays, strict=True):
        like = header if layer is None else None
        write_labels(path, array, geometry, like=like, overwrite=True)
