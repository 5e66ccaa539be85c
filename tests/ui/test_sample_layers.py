"""A double click on a sample of a folder shows it, and the other tabs know it."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox

from napari_uda.ui import data_widget as module
from napari_uda.ui.choice import DomainChoice
from napari_uda.ui.data_widget import DataWidget
from napari_uda.ui.predict_inputs import PredictInputs

CLASSES = (
    "classes:\n  1: {name: nucleus, color: '#3cb44b'}\nvoxel_size: [2, 3]\nunit: um"
)


@pytest.fixture
def pair(tmp_path):
    for seed, name in enumerate(("source", "target")):
        folder = tmp_path / name
        for part in ("images", "labels"):
            (folder / part).mkdir(parents=True)
        (folder / "dataset.yaml").write_text(CLASSES)
        for stem in ("one", "two"):
            pixels = np.random.default_rng(seed).integers(0, 255, (40, 30), np.uint8)
            tifffile.imwrite(folder / "images" / f"{stem}.tif", pixels)
            tifffile.imwrite(folder / "labels" / f"{stem}.tif", pixels // 128)
    return tmp_path


@pytest.fixture
def widget(make_napari_viewer, qtbot, pair, monkeypatch):
    monkeypatch.setattr(module, "WAIT", 1)
    widget = DataWidget(make_napari_viewer())
    qtbot.addWidget(widget)
    for name in ("source", "target"):
        widget.session.choose(name, DomainChoice(folder=pair / name))
    qtbot.waitUntil(lambda: widget.inspection is not None, timeout=20_000)
    widget.show()
    return widget


def open_row(widget, qtbot, row, layers):
    widget.table.selectRow(row)
    qtbot.keyClick(widget.table, Qt.Key.Key_Return)
    shown = widget.session.viewer.layers
    qtbot.waitUntil(lambda: len(shown) == layers, timeout=10_000)


def seen(widget):
    return [layer.name for layer in widget.session.viewer.layers if layer.visible]


def test_a_row_says_how_to_see_the_sample_and_shows_it(widget, qtbot):
    widget.table.selectRow(0)
    assert "double click" in widget.note.text()
    open_row(widget, qtbot, 0, layers=2)
    image, labels = widget.session.viewer.layers
    assert seen(widget) == ["source one", "source one labels"]
    assert tuple(image.scale) == tuple(labels.scale) == (2, 3)
    assert [str(unit) for unit in image.units] == ["micrometer"] * 2
    np.testing.assert_allclose(
        labels.get_color(1)[:3], (0x3C / 255, 0xB4 / 255, 0x4B / 255)
    )
    labels.data[0, 0] = 1  # a copy, to be painted on
    assert widget.session.choices["source"].folder is not None


def test_another_sample_takes_its_place_and_truth_stays_hidden(widget, qtbot):
    mine = widget.session.viewer.add_image(np.zeros((40, 30)), name="mine")
    open_row(widget, qtbot, 0, layers=3)
    open_row(widget, qtbot, 2, layers=5)
    assert seen(widget) == ["mine", "target one"]
    assert widget.session.viewer.layers[-1].name == "target one truth (held back)"
    widget.table.selectRow(0)
    qtbot.keyClick(widget.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "source one labels" in seen(widget), timeout=10_000)
    assert len(widget.session.viewer.layers) == 5
    assert mine.visible


def test_predict_finds_the_truth_of_an_opened_target(widget, qtbot):
    open_row(widget, qtbot, 2, layers=2)
    inputs = PredictInputs(widget.session)
    qtbot.addWidget(inputs)
    inputs.refresh()
    inputs.image.setLayer(widget.session.viewer.layers["target one"])
    assert inputs.truth.currentText() == "target one truth (held back)"


def test_a_file_that_is_gone_is_said(widget, qtbot, pair):
    for part in ("images", "labels"):
        (pair / "source" / part / "one.tif").unlink()
    widget.table.selectRow(0)
    qtbot.keyClick(widget.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "'one' has left" in widget.note.text(), timeout=10_000)
    assert not widget.session.viewer.layers


def test_a_row_of_a_layer_selects_the_layer(make_napari_viewer, qtbot, monkeypatch):
    monkeypatch.setattr(module, "WAIT", 1)
    viewer = make_napari_viewer()
    for role in ("source", "target"):
        said = {"napari_uda": {"role": role}}
        viewer.add_image(np.eye(32), name=role, metadata=said)
    widget = DataWidget(viewer)
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: widget.table.samples.rowCount() == 2, timeout=10_000)
    widget.table.selectRow(0)
    qtbot.keyClick(widget.table, Qt.Key.Key_Return)
    assert viewer.layers.selection.active.name == "source"
    assert len(viewer.layers) == 2


def test_previews_that_are_renamed_do_not_read_the_folders_again(widget, qtbot):
    viewer = widget.session.viewer
    said = {"napari_uda": {"role": "preview"}}
    preview = viewer.add_image(np.eye(8), name="step 10", metadata=said)
    mine = viewer.add_image(np.eye(8), name="mine")
    preview.name, mine.name = "step 20", "my own"
    assert not widget._timer.isActive()  # else the data are looked at soon
    row = widget.pickers["target"]
    row.setValue(DomainChoice())
    assert "my own" in [
        box.itemText(i)
        for box in row.findChildren(QComboBox)
        for i in range(box.count())
    ]
