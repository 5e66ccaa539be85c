"""A window with a dock of 350 pixels and a sample pair; prints what does not fit."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import napari
from qtpy.QtCore import QPoint, QSettings, Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDockWidget,
    QLabel,
    QScrollArea,
    QWidget,
)

from napari_uda.ui import session, standby
from napari_uda.ui.launch import open_dock, open_sample

WIDTH = 350


def wait(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()


def misfits(page: QWidget) -> list[str]:
    """Name what is cut: what leaves the page, and texts wider than their button."""
    found = []
    for one in page.findChildren(QWidget):
        if not one.isVisible() or not isinstance(one, QAbstractButton | QLabel):
            continue
        right = one.mapTo(page, QPoint(one.width(), 0)).x()
        words = one.text() or type(one).__name__
        if right > page.width():
            found.append(f"{words} ends at {right} of {page.width()}")
        if isinstance(one, QAbstractButton):
            text = one.fontMetrics().horizontalAdvance(one.text())
            if text > one.width():
                found.append(f"{words} has {one.width()} of {text}")
    for one in page.findChildren(QScrollArea):
        bar = one.horizontalScrollBar()
        if one.isVisible() and bar is not None and bar.maximum() > 0:
            found.append(f"{type(one).__name__} is {bar.maximum()} too wide")
    return found


def main(folder: str, scale: str, theme: str) -> None:
    settings = str(Path(folder) / "settings.ini")  # not those of whoever runs the tests
    session._settings = lambda: QSettings(settings, QSettings.Format.IniFormat)
    standby.ENOUGH = 2**62
    viewer = napari.Viewer()
    viewer.theme = theme
    dock = open_dock(viewer)
    open_sample(viewer)
    pages = (dock.data, dock.train, dock.predict, dock.check)
    place: QWidget = dock
    while not isinstance(place, QDockWidget):
        place = place.parentWidget()
    window = viewer.window._qt_window
    window.resize(1200, 800)
    window.resizeDocks([place], [WIDTH], Qt.Orientation.Horizontal)
    wait(1)
    dock.train.experiment.settings.unfold()
    assert window.devicePixelRatio() == float(scale)
    assert dock.width() <= WIDTH, dock.width()
    for number, page in enumerate(pages):
        dock.tabs.setCurrentIndex(number)
        wait(0.3)
        assert page.isVisible()
        for words in misfits(page):
            print(f"{dock.tabs.tabText(number)}: {words}")
    bar = dock.tabs.tabBar()
    assert bar is not None
    if bar.sizeHint().width() > bar.width():
        print("tabs")
    viewer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
