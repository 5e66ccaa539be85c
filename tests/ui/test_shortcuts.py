"""No key of ours is one of napari's: Qt then does neither, and warns on the console."""

from __future__ import annotations

import pytest
from napari._app_model import get_app_model
from napari.utils.action_manager import action_manager
from qtpy.QtGui import QAction, QKeySequence, QShortcut
from qtpy.QtWidgets import QAbstractButton

from napari_uda.ui.dock import AdaptationDock

pytestmark = pytest.mark.usefixtures("own_settings")


def texts(keys):
    return {QKeySequence(key).toString() for key in keys} - {""}


def of_napari(window):
    """Return the keys of its menus, their underlined letters, and of its canvas."""
    actions = window.findChildren(QAction)
    found = {key for action in actions for key in action.shortcuts()}
    for action in window.menuBar().actions():
        found.add(QKeySequence.mnemonic(action.text()))
    found |= {str(one.keybinding) for one in get_app_model().keybindings}
    for keys in action_manager._shortcuts.values():
        found |= {str(key) for key in keys}
    return texts(found)


def of_ours(dock):
    keys = [one.key() for one in dock.findChildren(QShortcut)]
    keys += [one.shortcut() for one in dock.findChildren(QAbstractButton)]
    return texts(keys)


def test_no_key_is_also_one_of_napari(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    dock = AdaptationDock(viewer)
    viewer.window.add_dock_widget(dock)
    qtbot.waitUntil(lambda: dock.complete, timeout=20_000)
    theirs, ours = of_napari(viewer.window._qt_window), of_ours(dock)
    assert {"Alt+S", "Ctrl+R", "Alt+F"} <= theirs
    assert {"F5", "F6", "Alt+1", "Alt+Right"} <= ours
    # Napari's are of the canvas; ours are of the list of runs, and of buttons that
    # cancel what is under way.
    assert ours & theirs <= {"Del", "Esc"}
