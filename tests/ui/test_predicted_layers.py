"""Of files that were predicted, one image is shown at a time."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import QPoint, Qt

from napari_uda.core.io import write_image
from napari_uda.ui.choice import DomainChoice, LayerPair
from predict_window import folder, predict, runs, viewer, volume, widget

__all__ = ["folder", "runs", "viewer", "widget"]


@pytest.fixture
def three(folder):
    """Add an image as wide as ten, without truth."""
    wide = np.tile(volume()[0], (1, 10))
    tifffile.imwrite(folder / "images" / "c.tif", wide)
    (folder / "dataset.yaml").write_text("classes: {5: nucleus}\n")
    return folder


@pytest.fixture
def predicted(widget, viewer, qtbot, three):
    """Predict the three files beside a layer of the user's; show the tab."""
    viewer.add_image(np.eye(9), name="mine")
    widget.show()
    widget.probability.setChecked(True)
    widget.inputs.set_files([three])
    predict(widget, qtbot)
    return widget


def seen(viewer):
    return {layer.name for layer in viewer.layers if layer.visible}


def row(widget, name):
    (item,) = widget.scores.findItems(
        name, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive, 0
    )
    return item


def click(widget, name, qtbot):
    widget.scores.scrollToItem(row(widget, name))
    place = widget.scores.visualItemRect(row(widget, name))
    port, spot = widget.scores.viewport(), QPoint(place.left() + 5, place.center().y())
    qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=spot)


A = {"mine", "a", "a · grl_01", "a · truth"}
B = {"mine", "b", "b · grl_01", "b · truth"}


def test_the_first_image_is_shown_then_that_of_the_row(viewer, predicted, qtbot):
    assert seen(viewer) == A
    assert predicted.scores.currentItem() is row(predicted, "a")
    assert "shows it in the viewer" in predicted.scores.toolTip()
    at = viewer.scene.camera.center
    click(predicted, "b", qtbot)
    assert seen(viewer) == B
    assert viewer.layers.selection.active.name == "b · grl_01"
    qtbot.keyClick(predicted.scores, Qt.Key.Key_Up)
    assert seen(viewer) == A
    row(predicted, "not scored").setExpanded(True)
    click(predicted, "c", qtbot)
    assert seen(viewer) == {"mine", "c", "c · grl_01"}
    assert viewer.scene.camera.center[-1] == pytest.approx(119.5, abs=1)
    assert viewer.scene.camera.center != at


def test_return_goes_back_to_the_image(viewer, predicted, qtbot):
    viewer.layers["a"].visible = False
    qtbot.keyClick(predicted.scores, Qt.Key.Key_Return)
    assert seen(viewer) == A


def test_views_leave_the_others_hidden(viewer, predicted, qtbot):
    click(predicted, "b", qtbot)
    predicted.shown.next_view()
    assert seen(viewer) == B
    assert viewer.layers["b · grl_01"].contour
    predicted.shown.next_view()
    assert seen(viewer) == {"mine", "b", "difference · b"}
    click(predicted, "a", qtbot)
    assert seen(viewer) == {"mine", "a", "difference · a"}
    viewer.dims.ndisplay = 3
    viewer.dims.ndisplay = 2
    assert seen(viewer) == {"mine", "a", "difference · a"}


def test_maps_hide_and_come_back_with_their_image(viewer, predicted, qtbot):
    extra = viewer.layers["a probability of nucleus"]
    extra.visible = True
    viewer.layers["mine"].visible = False
    click(predicted, "b", qtbot)
    assert seen(viewer) == B - {"mine"}
    click(predicted, "a", qtbot)
    assert seen(viewer) == (A | {extra.name}) - {"mine"}


def test_another_prediction_hides_the_one_before(viewer, predicted, qtbot, three):
    predicted.inputs.set_files([three / "images" / "b.tif"])
    predict(predicted, qtbot)
    assert seen(viewer) == B


def test_an_image_beyond_the_first_gets_its_layers_when_chosen(
    viewer, widget, qtbot, three
):
    widget.show()
    widget.inputs.set_files([three])
    predict(widget, qtbot)
    assert "b" not in viewer.layers
    assert "A row of the table shows its image." in widget.message.text()
    click(widget, "b", qtbot)
    assert seen(viewer) == B - {"mine"}
    click(widget, "b", qtbot)
    assert [layer.name for layer in viewer.layers].count("b") == 1


def test_files_without_truth_are_listed(viewer, widget, qtbot, tmp_path):
    for stem in ("a", "b"):
        write_image(tmp_path / f"{stem}.tif", volume()[0])
    widget.show()
    widget.inputs.set_files([tmp_path / "a.tif", tmp_path / "b.tif"])
    predict(widget, qtbot)
    assert seen(viewer) == {"a", "a · grl_01"}
    assert not widget.csv.isVisible()
    click(widget, "b", qtbot)
    assert seen(viewer) == {"b", "b · grl_01"}


def test_layers_that_were_predicted_all_stay(viewer, widget, qtbot):
    pairs = []
    for name in ("one", "two"):
        image = viewer.add_image(volume(), name=name)
        truth = viewer.add_labels((volume() > 100) * np.uint8(5), name=f"{name} truth")
        pairs.append(LayerPair(image, truth))
    widget.session.choose("target", DomainChoice(layers=tuple(pairs)))
    widget.inputs.image.setCurrentIndex(0)
    widget.show()
    predict(widget, qtbot)
    before = seen(viewer)
    assert {"one", "one · grl_01", "two", "two · grl_01"} < before
    click(widget, "two", qtbot)
    assert seen(viewer) == before
    assert viewer.layers.selection.active.name == "two · grl_01"
