"""Widgets of ours side by side, each a dock of its own, have the same keys."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QShortcut
from qtpy.QtWidgets import QAbstractButton, QApplication

from napari_uda.ui.shared_key import SharedKey

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def viewer(make_napari_viewer, own_settings):
    return make_napari_viewer(show=True)


@pytest.fixture
def pressed():
    return []


@pytest.fixture
def open_tab(viewer, qtbot, pressed):
    """Return a function that opens a widget and lets its button note each press."""

    def new(name, button, focus):
        _, widget = viewer.window.add_plugin_dock_widget("napari-uda", name)
        found = button(widget)
        found.clicked.disconnect()
        found.clicked.connect(lambda: pressed.append(name))
        found.setEnabled(True)
        found.show()
        qtbot.waitUntil(found.isVisible)
        return widget, found, focus(widget)

    return new


def press(qtbot, viewer, key, modifier):
    qtbot.keyClick(viewer.window._qt_window, key, modifier)


def test_a_key_is_for_the_widget_that_was_used_last(viewer, qtbot, open_tab, pressed):
    data = open_tab("1 Data", lambda w: w.fix, lambda w: w.pickers["source"].origin)
    predict = open_tab("3 Predict", lambda w: w.predict, lambda w: w.run)
    check = open_tab("4 Check", lambda w: w.translate, lambda w: w.inputs.origin)
    window = viewer.window._qt_window
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    for _, button, focus in (predict, check, data, check):
        button.setEnabled(True)
        focus.setFocus()
        qtbot.waitUntil(focus.hasFocus)
        press(qtbot, viewer, Qt.Key.Key_Return, CTRL)
    window.setFocus()
    press(qtbot, viewer, Qt.Key.Key_Return, CTRL)
    names = ["3 Predict", "4 Check", "1 Data", "4 Check", "4 Check"]
    assert pressed == names
    check[1].setEnabled(False)
    press(qtbot, viewer, Qt.Key.Key_Return, CTRL)
    assert pressed == [*names, "1 Data"]
    for _, button, _ in (data, predict):
        button.setEnabled(False)
    press(qtbot, viewer, Qt.Key.Key_Return, CTRL)
    assert len(pressed) == 6


def test_no_two_widgets_have_a_key_that_is_not_shared(viewer, qtbot):
    """Of one key that two buttons have, Qt presses neither."""
    whose = {}
    for name in ("1 Data", "2 Train", "3 Predict", "4 Check"):
        _, widget = viewer.window.add_plugin_dock_widget("napari-uda", name)
        keys = [
            one.shortcut().toString() for one in widget.findChildren(QAbstractButton)
        ]
        keys += [
            one.key().toString()
            for one in widget.findChildren(QShortcut)
            if not isinstance(one, SharedKey)
            and one.context() == Qt.ShortcutContext.WindowShortcut
        ]
        whose[name] = set(filter(None, keys)) - {"Esc"}  # for what is under way
    every = [key for keys in whose.values() for key in keys]
    assert len(every) > 10
    assert sorted(every) == sorted(set(every))
