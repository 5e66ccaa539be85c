"""What the tests of the Data tab share: one window for many looks at data."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
import tifffile
from app_model import Application
from napari._qt._qapp_model.qactions import init_qactions
from napari.plugins import _initialize_plugins
from qtpy.QtCore import QCoreApplication, QEvent, Qt
from qtpy.QtGui import QColor

from napari_uda.ui import data_widget as module
from napari_uda.ui.choice import DomainChoice
from napari_uda.ui.data_widget import DataWidget
from napari_uda.ui.words import SEVERITY_COLORS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = {"shape": 1, "type": 2, "voxel": 3, "classes": 4, "use": 5}


@contextmanager
def data_window() -> Iterator[DataWidget]:
    """Open a viewer with a Data tab that does not wait before it looks."""
    # Between two such windows, napari's fixture forgets that plugins are registered.
    Application.destroy("napari")
    _initialize_plugins.cache_clear()
    init_qactions.cache_clear()
    waits = module.WAIT, module.WAIT_PAINTING
    module.WAIT = module.WAIT_PAINTING = 1
    viewer = napari.Viewer(show=False)
    widget = DataWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Data", area="right")
    try:
        yield widget
    finally:
        module.WAIT, module.WAIT_PAINTING = waits
        viewer.close()
        del viewer, widget
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def look(qtbot: Any, widget: DataWidget, **choices: DomainChoice) -> None:
    """Choose source and target and wait until both were looked at."""
    for name, choice in choices.items():
        widget.session.choose(name, choice)  # type: ignore[arg-type]
    wait(qtbot, widget)


def wait(qtbot: Any, widget: DataWidget) -> None:
    """Wait until what is chosen has been looked at."""

    def done() -> bool:
        busy = widget._timer.isActive() or widget._worker.busy
        return not busy and widget.session.problem != "The data are being looked at."

    qtbot.waitUntil(done, timeout=20_000)


def empty(qtbot: Any, widget: DataWidget) -> None:
    """Choose nothing and close all layers, for the next test."""
    for name in ("source", "target"):
        widget.session.choose(name, DomainChoice())  # type: ignore[arg-type]
    widget.session.voxel_size = None
    widget.session.viewer.layers.clear()
    qtbot.waitUntil(lambda: not widget._timer.isActive(), timeout=20_000)


def row_of(widget: DataWidget, domain: str, name: str) -> int:
    """Return the row of a sample in the table."""
    model = widget.table.samples
    reports = [model.report(row) for row in range(model.rowCount())]
    found = [(one.domain, one.name) for one in reports if one is not None]
    return found.index((domain, name))


def said(widget: DataWidget, domain: str, name: str) -> str:
    """Click on the row of a sample and return what is said below the table."""
    widget.table.selectRow(row_of(widget, domain, name))
    return widget.note.text() if widget.note.isVisibleTo(widget) else ""


def cell(widget: DataWidget, domain: str, name: str, column: str) -> str:
    """Return the text of a cell."""
    model = widget.table.samples
    index = model.index(row_of(widget, domain, name), COLUMNS[column])
    return str(model.data(index, Qt.ItemDataRole.DisplayRole))


def severity(widget: DataWidget, domain: str, name: str) -> str:
    """Return what the colour of a row's sign means."""
    model = widget.table.samples
    index = model.index(row_of(widget, domain, name), 0)
    image = model.data(index, Qt.ItemDataRole.DecorationRole).toImage()
    colour = image.pixelColor(image.rect().center())
    return next(key for key, one in SEVERITY_COLORS.items() if QColor(one) == colour)


def verdict(widget: DataWidget) -> str:
    """Return everything that is said below the table of all data together."""
    return f"{widget.verdict.text()}\n{widget.verdict.toolTip()}"


def noise(seed: int, *shape: int) -> np.ndarray:
    """Return bytes of an image that no other seed gives."""
    return np.random.default_rng(seed).integers(0, 255, shape, np.uint8)


def stripes(*shape: int, values: tuple[int, ...] = (1,)) -> np.ndarray:
    """Return labels with a stripe of every value."""
    labels = np.zeros(shape, np.uint8)
    for index, value in enumerate(values):
        labels[..., 10 * index + 2 : 10 * index + 8] = value
    return labels


def folder_of(
    folder: Path,
    seed: int,
    values: tuple[int, ...] = (1,),
    stems: tuple[str, ...] = ("a", "b"),
    config: str = "",
) -> Path:
    """Make a data folder of single images with labels."""
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    for number, stem in enumerate(stems):
        image = noise(seed + number, 64, 64)
        tifffile.imwrite(folder / "images" / f"{stem}.tif", image)
        labels = stripes(64, 64, values=values)
        tifffile.imwrite(folder / "labels" / f"{stem}.tif", labels)
    if config:
        (folder / "dataset.yaml").write_text(config)
    return folder
