"""Labels of an image: a layer, or one mask per overlapping structure."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog

from napari_uda.core.spec.domain import Structure
from napari_uda.ui import labels_combo
from napari_uda.ui.data_widget import DataWidget
from napari_uda.ui.labels_combo import SEVERAL, LabelsCombo, MasksDialog
from napari_uda.ui.session import METADATA_KEY, Session

ORGANS = ("lung", "heart")


def said(role, kind, organ=None):
    classes = {1: {"name": organ, "color": "#00ff00"}} if organ else {}
    return {METADATA_KEY: {"role": role, "kind": kind, "classes": classes}}


@pytest.fixture
def viewer(make_napari_viewer):
    """Two images of each domain's look, one mask layer per organ."""
    viewer = make_napari_viewer()
    random = np.random.default_rng(0)
    for role in ("source", "target"):
        image = random.integers(0, 200, (3, 40, 40), np.uint8)
        viewer.add_image(image, name=role, metadata=said(role, "image"))
        for k, organ in enumerate(ORGANS):
            mask = np.zeros((3, 40, 40), np.uint8)
            mask[:, 5 + 8 * k : 25 + 8 * k, 5:30] = 1
            kind = "labels" if role == "source" else "truth"
            viewer.add_labels(
                mask, name=f"{role} {organ}", metadata=said(role, kind, organ)
            )
    return viewer


def masks_of(viewer, role="source"):
    return tuple(viewer.layers[f"{role} {organ}"] for organ in ORGANS)


def test_masks_of_a_sample_are_suggested_together(viewer, qtbot):
    widget = DataWidget(viewer)
    qtbot.addWidget(widget)
    session = Session.of(viewer)
    qtbot.waitUntil(lambda: bool(session.choices["source"].classes), timeout=20_000)
    for role in ("source", "target"):
        (pair,) = session.choices[role].layers
        assert pair.image.name == role
        assert pair.labels == masks_of(viewer, role)
    classes = session.choices["source"].classes
    assert [item.name for item in classes.values()] == list(ORGANS)
    assert classes[1] == Structure(name="lung", color="#00ff00")
    qtbot.waitUntil(lambda: not session.problem, timeout=20_000)


def test_several_masks_are_ticked_in_a_dialog(viewer, qtbot, monkeypatch):
    box = LabelsCombo("none")
    qtbot.addWidget(box)
    box.setLayers(masks_of(viewer))
    assert box.labels() is None

    def tick(dialog):
        for row in range(2):
            dialog.list.item(row).setCheckState(Qt.CheckState.Checked)
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(MasksDialog, "exec", tick)
    with qtbot.waitSignal(box.edited):
        box.activated.emit(box.findText(SEVERAL))
    assert box.labels() == masks_of(viewer)
    assert box.currentText() == "2 masks"
    assert "source heart" in box.toolTip()

    monkeypatch.setattr(MasksDialog, "exec", lambda _: QDialog.DialogCode.Rejected)
    box.activated.emit(box.findText(SEVERAL))
    assert box.labels() == masks_of(viewer)
    assert box.currentText() == "2 masks"


def test_ticking_one_layer_chooses_that_layer(viewer, qtbot, monkeypatch):
    box = LabelsCombo("none")
    qtbot.addWidget(box)
    layers = masks_of(viewer)
    box.setLayers(layers)

    def tick(dialog):
        dialog.list.item(1).setCheckState(Qt.CheckState.Checked)
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(labels_combo.MasksDialog, "exec", tick)
    box.activated.emit(box.findText(SEVERAL))
    assert box.labels() is layers[1]


def test_a_vanished_mask_takes_the_choice_along(viewer, qtbot):
    box = LabelsCombo("none")
    qtbot.addWidget(box)
    layers = masks_of(viewer)
    box.setLayers(layers)
    box.setLabels(layers)
    with qtbot.assertNotEmitted(box.edited):
        box.setLayers(layers[::-1])
    with qtbot.waitSignal(box.edited):
        box.setLayers(layers[:1])
    assert box.labels() is None
    assert box.findText(SEVERAL) == -1


def test_without_a_choice_the_box_says_where_labels_come_from(qtbot):
    box = LabelsCombo("choose")
    qtbot.addWidget(box)
    assert "Convert to Labels" in box.toolTip()
