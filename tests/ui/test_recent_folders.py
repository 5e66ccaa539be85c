"""Folders of last time are offered, not loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from qtpy.QtCore import QSettings
from qtpy.QtWidgets import QFileDialog

from data_window import folder_of
from napari_uda.core.spec.domain import Structure
from napari_uda.core.spec.geometry import TypedSize
from napari_uda.core.spec.typed import Typed
from napari_uda.ui import data_widget as module
from napari_uda.ui.choice import DomainChoice
from napari_uda.ui.data_widget import DataWidget
from napari_uda.ui.recent import (
    KEYS,
    MOST,
    RESAMPLING,
    remember_resampling,
    remember_typed,
    resampling_of,
    typed_of,
)
from napari_uda.ui.session import Session, _settings


@pytest.fixture
def tabs(make_napari_viewer, qtbot, monkeypatch):
    """Return a Data tab in a window of its own, as often as it is called."""
    monkeypatch.setattr(module, "WAIT", 1)

    def open_tab():
        tab = DataWidget(make_napari_viewer())
        qtbot.addWidget(tab)
        return tab

    return open_tab


def offered(picker):
    box = picker.folder.box
    return [box.itemData(index) for index in range(box.count())]


def choose_folders(picker):
    picker.origin.setCurrentIndex(1)
    picker.origin.activated.emit(1)


def test_the_next_start_offers_the_folders_and_loads_none(tabs, qtbot, tmp_path):
    first = tabs()
    one, two, gone = (folder_of(tmp_path / name, 1) for name in ("1", "2", "gone"))
    for folder in (one, gone, two):
        first.pickers["source"].setFolder(folder)
    assert offered(first.pickers["source"]) == [two, gone, one]
    gone.rename(tmp_path / "elsewhere")

    then = tabs()
    source, target = then.pickers["source"], then.pickers["target"]
    assert then.session.choices["source"].empty
    choose_folders(source)
    assert source.folder.isVisibleTo(then)
    assert offered(source) == [None, two, one]
    assert offered(target) == [None]
    assert then.session.choices["source"].empty
    source.folder.box.activated.emit(2)
    assert then.session.choices["source"].folder == one
    assert offered(source) == [one, two]
    qtbot.waitUntil(lambda: then.inspection is not None)


def test_without_recent_folders_a_dialog_asks_for_one(tabs, monkeypatch, tmp_path):
    tab = tabs()
    picker = tab.pickers["target"]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    choose_folders(picker)
    assert not picker.folder.isVisibleTo(tab)
    folder = folder_of(tmp_path / "data", 1)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    choose_folders(picker)
    assert tab.session.choices["target"].folder == folder


def looked(tab):
    return tab.inspection is not None and not tab._timer.isActive()


def test_a_folder_without_images_is_not_offered_until_it_has_some(
    tabs, qtbot, tmp_path
):
    tab = tabs()
    good, empty = folder_of(tmp_path / "good", 1), tmp_path / "empty"
    empty.mkdir()
    picker = tab.pickers["source"]
    picker.setFolder(good)
    picker.setFolder(empty)
    qtbot.waitUntil(lambda: looked(tab))
    assert offered(picker) == [empty, good]  # it is the one that is chosen
    assert tab.session.recent_folders("source") == [good]
    (good / "images").rename(empty / "images")
    tab._look()
    qtbot.waitUntil(lambda: looked(tab))
    assert empty in tab.session.recent_folders("source")


def test_the_dialog_begins_beside_the_other_domain_or_at_the_last_folder(
    tabs, qtbot, monkeypatch, tmp_path
):
    tab, starts = tabs(), []
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", lambda *given: starts.append(given[2])
    )
    source, target = tab.pickers["source"].folder, tab.pickers["target"].folder
    target.ask()
    tab.pickers["source"].setFolder(folder_of(tmp_path / "pair" / "source", 1))
    target.ask()
    tab.pickers["target"].setFolder(folder_of(tmp_path / "other" / "target", 2))
    target.ask()
    source.ask()
    home, beside, own, of_source = starts
    assert home == str(Path.home())
    assert beside == of_source == str(tmp_path / "pair")
    assert own == str(tmp_path / "other")
    qtbot.waitUntil(lambda: looked(tab))


@pytest.fixture
def unequal(tmp_path):
    """Return two folders of different voxel sizes."""
    return {
        name: folder_of(
            tmp_path / name, side, config=f"voxel_size: [{side}, {side}]\nunit: nm"
        )
        for name, side in (("source", 4), ("target", 8))
    }


def choose(tab, qtbot, folders):
    for name, folder in folders.items():
        tab.pickers[name].setFolder(folder)
    qtbot.waitUntil(lambda: looked(tab))


def test_resampling_comes_back_with_its_folders(tabs, qtbot, tmp_path, unequal):
    first = tabs()
    choose(first, qtbot, unequal)
    first.fix.click()
    qtbot.waitUntil(lambda: looked(first) and "Ready" in first.verdict.text())
    assert first.session.voxel_size == (8.0, 8.0)

    choose(first, qtbot, {"target": folder_of(tmp_path / "third", 9)})
    assert first.session.voxel_size is None
    choose(first, qtbot, {"target": unequal["target"]})
    assert first.session.voxel_size == (8.0, 8.0)

    then = tabs()
    choose(then, qtbot, unequal)
    assert "Both domains are resampled to 8 x 8 nm" in then.verdict.text()
    assert then.fix.text() == "Undo resampling"
    then.fix.click()
    qtbot.waitUntil(lambda: looked(then) and "in the target" in then.verdict.text())

    last = tabs()
    choose(last, qtbot, unequal)
    assert last.session.voxel_size is None
    assert last.fix.text() == "Resample to 8 nm"


def test_resampling_by_typed_voxel_sizes_is_not_kept(tabs, qtbot, unequal):
    tab = tabs()
    choose(tab, qtbot, unequal)
    typed = TypedSize((5.0, 5.0), "nm")
    tab.session.choose("source", tab.session.choices["source"].with_size(typed))
    tab.session.resample((5.0, 5.0))
    qtbot.waitUntil(lambda: looked(tab))
    assert resampling_of(_settings(), *unequal.values()) is None


def test_resampling_does_not_come_back_to_typed_voxel_sizes(tabs, qtbot, unequal):
    # It is in the unit of the source's files, and another one may have been typed.
    tab = tabs()
    choose(tab, qtbot, unequal)
    tab.fix.click()
    session = tab.session
    typed = TypedSize((5.0, 5.0), "um")
    session.choose("source", session.choices["source"].with_size(typed))
    session.choose("target", DomainChoice())
    session.choose("target", DomainChoice(folder=unequal["target"]))
    assert session.voxel_size is None
    session.choose("source", session.choices["source"].with_size(None))
    session.choose("source", DomainChoice())
    session.choose("source", DomainChoice(folder=unequal["source"]))
    assert session.voxel_size == (8.0, 8.0)
    qtbot.waitUntil(lambda: looked(tab))


def test_a_typed_voxel_size_comes_back_with_its_folder(tabs, qtbot, tmp_path):
    plain = {name: folder_of(tmp_path / name, 3) for name in ("source", "target")}
    first = tabs()
    choose(first, qtbot, plain)
    row = first.pickers["source"].voxel_size
    assert "not known" in row.note.text()
    for axis in "yx":
        row.sides[axis].setText("5")
        row.sides[axis].editingFinished.emit()
    qtbot.waitUntil(lambda: looked(first))

    choose(first, qtbot, {"source": folder_of(tmp_path / "third", 4)})
    assert row.value() is None
    first.close()

    then = tabs()
    choose(then, qtbot, plain)
    row = then.pickers["source"].voxel_size
    assert row.value() == TypedSize((5.0, 5.0), "um")
    assert row.sides["y"].text() == "5"
    assert row.note.text() == ""
    assert then.pickers["target"].voxel_size.value() is None
    row.reset.click()
    qtbot.waitUntil(lambda: looked(then))

    last = tabs()
    choose(last, qtbot, plain)
    assert last.pickers["source"].voxel_size.value() is None


def test_typed_axes_and_classes_come_back_and_nothing_is_written_there(
    tabs, qtbot, tmp_path
):
    plain = {name: folder_of(tmp_path / name, 3) for name in ("source", "target")}
    before = sorted(plain["source"].rglob("*"))
    first = tabs()
    choose(first, qtbot, plain)
    axes, classes = first.pickers["source"].axes, first.classes
    assert [axes.currentText(), axes.value()] == ["yx", None]
    axes.setCurrentIndex(axes.findData("xy"))
    axes.activated.emit(axes.currentIndex())
    classes._names[1].setText("nucleus")
    classes._names[1].editingFinished.emit()
    qtbot.waitUntil(lambda: looked(first))
    first.close()

    then = tabs()
    choose(then, qtbot, plain)
    axes = then.pickers["source"].axes
    assert axes.value() == "xy"
    assert then.pickers["target"].axes.value() is None
    domain = then.session.snapshot().dataset().source
    assert {sample.axes for sample in domain.samples} == {"xy"}
    assert [item.name for item in domain.classes.values()] == ["nucleus"]
    assert then.classes._names[1].text() == "nucleus"
    axes.setCurrentIndex(0)
    axes.activated.emit(0)
    then.classes.reset.click()
    qtbot.waitUntil(lambda: looked(then))
    assert then.classes._names[1].text() == "foreground"
    assert not then.classes.reset.isVisibleTo(then)

    last = tabs()
    choose(last, qtbot, plain)
    assert last.session.choices["source"].typed == Typed()
    assert sorted(plain["source"].rglob("*")) == before


def test_what_is_typed_is_kept_by_folder(tmp_path):
    settings = QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat)
    typed = Typed(
        TypedSize((5.0, 2.0), "nm"), "xyz", {3: Structure(name="a", color="#112233")}
    )
    remember_typed(settings, tmp_path / "a", typed)
    remember_typed(settings, tmp_path / "b", Typed(axes="zyx"))
    assert typed_of(settings, tmp_path / "a") == typed
    assert typed_of(settings, tmp_path / "b") == Typed(axes="zyx")
    remember_typed(settings, tmp_path / "a", Typed(axes="xyz"))
    assert typed_of(settings, tmp_path / "a") == Typed(axes="xyz")


def test_resampling_of_several_pairs_is_kept(tmp_path):
    settings = QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat)
    for number in range(3):
        remember_resampling(settings, tmp_path, tmp_path / str(number), (1.0 + number,))
    remember_resampling(settings, tmp_path, tmp_path / "1", None)
    kept = [resampling_of(settings, tmp_path, tmp_path / one) for one in "012"]
    assert kept == [(1.0,), None, (3.0,)]


def test_settings_of_somebody_else_are_no_voxel_sizes(tmp_path):
    settings = QSettings(str(tmp_path / "odd.ini"), QSettings.Format.IniFormat)
    for odd in ("no json", "[1]", '[[["a"], 3]]', "{}"):
        settings.setValue(RESAMPLING, odd)
        assert resampling_of(settings, tmp_path, tmp_path) is None
    for odd in ("no json", "[1]", "{}", *_odd(tmp_path)):
        for key in KEYS:
            settings.setValue(key, odd)
        assert typed_of(settings, tmp_path) == Typed()


def _odd(folder):
    """Return values for a folder that are no size, no axes and no classes."""
    for value in (3, "zz", [[1, 2], "feet"], {"a": "b"}):
        yield json.dumps([[str(folder), value]])


def test_only_so_many_are_kept(make_napari_viewer, tmp_path):
    session = Session(make_napari_viewer())
    folders = [tmp_path / str(number) for number in range(MOST + 2)]
    for folder in folders:
        folder.mkdir()
        session.choose("source", DomainChoice(folder=folder))
    assert session.recent_folders("source") == folders[:1:-1]
    session.choose("source", DomainChoice(folder=tmp_path / "nowhere"))
    assert session.recent_folders("source") == folders[:1:-1]
