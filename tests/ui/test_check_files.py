"""Whole folders in the Check tab: every image, the worst first, one table."""

from __future__ import annotations

import csv
import json

import numpy as np
import psutil
import pytest
import tifffile
from qtpy.QtWidgets import QFileDialog

from check_window import (
    HEIGHT,
    SLICES,
    WIDTH,
    add_image,
    measured,
    ours,
    runs,
    seen,
    viewer,
    volume,
    widget,
)
from napari_uda.core.io import Geometry, write_image
from napari_uda.ui.check_widget import CheckWidget
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.session import role_of

__all__ = ["runs", "viewer", "widget"]  # fixtures


@pytest.fixture
def folder(tmp_path):
    """Four images, the last of them narrow; two are test images."""
    folder = tmp_path / "target"
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    for index, stem in enumerate("abcd"):
        shape = (HEIGHT, WIDTH - 8 * (stem == "d"))
        image = volume((HEIGHT, WIDTH))[:, : shape[1]].copy()
        image[index] = 255
        tifffile.imwrite(folder / "images" / f"{stem}.tif", image)
        labels = np.where(image > 100, 3, 0).astype(np.uint8)
        tifffile.imwrite(folder / "labels" / f"{stem}.tif", labels)
    (folder / "dataset.yaml").write_text(
        "classes: {3: nucleus}\nsplit: {train: [a, b], test: [c, d]}\n"
        "voxel_size: [6, 5]\nunit: nm\n"
    )
    return folder


def choose(widget, domain, folder):
    widget.session.choose(domain, DomainChoice(folder=folder))


def asked(runs):
    lines = (runs["cyclegan"].path / "asked.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_chosen_folder_is_checked_image_by_image(
    viewer, widget, qtbot, runs, folder, tmp_path, monkeypatch
):
    choose(widget, "target", folder)
    assert widget.inputs.origin.currentText() == "translate files"
    assert widget.inputs.files.test_only.isVisibleTo(widget)
    assert "they are target images" in widget.inputs.look.currentText()
    widget.translate.click()
    measured(widget, qtbot)
    (words,) = asked(runs)
    assert words[words.index("--to") + 1] == "source"
    panel, review = widget.panel, widget.panel.review
    assert [pair.name for pair in review.pairs] == ["c", "d"]
    assert {item.pair for item in review.items} == {0, 1}
    assert len(review.order) == 2
    assert panel.rank.text() == "· the worst"
    assert panel.item.text() == review.pairs[review.order[0]].name
    assert tuple(ours(viewer)["original"].scale) == (6, 5)
    assert not any(role_of(layer) == "translation" for layer in viewer.layers)

    assert panel.saving.about["Folder of images"] == folder.name
    panel.verdict.reject.click()
    panel.next.click()
    panel.verdict.accept.click()
    assert panel.verdict.tally.text() == "1 accepted, 1 rejected of 2"
    for number, button in zip(
        review.order[::-1], (panel.next, panel.previous), strict=True
    ):
        button.click()
        file = folder / "images" / f"{review.pairs[number].name}.tif"
        image = tifffile.imread(file)
        np.testing.assert_array_equal(seen(ours(viewer)["original"]), image)

    out = tmp_path / "all.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    panel.saving.csv.click()
    with out.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert {row["image"] for row in rows} == {"c", "d"}
    assert {row["verdict"] for row in rows} == {"accepted", "rejected"}

    widget.inputs.files.test_only.setChecked(False)
    widget.translate.click()
    measured(widget, qtbot)
    tally = panel.verdict.tally
    qtbot.waitUntil(lambda: tally.text() == "1 accepted, 1 rejected of 4")
    widget.inputs.set_files([folder / "images" / "a.tif"])
    widget.translate.click()
    measured(widget, qtbot)
    assert tally.text() == "0 accepted, 0 rejected of 1 · 2 kept before"
    panel.saving.csv.click()
    with out.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert {row["image"]: row["slice"] for row in rows} == dict.fromkeys("acd", "1")
    assert "2 kept before" in widget.message.text()


def test_labels_of_source_files_are_the_truth_of_their_translation(
    viewer, widget, qtbot, runs, folder
):
    choose(widget, "source", folder)
    widget.inputs.files.test_only.setChecked(False)
    assert "they are source images" in widget.inputs.look.currentText()
    widget.translate.click()
    measured(widget, qtbot)
    (words,) = asked(runs)
    assert words[words.index("--to") + 1] == "target"
    kinds = {pair.masks.kind for pair in widget.panel.review.pairs}
    assert kinds == {"mask Dice"}
    np.testing.assert_allclose(widget.panel.review.scores["mask"], 1)


def test_axes_of_a_folder_hold_for_its_translations_and_their_truth(
    viewer, widget, qtbot, runs, folder
):
    for file in (*(folder / "images").iterdir(), *(folder / "labels").iterdir()):
        tifffile.imwrite(file, tifffile.imread(file).T)
    widget.session.choose("source", DomainChoice(folder=folder, axes="xy"))
    widget.translate.click()
    measured(widget, qtbot)
    (words,) = asked(runs)
    assert words[words.index("--axes") + 1] == "xy"
    image = tifffile.imread(folder / "images" / f"{widget.panel.item.text()}.tif")
    np.testing.assert_array_equal(seen(ours(viewer)["original"]), image.T)
    kinds = {pair.masks.kind for pair in widget.panel.review.pairs}
    assert kinds == {"mask Dice"}
    np.testing.assert_allclose(widget.panel.review.scores["mask"], 1)


