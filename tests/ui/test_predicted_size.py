"""Predict tab: voxel sizes and axes that were typed hold for what is predicted."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog

from napari_uda.core.spec.geometry import TypedSize
from napari_uda.ui.choice import DomainChoice, LayerPair
from predict_window import predict, runs, viewer, volume, widget

__all__ = ["runs", "viewer", "widget"]


def asked(run):
    words = json.loads((run.path / "asked.json").read_text())["words"]
    at = words.index("--voxel-size")
    return words[at + 1 : at + 4]


def test_a_typed_size_is_that_of_the_scores_and_the_saved_mask_of_a_layer(
    viewer, widget, qtbot, runs, tmp_path, monkeypatch
):
    image = viewer.add_image(volume(), name="MR")
    truth = viewer.add_labels(np.where(volume() == 200, 5, 0), name="truth")
    choice = DomainChoice(layers=(LayerPair(image, truth),))
    widget.session.choose("target", choice.with_size(TypedSize((5.0, 2.0, 2.0), "mm")))
    predict(widget, qtbot)
    assert asked(runs["grl"]) == ["5.0,2.0,2.0", "--unit", "mm"]
    assert widget._scores[0].after[0]["unit"] == "mm"
    file = tmp_path / "mask.nii"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    widget.save.click()
    assert nib.load(file).header.get_zooms() == (2, 2, 5)


def test_a_typed_size_goes_before_the_headers_of_predicted_files(
    widget, qtbot, runs, tmp_path, monkeypatch
):
    folder = tmp_path / "data"
    for kind, values in (("images", volume()), ("labels", volume() // 40)):
        (folder / kind).mkdir(parents=True)
        image = nib.Nifti1Image(values.T.astype(np.uint8), np.eye(4))
        image.header.set_xyzt_units("mm")
        nib.save(image, folder / kind / "a.nii")
    choice = DomainChoice(folder=folder)
    widget.session.choose("target", choice.with_size(TypedSize((5.0, 2.0, 2.0), "mm")))
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    assert asked(runs["grl"]) == ["5.0,2.0,2.0", "--unit", "mm"]
    geometry = widget._results[0].volume.header.geometry
    assert geometry.voxel_size == (5, 2, 2)
    file = tmp_path / "mask.nii"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    widget.save.click()
    assert nib.load(file).header.get_zooms() == (2, 2, 5)


def test_layers_of_different_size_are_each_predicted_at_their_own(
    viewer, widget, qtbot, runs
):
    pairs = []
    for side in (1.0, 2.0):
        image = (volume() > side * 50) * np.uint8(99)
        place = {"scale": (side,) * 3, "units": ("nm",) * 3}
        pairs.append(LayerPair(viewer.add_image(image, name=f"{side}", **place)))
    widget.session.choose("target", DomainChoice(layers=tuple(pairs)))
    widget.inputs.image.setCurrentIndex(0)
    predict(widget, qtbot)
    for run in runs.values():
        assert asked(run) == ["2.0,2.0,2.0", "--unit", "nm"]
        words = json.loads((run.path / "asked.json").read_text())["words"]
        assert sum(word.endswith(".npy") for word in words) == 1
    for pair in pairs:
        mask = viewer.layers[f"{pair.image.name} \N{MIDDLE DOT} grl_01"]
        np.testing.assert_array_equal(mask.data > 0, pair.image.data > 0)


@pytest.mark.parametrize("said", ["typed", "yaml"])
def test_files_are_predicted_with_the_axes_of_their_folder(
    widget, qtbot, runs, tmp_path, said
):
    folder = tmp_path / "data"
    (folder / "images").mkdir(parents=True)
    np.save(folder / "images" / "a.npy", volume().transpose(2, 1, 0))
    if said == "yaml":
        (folder / "dataset.yaml").write_text("axes: xyz")
    axes = "xyz" if said == "typed" else None
    widget.session.choose("target", DomainChoice(folder=folder, axes=axes))
    widget.inputs.set_files([folder])
    predict(widget, qtbot)
    words = json.loads((runs["grl"].path / "asked.json").read_text())["words"]
    if said == "typed":
        assert words[words.index("--axes") + 1] == "xyz"
    else:
        assert "--axes" not in words
    np.testing.assert_array_equal(widget._results[0].volume.data, volume())
