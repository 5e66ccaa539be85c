"""What is a layer already is not loaded again, nor is a layer of ours made twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

from napari_uda.core.io import Geometry, Header, Volume
from napari_uda.core.spec.domain import Structure
from napari_uda.ui.child import ImageInput
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.data_widget import DataWidget
from napari_uda.ui.overlays import Overlay
from napari_uda.ui.predicting import PredictResult
from napari_uda.ui.session import METADATA_KEY
from napari_uda.ui.shelf import opened_from
from predict_window import folder, predict, runs, viewer, volume, widget

__all__ = ["folder", "runs", "viewer", "widget"]


def names(viewer):
    return sorted(layer.name for layer in viewer.layers)


def test_an_image_shown_by_the_data_tab_is_not_loaded_again(
    viewer, widget, qtbot, folder
):
    data = DataWidget(viewer)
    qtbot.addWidget(data)
    widget.session.choose("target", DomainChoice(folder=folder))
    table = data.table
    qtbot.waitUntil(lambda: table.samples.rowCount() == 2, timeout=20_000)
    row = next(at for at in range(2) if table.samples.report(at).name == "b")
    table.activated.emit(table.samples.index(row, 0))
    qtbot.waitUntil(lambda: "target b" in viewer.layers, timeout=20_000)
    image = viewer.layers["target b"]
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    assert names(viewer) == [
        "b · grl_01", "b · truth", "difference · b", "target b",
        "target b truth (held back)",
    ]  # fmt: skip
    assert widget._layers.get(0).image is image
    assert image.visible


def test_a_second_prediction_adds_nothing(viewer, widget, qtbot, folder):
    widget.probability.setChecked(True)
    widget.inputs.set_files([folder])
    widget.inputs.files.test_only.setChecked(False)
    predict(widget, qtbot)
    there = list(viewer.layers)
    predict(widget, qtbot)
    assert list(viewer.layers) == there
    widget.probability.setChecked(False)
    predict(widget, qtbot)
    assert set(there) - set(viewer.layers) == {
        layer for layer in there if "probability" in layer.name
    }


def test_a_layer_predicted_twice_has_one_mask(viewer, widget, qtbot):
    image = viewer.add_image(volume(), name="MR")
    widget.inputs.image.setLayer(image)
    predict(widget, qtbot)
    predict(widget, qtbot)
    assert names(viewer) == ["MR", "MR · grl_01"]


def test_a_file_that_has_changed_is_seen_as_it_is_now(viewer, widget, qtbot, folder):
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    tifffile.imwrite(folder / "images" / "b.tif", volume()[0] // 2)
    predict(widget, qtbot)
    np.testing.assert_array_equal(viewer.layers["b"].data, volume()[0] // 2)
    assert len([name for name in names(viewer) if "b" in name.split()]) == 4


def test_what_was_painted_on_another_image_is_kept_when_it_is_shown_again(
    viewer, widget, qtbot, folder
):
    widget.inputs.set_files([folder])
    widget.inputs.files.test_only.setChecked(False)
    predict(widget, qtbot)
    widget.scores.imageChosen.emit("b")
    mask = viewer.layers["b · grl_01"]
    mask.paint((0, 0), 5)
    predict(widget, qtbot)
    assert "stays" not in widget.message.text()
    assert not mask.visible
    widget.scores.imageChosen.emit("b")
    assert mask.name == "b · grl_01 (earlier)"
    assert mask.data[0, 0] == 5
    assert f"stays in {mask.name}." in widget.message.text()
    assert viewer.layers["b · grl_01"].visible


def result(title, names, baseline=""):
    """Return a prediction of structures that may overlap."""
    masks = np.zeros((len(names), 8, 8), np.uint8)
    for number, mask in enumerate(masks):
        mask[number:] = 1
    header = Header(Path("a"), (8, 8), np.dtype("u1"), "yx", Geometry(None, None), ())
    return PredictResult(
        ImageInput("a", path=Path("a.tif")),
        Volume(np.zeros((8, 8), np.uint8), header),
        {at: Structure(name=name, color="#00ff00") for at, name in enumerate(names, 1)},
        masks,
        True,
        title,
        title,
        baseline,
        1 - masks if baseline else None,
    )


def test_masks_of_structures_that_overlap_are_used_again_one_by_one(viewer):
    overlay = Overlay(viewer, result("one", ["lung", "heart"], "base"), None, "yx")
    overlay.apply("fill", "before")
    assert [layer.name for layer in viewer.layers if layer.visible] == [
        "a", "a · base, lung", "a · base, heart",
    ]  # fmt: skip
    overlay.apply("fill", "after")
    lung, heart = overlay.labels
    heart.paint((0, 0), 1)
    again = Overlay(viewer, result("two", ["lung", "rib", "heart"]), None, "yx")
    assert again.labels[0] is lung
    assert again.kept == ["a · one, heart (earlier)"]
    assert heart in viewer.layers
    assert names(viewer) == [
        "a", "a · one, heart (earlier)", "a · two, heart", "a · two, lung",
        "a · two, rib",
    ]  # fmt: skip
    last = Overlay(viewer, result("three", ["lung"]), None, "yx")
    assert last.labels == [lung]
    assert names(viewer) == ["a", "a · one, heart (earlier)", "a · three, lung"]


def test_a_layer_of_another_shape_is_not_that_of_the_file(viewer, folder):
    path = folder / "images" / "b.tif"
    said = {METADATA_KEY: {"kind": "image", "path": str(path)}}
    image = viewer.add_image(volume()[0], metadata=said)
    assert opened_from(viewer, path, (20, 24)) is image
    assert opened_from(viewer, path, (20, 20)) is None
    assert opened_from(viewer, None, (20, 24)) is None


def test_an_image_of_a_file_that_is_predicted_as_a_layer_stays_seen(
    viewer, widget, qtbot, folder
):
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    widget.inputs.origin.setCurrentIndex(0)
    widget.inputs.image.setLayer(viewer.layers["b"])
    predict(widget, qtbot)
    assert viewer.layers["b"].visible
    assert names(viewer) == ["b", "b \N{MIDDLE DOT} grl_01"]


def test_two_layers_of_one_file_have_a_mask_each(viewer, widget, qtbot):
    pairs = []
    for name in ("one", "two"):  # as napari duplicates a layer, metadata included
        said = {METADATA_KEY: {"kind": "image", "path": "/data/a.tif"}}
        image = viewer.add_image(volume(), name=name, metadata=said)
        pairs.append(LayerPair(image))
    widget.session.choose("target", DomainChoice(layers=tuple(pairs)))
    widget.inputs.image.setCurrentIndex(0)
    predict(widget, qtbot)
    assert names(viewer) == [
        "one",
        "one \N{MIDDLE DOT} grl_01",
        "two",
        "two \N{MIDDLE DOT} grl_01",
    ]


def test_layers_removed_at_work_come_back_each_with_its_own_mask(viewer, widget, qtbot):
    for name, pixels in (("one", volume()), ("two", volume()[::-1])):
        image = viewer.add_image(pixels, name=name)
        widget.inputs.image.setLayer(image)
        widget.predict.click()
        viewer.layers.remove(image)
        qtbot.waitUntil(lambda: not widget._work.busy, timeout=30_000)
    assert names(viewer) == [
        "one",
        "one \N{MIDDLE DOT} grl_01",
        "two",
        "two \N{MIDDLE DOT} grl_01",
    ]
    widget.shown.button("contour").click()
    viewer.layers.clear()
    widget.shown.button("fill").click()
    assert names(viewer) == ["two", "two \N{MIDDLE DOT} grl_01"]