def test_labels_of_target_files_are_never_looked_at(
    viewer, widget, qtbot, runs, folder
):
    choose(widget, "target", folder)
    for file in (folder / "labels").iterdir():
        file.write_bytes(b"poison")
    widget.translate.click()
    measured(widget, qtbot)
    kinds = {pair.masks.kind for pair in widget.panel.review.pairs}
    assert kinds == {"mask agreement"}


def train_on(run, folder):
    """Have the source of a run be an image of a folder."""
    experiment = run.experiment()
    source = experiment.data.source.samples[0]
    moved = source.model_copy(update={"image": folder / "images" / "a.tif"})
    domain = experiment.data.source.model_copy(update={"samples": (moved,)})
    data = experiment.data.model_copy(update={"source": domain})
    experiment.model_copy(update={"data": data}).save(run.path / "experiment.yaml")


def test_it_begins_with_the_folder_of_the_run(viewer, qtbot, runs, folder):
    """After a restart nothing is chosen, but the run knows its images."""
    for name in ("cyclegan", "accseg"):
        train_on(runs[name], folder)
    widget = CheckWidget(viewer)
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: widget.inputs.run.count() == 2)
    widget.inputs.run.setCurrentText("accseg_01")
    assert widget.inputs.files.path.text() == str(folder)
    widget.inputs.files.test_only.setChecked(False)
    assert widget.translate.isEnabled() is False  # b is of no domain that is known
    assert "look that 'b.tif' shall have" in widget.translate.toolTip()
    widget.inputs.set_files([folder / "images" / "a.tif"])
    assert "it is a source image" in widget.inputs.look.currentText()
    assert widget.translate.isEnabled()


def test_what_the_user_has_chosen_is_not_replaced(viewer, widget, qtbot, folder):
    layer = add_image(viewer)
    widget.session.choose("target", DomainChoice(layers=(LayerPair(layer),)))
    assert widget.inputs.origin.currentText() == "translate layers"
    widget.inputs.set_files([folder / "images" / "a.tif"])
    choose(widget, "target", folder)
    assert widget.inputs.files.path.text().endswith("a.tif")
    widget.inputs.origin.setCurrentText("translate layers")
    add_image(viewer, name="another")
    assert widget.inputs.origin.currentText() == "translate layers"


def test_more_than_the_memory_holds_is_refused(
    viewer, widget, qtbot, runs, folder, monkeypatch
):
    choose(widget, "target", folder)
    free = psutil.virtual_memory()._replace(available=10_000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    widget.translate.click()
    qtbot.waitUntil(lambda: not widget._work.busy)
    assert "Checking 2 images at once needs about" in widget.message.text()
    assert not (runs["cyclegan"].path / "asked.jsonl").exists()


def test_a_layer_of_a_file_is_of_the_domain_of_its_folder(
    viewer, widget, qtbot, folder
):
    choose(widget, "target", folder)
    widget.inputs.origin.setCurrentText("translate layers")
    (layer,) = viewer.open(folder / "images" / "a.tif", plugin="napari")
    widget.inputs.image.setLayer(layer)
    assert "it is a target image" in widget.inputs.look.currentText()


def test_an_empty_folder_is_a_sentence(widget, tmp_path):
    (tmp_path / "empty").mkdir()
    widget.inputs.set_files([tmp_path / "empty"])
    assert "holds no images" in widget.translate.toolTip()


def test_volumes_and_sections_stand_in_one_review(viewer, widget, qtbot, tmp_path):
    (mixed := tmp_path / "mixed").mkdir()
    write_image(mixed / "deep.nii.gz", volume(), Geometry((4.0, 2.0, 2.0), "um"))
    write_image(mixed / "flat.tif", volume((HEIGHT, WIDTH)))
    widget.inputs.set_files([mixed])
    widget.inputs.look.setCurrentText("of the source")
    widget.translate.click()
    measured(widget, qtbot)
    panel, review = widget.panel, widget.panel.review
    assert len(review.items) == SLICES + 1
    assert panel.item.text() == "deep, slice 3 of 5"
    original = ours(viewer)["original"]
    assert tuple(original.scale) == (4, 2, 2)
    assert viewer.dims.point[0] == pytest.approx(8)
    flat = next(i for i in review.items if review.pairs[i.pair].name == "flat")
    panel.go_to(flat)
    assert panel.item.text() == "flat"
    flat_layer = ours(viewer)["original"]
    np.testing.assert_array_equal(seen(flat_layer), volume((HEIGHT, WIDTH)))
    panel.go_to(review.items[review.order[0]])
    assert panel.item.text() == "deep, slice 3 of 5"
    np.testing.assert_array_equal(seen(ours(viewer)["original"]), volume()[2])


def test_copies_of_layers_that_a_run_keeps_are_no_folder_to_begin_with(
    viewer, qtbot, runs, folder
):
    train_on(runs["accseg"], folder.rename(runs["accseg"].path / "data"))
    widget = CheckWidget(viewer)
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: widget.inputs.run.count() == 2)
    widget.inputs.run.setCurrentText("accseg_01")
    assert widget.inputs.origin.currentText() == "translate layers"
    assert widget.inputs.files.value() == []
