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
        elif one.minimumSizeHint().width() > one.width():
            found.append(f"{words} is squeezed")
    for one in page.findChildren(QScrollArea):
        bar = one.horizontalScrollBar()
        if one.isVisible() and bar is not None and bar.maximum() > 0:
            found.append(f"{type(one).__name__} is {bar.maximum()} too wide")
    return found


def predicted(page: QWidget) -> None:
    """Have all that Predict may show, with the names of runs of one series."""
    runs = ("em_mouse_to_fly_grl_01\nbest", "em_mouse_to_fly_source_only_01\nbest")
    named = [run.replace("\n", ", ") for run in runs]
    no_rows = {"precision": 0.5, "recall": 0.5, "iou": 0.3, "unit": "nm"}
    rows = [
        {"image": f"slice_{number:03d}_of_a_stack", "class": "mitochondria"} | no_rows
        | {"dice": 0.5, "assd": 1.0, "hd95": 1234.5, "pixels_truth": 9}
        | {"pixels_predicted": 9}
        for number in range(3)
    ]  # fmt: skip
    page.baseline.addItem(f"with {named[1]}")
    page.baseline.setCurrentIndex(page.baseline.count() - 1)
    page.shown.set_runs(*named[::-1])
    page.shown.set_truth(True)
    page.shown.show_view("difference")
    page.scores.show_rows(rows, rows, {}, runs=runs)
    page.scores.setMeasure("HD95")
    page.head.name(named[0], "best", "slice_000_of_a_stack", True)
    page.head.set_stale(True)
    page.gain.setMarked("warning", "Dice better by 0.20 on 7 images " * 9)
    for one in (page.shown, page.scores, page.head, page.gain):
        one.setVisible(True)
    for one in (page.copy, page.csv, page.save):
        one.setVisible(True)


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
    predicted(dock.predict)
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
