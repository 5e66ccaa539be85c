"""What Predict begins with: the folder of the target, unless something was chosen."""

from __future__ import annotations

import numpy as np
import pytest

from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.session import METADATA_KEY
from predict_window import folder, predict, runs, viewer, volume, widget

__all__ = ["folder", "runs", "viewer", "widget"]


@pytest.fixture
def inputs(widget, folder):
    """Inputs of Predict after a folder was chosen as target."""
    widget.session.choose("target", DomainChoice(folder=folder))
    return widget.inputs


def test_it_begins_with_the_test_images_of_the_target_folder(inputs, widget, folder):
    assert inputs.uses_files()
    assert inputs.files.isVisibleTo(inputs)
    assert inputs.files.value() == [folder / "images" / "b.tif"]
    assert widget.predict.isEnabled()


def test_another_folder_takes_its_place_and_none_leads_to_layers(
    inputs, widget, folder
):
    (folder / "dataset.yaml").unlink()
    other = folder.rename(folder.with_name("other"))
    widget.session.choose("target", DomainChoice(folder=other))
    assert [file.parent.parent for file in inputs.files.value()] == [other, other]
    widget.session.choose("target", DomainChoice())
    assert not inputs.uses_files()
    assert inputs.files.value() == []


def test_target_layers_come_first(inputs, viewer, widget, folder):
    image = viewer.add_image(volume(), name="MR")
    choice = DomainChoice(layers=(LayerPair(image),))
    widget.session.choose("target", choice)
    assert not inputs.uses_files()
    assert inputs.image.isVisibleTo(inputs)


def add(viewer, role, kind="image"):
    about = {METADATA_KEY: {"role": role, "kind": kind}}
    return viewer.add_image(volume(), name=role, metadata=about)


def test_target_layers_that_come_after_others_are_preferred(viewer, widget):
    """As a sample pair comes, source first, while the tab is open."""
    inputs = widget.inputs
    source = add(viewer, "source")
    labels = viewer.add_labels((volume() == 200).astype(np.uint8))
    labels.metadata[METADATA_KEY] = {"role": "source", "kind": "labels"}
    inputs.refresh()
    assert inputs.image.layer() is source
    assert inputs.truth.layer() is labels
    target = add(viewer, "target")
    assert inputs.image.layer() is target
    assert inputs.truth.layer() is None
    other = add(viewer, "target")
    pairs = tuple(LayerPair(image) for image in (target, other))
    widget.session.choose("target", DomainChoice(layers=pairs))
    assert inputs.image.layer() is None
    assert inputs.image.currentText() == "all 2 target layers"


@pytest.mark.parametrize("way", ["choose", "predict"])
def test_an_image_that_the_user_takes_stays(viewer, widget, qtbot, way):
    inputs = widget.inputs
    source = add(viewer, "source")
    if way == "choose":
        inputs.image.activated.emit(inputs.image.currentIndex())
    else:
        predict(widget, qtbot)
    add(viewer, "target")
    assert inputs.image.layer() is source


@pytest.mark.parametrize("way", ["origin", "image", "files", "drop"])
def test_what_the_user_chose_stays(viewer, widget, folder, way):
    inputs = widget.inputs
    image = viewer.add_image(volume(), name="MR")
    if way == "origin":
        inputs.origin.setCurrentIndex(1)
        inputs.origin.setCurrentIndex(0)
    elif way == "image":
        inputs.image.setLayer(image)
        inputs.image.activated.emit(1)
    elif way == "files":
        inputs.origin.setCurrentIndex(1)
        inputs.files.setValue([folder / "images" / "a.tif"])
    else:
        inputs.dropped.emit([folder / "images" / "a.tif"])
    widget.session.choose("target", DomainChoice(folder=folder))
    assert inputs.uses_files() == (way in ("files", "drop"))
    if inputs.uses_files():
        assert inputs.files.value() == [folder / "images" / "a.tif"]
