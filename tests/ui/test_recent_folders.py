"""Folders of last time are offered, not loaded."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QFileDialog

from data_window import folder_of
from napari_uda.ui import data_widget as module
from napari_uda.ui.data_widget import DataWidget
from napari_uda.ui.recent import MOST
from napari_uda.ui.session import DomainChoice, Session


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


def test_only_so_many_are_kept(make_napari_viewer, tmp_path):
    session = Session(make_napari_viewer())
    folders = [tmp_path / str(number) for number in range(MOST + 2)]
    for folder in folders:
        folder.mkdir()
        session.choose("source", DomainChoice(folder=folder))
    assert session.recent_folders("source") == folders[:1:-1]
    session.choose("source", DomainChoice(folder=tmp_path / "nowhere"))
    assert session.recent_folders("source") == folders[:1:-1]
