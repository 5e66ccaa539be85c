"""Layers are left alone where nothing about them changes."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_uda.ui.changing import change
from napari_uda.ui.layers import aligned
from predict_window import folder, predict, runs, viewer, widget

__all__ = ["folder", "runs", "viewer", "widget"]  # fixtures


def heard(layer, *names):
    """Return a list that gets the name of each of these events."""
    found = []
    for name in names:
        getattr(layer.events, name).connect(lambda event: found.append(event.type))
    return found


@pytest.fixture
def labels():
    return Labels(np.ones((3, 8, 9), np.uint8), scale=(4, 2, 2), units=("nm",) * 3)


def test_what_is_the_same_is_not_set(labels):
    events = heard(labels, "visible", "opacity", "contour", "scale", "affine", "units")
    change(labels, visible=True, opacity=labels.opacity, contour=0)
    change(labels, **aligned(labels, labels.data.shape))
    change(labels, scale=(4.0, 2.0, 2.0))
    assert events == []


def test_what_differs_is_set(labels):
    other = Image(np.zeros((3, 8, 9)), scale=(4, 3, 3), affine=2 * np.eye(4))
    events = heard(labels, "visible", "opacity", "contour", "scale", "affine")
    change(labels, visible=False, opacity=0.25, contour=2)
    change(labels, **aligned(other, other.data.shape))
    assert set(events) == {"visible", "opacity", "contour", "scale", "affine"}
    assert (labels.visible, labels.opacity, labels.contour) == (False, 0.25, 2)
    np.testing.assert_array_equal(labels.scale, other.scale)
    np.testing.assert_array_equal(
        labels.affine.affine_matrix, other.affine.affine_matrix
    )


def test_another_view_changes_only_the_layers_it_shows_otherwise(
    viewer, widget, qtbot, folder
):
    widget.baseline.setCurrentIndex(0)
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    events = []
    for layer in viewer.layers:
        layer.events.visible.connect(lambda event: events.append(event.source.name))
    widget.shown.button("contour").click()
    assert events == []
    widget.shown.button("difference").click()
    masks, truth, difference = (
        next(one for one in viewer.layers if word in one.name)
        for word in ("· grl_01", "truth", "difference")
    )
    assert [one.visible for one in (masks, truth, difference)] == [False, False, True]
    assert set(events) == {masks.name, truth.name, difference.name}
    assert len(events) == 3
