"""What is wrong between folders is said below the table, and mended where it can be."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication

from data_window import folder_of, look, noise, verdict, wait
from napari_uda.ui.choice import DomainChoice


def same_image(folder):
    folder_of(folder / "source", 1)
    folder_of(folder / "target", 5)
    first = folder / "source/images/a.tif"
    array = tifffile.imread(first)
    np.save(folder / "target/images/copy.npy", array)


def only_in_source(folder):
    folder_of(folder / "source", 1, (1, 2), config="classes: {1: liver, 2: spleen}")
    folder_of(folder / "target", 5, (1,), config="classes: {1: liver, 2: spleen}")


def only_in_target(folder):
    folder_of(folder / "source", 1, (1,), config="classes: {1: liver}")
    folder_of(folder / "target", 5, (1, 2), config="classes: {1: liver, 2: spleen}")


def never_drawn(folder):
    folder_of(folder / "source", 1, (1,), config="classes: {1: liver, 2: spleen}")
    folder_of(folder / "target", 5, (1,))


def no_split(folder):
    folder_of(folder / "source", 1)
    folder_of(folder / "target", 5)


def torn_subject(folder):
    folder_of(folder / "source", 1)
    stems = ("ct7_z001", "ct7_z002", "ct8_z001")
    split = "split: {train: [ct7_z001, ct8_z001], test: [ct7_z002]}"
    folder_of(folder / "target", 5, stems=stems, config=split)


def images_and_volumes(folder):
    folder_of(folder / "source", 1)
    (folder / "target/images").mkdir(parents=True)
    np.save(folder / "target/images/a.npy", noise(7, 6, 64, 64))


def one_voxel_size(folder):
    folder_of(folder / "source", 1, config="voxel_size: [4, 4]\nunit: nm")
    folder_of(folder / "target", 5)


WARNED = {
    same_image: ("source a and target copy are the same image", "prove nothing"),
    only_in_source: ("spleen occurs in the source but in no target truth",),
    only_in_target: ("spleen is a class of the target only", "counts as background"),
    never_drawn: ("spleen occurs in no source labels", "cannot be learned"),
    torn_subject: ("slices of target ct7 are in train and in test", "in one split"),
    images_and_volumes: ("source holds images (y, x), the target volumes (z, y, x)",),
    one_voxel_size: ("the voxel size of the target is not known",),
    no_split: ("no images are kept for a test", "whole subjects at a time"),
}


@pytest.mark.parametrize("make", WARNED, ids=lambda make: make.__name__)
def test_what_needs_a_warning_gets_it_and_can_still_train(make, tab, qtbot, tmp_path):
    make(tmp_path)
    look(
        qtbot,
        tab,
        source=DomainChoice(folder=tmp_path / "source"),
        target=DomainChoice(folder=tmp_path / "target"),
    )
    for words in WARNED[make]:
        assert words in verdict(tab)
    assert tab.session.problem == ""
    if make is not no_split:
        assert WARNED[make][0] in tab.verdict.text()


def no_images(folder):
    (folder / "images").mkdir(parents=True)


def strange_stems(folder):
    folder_of(folder, 1)
    (folder / "labels/a.tif").rename(folder / "labels/z.tif")


def twins(folder):
    folder_of(folder, 1)
    shutil.copy(folder / "images/a.tif", folder / "images/a.tiff")


REFUSED = {
    no_images: ("holds no images", "TIFF, NIfTI, PNG or NPY"),
    strange_stems: ("labels without an image: z", "must have equal stems"),
    twins: ("a.tif and a.tiff", "same stem"),
}


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_a_folder_that_cannot_be_used_is_a_sentence_and_the_other_is_shown(
    make, tab, qtbot, tmp_path
):
    make(tmp_path / "source")
    look(
        qtbot,
        tab,
        source=DomainChoice(folder=tmp_path / "source"),
        target=DomainChoice(folder=folder_of(tmp_path / "target", 5)),
    )
    for words in REFUSED[make]:
        assert words.lower() in tab.verdict.text().lower()
        assert words in tab.session.problem
    assert tab.table.samples.rowCount() == 2


def test_resampling_is_offered_and_said_to_be_done(tab, qtbot, tmp_path):
    for name, side in (("source", 4), ("target", 8)):
        folder_of(
            tmp_path / name, side, config=f"voxel_size: [{side}, {side}]\nunit: nm"
        )
        tab.session.choose(name, DomainChoice(folder=tmp_path / name))
    wait(qtbot, tab)
    assert "voxels are 4 x 4 nm in the source, 8 x 8 nm" in tab.verdict.text()
    assert tab.fix.isVisibleTo(tab)
    tab.fix.click()
    wait(qtbot, tab)
    assert "Both domains are resampled to 8 x 8 nm" in tab.verdict.text()
    assert tab.session.snapshot().dataset().voxel_size == (8.0, 8.0)


def drag(widget, *paths):
    """Drag files over a widget and drop them there; return whether it took them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), copy, data, left, none)
    QApplication.sendEvent(widget, enter)
    if not enter.isAccepted():
        return False
    drop = QDropEvent(QPointF(5, 5), copy, data, left, none)
    QApplication.sendEvent(widget, drop)
    return drop.isAccepted()


def test_folders_are_dropped_and_files_are_not(tab, qtbot, tmp_path):
    for name in ("source", "target"):
        folder = folder_of(tmp_path / name, len(name) + 40)
        picker = tab.pickers[name]
        assert picker.acceptDrops()
        assert not drag(picker, folder / "images/a.tif")
        assert drag(picker, folder)
        assert picker.folder.box.currentText() == str(folder)
    wait(qtbot, tab)
    assert tab.session.problem == ""
    assert tab.table.samples.rowCount() == 4
