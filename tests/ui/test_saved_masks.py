"""Saving masks writes what is shown: those of the run, or those of the baseline."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog

from napari_uda.core.io import read, write_labels
from predict_window import folder, predict, runs, viewer, widget

__all__ = ["folder", "runs", "viewer", "widget"]
RUN, BASELINE = "grl_01, best", "source_only_01, best"


@pytest.fixture
def titles():
    """Titles of the dialogs that asked where to."""
    return []


@pytest.fixture
def predicted(widget, qtbot, folder):
    """Predict both files with truth."""
    widget.show()
    widget.inputs.set_files([folder])
    widget.inputs.files.test_only.setChecked(False)
    predict(widget, qtbot)
    return widget


def paint(layer):
    layer.brush_size = 1
    layer.paint((0, 0), 5)


def save(widget, out, titles, monkeypatch):
    out.mkdir()

    def ask(_parent, title, *_):
        titles.append(title)
        return str(out)

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", ask)
    widget.save.click()
    return {file.name: file.read_bytes() for file in out.iterdir()}


def bytes_of(arrays, widget, out):
    """Return what files of these labels hold."""
    out.mkdir()
    for result, array in zip(widget._results, arrays, strict=True):
        header = result.volume.header
        file = out / f"{result.input.name}.tif"
        write_labels(file, array, header.geometry, like=header)
    return {file.name: file.read_bytes() for file in out.iterdir()}


def test_the_masks_of_the_side_that_is_shown_are_saved(
    viewer, predicted, tmp_path, titles, monkeypatch
):
    after = [np.array(one.labels) for one in predicted._results]
    before = [np.array(one.before) for one in predicted._results]
    paint(viewer.layers["a \N{MIDDLE DOT} grl_01"])
    after[0][0, 0] = 5
    assert not np.array_equal(after[1], before[1])
    found = save(predicted, tmp_path / "run", titles, monkeypatch)
    assert found == bytes_of(after, predicted, tmp_path / "wanted run")
    text = predicted.message.text()
    assert text == f"2 masks of {RUN} saved to {tmp_path / 'run'}."
    assert RUN in predicted.save.toolTip()
    predicted.shown.swap()
    assert BASELINE in predicted.save.toolTip()
    found = save(predicted, tmp_path / "baseline", titles, monkeypatch)
    assert found == bytes_of(before, predicted, tmp_path / "wanted baseline")
    text = predicted.message.text()
    assert text == f"2 masks of {BASELINE} saved to {tmp_path / 'baseline'}."
    assert titles == [f"Folder for the masks of {run}" for run in (RUN, BASELINE)]


@pytest.mark.parametrize("removed", [False, True])
def test_corrections_of_the_baseline_are_saved_with_it(
    viewer, predicted, tmp_path, titles, monkeypatch, removed
):
    predicted.shown.swap()
    before = [np.array(one.before) for one in predicted._results]
    paint(viewer.layers["a \N{MIDDLE DOT} source_only_01"])
    before[0][0, 0] = 5
    if removed:
        viewer.layers.remove("a \N{MIDDLE DOT} grl_01")
    found = save(predicted, tmp_path / "out", titles, monkeypatch)
    assert found == bytes_of(before, predicted, tmp_path / "wanted")


def test_saving_one_side_does_not_make_the_other_one_saved(
    viewer, predicted, qtbot, tmp_path, titles, monkeypatch
):
    mask = viewer.layers["a \N{MIDDLE DOT} grl_01"]
    paint(mask)
    predicted.shown.swap()
    save(predicted, tmp_path / "out", titles, monkeypatch)
    predict(predicted, qtbot)
    assert mask in viewer.layers
    assert mask.data[0, 0] == 5


def test_one_mask_is_asked_for_by_the_run(
    widget, qtbot, folder, tmp_path, titles, monkeypatch
):
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    file = tmp_path / "b.tif"

    def ask(_parent, title, *_):
        titles.append(title)
        return str(file), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    widget.shown.swap()
    widget.save.click()
    assert titles == [f"Save mask of {BASELINE}"]
    assert widget.message.text() == f"1 mask of {BASELINE} saved to {file}."
    np.testing.assert_array_equal(read(file).data, widget._results[0].before)
