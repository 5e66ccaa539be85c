"""Truth in the Predict tab: which labels are taken for it, and how they count."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_uda.core.spec.domain import IGNORE, Structure
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.session import METADATA_KEY
from predict_window import folder, ours, predict, runs, viewer, volume, widget

__all__ = ["folder", "runs", "viewer", "widget"]
SECTIONS = {
    "scale": (1.0, 2.0, 2.0),
    "units": ("pixel", "nm", "nm"),
    "axis_labels": ("z", "y", "x"),
}


def truth():
    return np.where(volume() == 200, 5, 0).astype(np.uint8)


def choose(viewer, widget, labels, **place):
    """Choose an image of the viewer as target, with its labels."""
    image = viewer.add_image(volume(), name="MR", **place)
    layer = viewer.add_labels(labels, name="nuclei", **place)
    widget.session.choose("target", DomainChoice(layers=(LayerPair(image, layer),)))
    widget.inputs.image.setLayer(image)


def dices(widget):
    return [row["dice"] for item in widget._scores for row in item.after]


def test_sections_are_scored_one_by_one_and_not_tested(viewer, widget, qtbot):
    labels = truth()
    labels[1, 2:12, 2:12] = 5
    choose(viewer, widget, labels, **SECTIONS)
    predict(widget, qtbot)
    rows = widget._scores[0].after
    assert [row["image"] for row in rows] == ["MR [0]", "MR [1]", "MR [2]"]
    assert dices(widget) == pytest.approx([0.4, 1, 0.4])
    assert {row["unit"] for row in rows} == {"nm"}
    assert "Dice worse by 0.20 on 3 sections (lower on 2): " in widget.gain.text()
    viewer.layers.selection.active = viewer.layers["MR"]
    widget.scores.imageChosen.emit("MR [1]")
    assert viewer.layers.selection.active is ours(viewer)["MR · grl_01"]


def test_pixels_to_be_ignored_do_not_count(viewer, widget, qtbot):
    labels = truth()
    labels[volume() == 50] = IGNORE
    choose(viewer, widget, labels)
    predict(widget, qtbot)
    assert dices(widget) == pytest.approx([1])


def test_truth_has_the_values_of_the_target(viewer, widget, qtbot, runs):
    experiment = runs["grl"].experiment()
    classes = {7: Structure(name="nucleus", color="#00ff00")}
    source = experiment.data.source.model_copy(update={"classes": classes})
    data = experiment.data.model_copy(update={"source": source})
    file = runs["grl"].path / "experiment.yaml"
    experiment.model_copy(update={"data": data}).save(file)
    choose(viewer, widget, truth())
    predict(widget, qtbot)
    assert dices(widget) == pytest.approx([0.4])


def test_each_file_has_its_own_labels(widget, qtbot, folder):
    labels = np.where(volume()[0] > 0, 5, 0).astype(np.uint8)
    tifffile.imwrite(folder / "labels" / "a.tif", labels)
    widget.inputs.set_files([folder])
    widget.inputs.files.test_only.setChecked(False)
    predict(widget, qtbot)
    assert dices(widget) == pytest.approx([1, 0.4])


def test_labels_of_the_source_or_of_another_shape_are_not_suggested(viewer, widget):
    def said(role, kind):
        return {METADATA_KEY: {"role": role, "kind": kind}}

    viewer.add_labels(truth(), metadata=said("source", "labels"))
    viewer.add_labels(truth()[:, :9], metadata=said("target", "truth"))
    image = viewer.add_image(volume(), metadata=said("target", "image"))
    widget.inputs.image.setLayer(image)
    assert widget.inputs.truth.layer() is None
    wanted = viewer.add_labels(truth(), metadata=said("target", "truth"))
    assert widget.inputs.truth.layer() is wanted


def test_truth_that_is_chosen_while_another_counts_is_counted_next(
    viewer, widget, qtbot
):
    choose(viewer, widget, truth())
    whole = viewer.add_labels((volume() > 0) * np.uint8(5), name="whole")
    widget.predict.click()
    widget.inputs.truth.setLayer(whole)
    qtbot.waitUntil(
        lambda: dices(widget) == [1] and not widget._work.busy, timeout=30_000
    )
    assert widget.scores.topLevelItem(0).text(2) == "1.00"
