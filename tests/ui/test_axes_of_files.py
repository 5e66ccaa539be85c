"""Data tab: axes of files are seen and corrected, and classes of folders named."""

from __future__ import annotations

import numpy as np
import tifffile
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog

from data_window import cell, folder_of, look, noise, said, severity, verdict, wait
from napari_uda.core.spec.domain import PALETTE, Dataset
from napari_uda.core.spec.folders import domain_from_folder
from napari_uda.core.spec.typed import Typed
from napari_uda.ui.axes_box import AS_FOUND, MIXED, UNCLEAR, AxesBox
from napari_uda.ui.choice import DomainChoice
from napari_uda.ui.file_samples import labelled_sample
from napari_uda.ui.fitting import shapes_of
from napari_uda.ui.snapshot import plan_domain


def choose(box, axes):
    """Choose axes as the user does."""
    box.setCurrentIndex(0 if axes is None else box.findData(axes))
    box.activated.emit(box.currentIndex())


def offered(box):
    return [box.itemText(index) for index in range(box.count())]


def channels(folder, seed):
    """Make a data folder whose stacks of six slices say that these are channels."""
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    labels = np.zeros((6, 64, 48), np.uint8)
    labels[:, 5:30] = 1
    about = {"imagej": True, "metadata": {"axes": "CYX"}}
    tifffile.imwrite(folder / "images" / "a.tif", noise(seed, 6, 64, 48), **about)
    tifffile.imwrite(folder / "labels" / "a.tif", labels, **about)
    return folder


def test_axes_that_mislead_are_seen_and_corrected_and_reach_the_run(
    tab, qtbot, tmp_path
):
    source, target = channels(tmp_path / "s", 1), channels(tmp_path / "t", 2)
    look(
        qtbot,
        tab,
        source=DomainChoice(folder=source),
        target=DomainChoice(folder=target),
    )
    assert "the axes c=6, y=64, x=48" in said(tab, "source", "a")
    for picker in tab.pickers.values():
        assert picker.axes.isVisibleTo(tab)
        assert picker.axes.currentText() == UNCLEAR
        choose(picker.axes, "zyx")
    wait(qtbot, tab)
    assert severity(tab, "source", "a") == "note"
    assert cell(tab, "target", "a", "shape") == "6x64x48"
    assert "ready to train" in verdict(tab).lower()
    assert offered(tab.pickers["source"].axes)[:2] == [AS_FOUND, "zyx"]
    data = tab.session.snapshot().dataset()
    assert {one.axes for one in (*data.source.samples, *data.target.samples)} == {"zyx"}
    assert list(data.source.classes) == [1]
    assert shapes_of(plan_domain("source", tab.session.choices["source"])) == [
        (6, 64, 48)
    ]

    choose(tab.pickers["source"].axes, None)
    wait(qtbot, tab)
    assert severity(tab, "source", "a") == "error"
    assert tab.pickers["source"].axes.currentText() == UNCLEAR
    assert tab.session.choices["target"].axes == "zyx"


def test_axes_of_dataset_yaml_are_those_found(tab, qtbot, tmp_path):
    folders = [channels(tmp_path / name, seed) for seed, name in enumerate("st")]
    for folder in folders:
        (folder / "dataset.yaml").write_text("axes: xyz")
    source, target = (DomainChoice(folder=folder) for folder in folders)
    look(qtbot, tab, source=source, target=target)
    assert cell(tab, "source", "a", "shape") == "48x64x6"
    box = tab.pickers["source"].axes
    assert (box.currentText(), box.value()) == ("xyz", None)
    choose(box, "zyx")
    wait(qtbot, tab)
    assert cell(tab, "source", "a", "shape") == "6x64x48"
    assert cell(tab, "target", "a", "shape") == "48x64x6"


def test_axes_that_do_not_fit_are_said_in_a_sentence(tab, qtbot, tmp_path):
    plain = [DomainChoice(folder=folder_of(tmp_path / one, 9)) for one in "st"]
    look(qtbot, tab, source=plain[0], target=plain[1])
    box = tab.pickers["target"].axes
    assert offered(box) == ["yx", "yx", "xy"]
    box.setFound(["", "yx"])
    choose(box, "zyx")
    wait(qtbot, tab)
    assert "The axes 'zyx' do not fit" in said(tab, "target", "a")
    assert "which has the axes y=64, x=64: give each a letter" in verdict(tab)


def test_a_sample_is_shown_with_the_axes_that_were_chosen(tab, qtbot, tmp_path):
    source, target = channels(tmp_path / "s", 1), channels(tmp_path / "t", 2)
    look(
        qtbot,
        tab,
        source=DomainChoice(folder=source, axes="zyx"),
        target=DomainChoice(folder=target, axes="zyx"),
    )
    tab.table.activated.emit(tab.table.samples.index(0, 0))
    layers = tab.session.viewer.layers
    qtbot.waitUntil(lambda: len(layers) == 2)
    assert [layer.data.shape for layer in layers] == [(6, 64, 48)] * 2


def test_the_box_says_what_was_found_and_offers_what_fits(qtbot):
    box = AxesBox()
    qtbot.addWidget(box)
    box.setFound(["zyx", "zyx"])
    assert box.currentText() == "zyx"
    assert {len(one) for one in offered(box)} == {3}
    assert {"yxc", "xyz"} <= set(offered(box))
    box.setFound(["zyx", ""])
    assert box.currentText() == MIXED
    assert {"yx", "zyx", "zyxc"} <= set(offered(box))
    box.setValue("yxz")
    box.setFound(["yxz"])
    assert (box.value(), box.itemText(0)) == ("yxz", AS_FOUND)
    box.setFound([])
    assert box.value() == "yxz"


def test_axes_typed_by_now_go_before_those_of_the_run_for_the_labels(tmp_path):
    folder = channels(tmp_path / "s", 1)
    (folder / "dataset.yaml").write_text("axes: xyz")
    domain = domain_from_folder(folder, "source")
    run = Dataset(source=domain, target=domain)
    for axes, expected in ((None, "xyz"), ("zyx", "zyx")):
        path = folder / "images" / "a.tif"
        _, sample = labelled_sample(path, run, "source", Typed(axes=axes))
        assert sample.axes == expected


def test_classes_of_a_folder_are_named_and_coloured(tab, qtbot, tmp_path, monkeypatch):
    config = "classes:\n  1: {name: cell, color: '#112233'}\n  2: vessel\n  3: wall"
    source = folder_of(tmp_path / "s", 1, values=(1, 2, 3), config=config)
    target = folder_of(tmp_path / "t", 5, values=(1, 2, 3), config=config)
    before = (source / "dataset.yaml").read_bytes()
    look(
        qtbot,
        tab,
        source=DomainChoice(folder=source),
        target=DomainChoice(folder=target),
    )
    table = tab.classes
    assert table.isVisibleTo(tab)
    assert [edit.text() for edit in table._names.values()] == ["cell", "vessel", "wall"]
    assert table.value()[1].color == "#112233"
    assert not table.reset.isVisibleTo(tab)

    table._names[1].setText("nucleus")
    table._names[1].editingFinished.emit()
    chosen = QColor("#abcdef")
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: chosen)
    table._colors[2].click()
    wait(qtbot, tab)
    found = tab.session.snapshot().dataset().structures
    assert [(one.name, one.color) for one in found] == [
        ("nucleus", "#112233"),
        ("vessel", "#abcdef"),
        ("wall", PALETTE[2]),
    ]
    # What was not touched follows dataset.yaml, as it changes.
    again = config.replace("cell", "other").replace("wall", "lumen")
    (source / "dataset.yaml").write_text(again)
    tab._look()
    wait(qtbot, tab)
    names = [one.name for one in table.value().values()]
    assert names == ["nucleus", "vessel", "lumen"]
    (source / "dataset.yaml").write_bytes(before)

    table.reset.click()
    wait(qtbot, tab)
    assert [edit.text() for edit in table._names.values()] == ["cell", "vessel", "wall"]
    assert tab.session.choices["source"].typed == Typed()


def test_another_folder_has_its_own_classes(tab, qtbot, tmp_path):
    folders = [folder_of(tmp_path / name, seed) for seed, name in enumerate("abt")]
    look(
        qtbot,
        tab,
        source=DomainChoice(folder=folders[0]),
        target=DomainChoice(folder=folders[2]),
    )
    tab.classes._names[1].setText("nucleus")
    tab.classes._names[1].editingFinished.emit()
    tab.pickers["source"].setFolder(folders[1])
    wait(qtbot, tab)
    assert tab.classes._names[1].text() == "foreground"
    tab.pickers["source"].setFolder(folders[0])
    wait(qtbot, tab)
    assert tab.classes._names[1].text() == "nucleus"


def test_masks_are_named_by_their_folders_and_membranes_not_at_all(
    tab, qtbot, tmp_path
):
    source = folder_of(tmp_path / "s", 1)
    (source / "labels").rename(source / "liver")
    (source / "labels").mkdir()
    (source / "liver").rename(source / "labels" / "liver")
    look(qtbot, tab, source=DomainChoice(folder=source))
    edit = tab.classes._names[1]
    assert (edit.text(), edit.isReadOnly()) == ("liver", True)

    plain = folder_of(tmp_path / "plain", 2)
    look(qtbot, tab, source=DomainChoice(folder=plain))
    assert not tab.classes._names[1].isReadOnly()
    config = "membrane_width: 8\nvoxel_size: [4, 4]\nunit: nm"
    membranes = folder_of(tmp_path / "m", 3, config=config)
    look(qtbot, tab, source=DomainChoice(folder=membranes))
    assert not tab.classes.isVisibleTo(tab)
