"""The dock: data, training, prediction and checking as tabs of one widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from .check_widget import CheckWidget
from .data_widget import DataWidget
from .predict_widget import PredictWidget
from .session import Session
from .train_widget import TrainWidget

if TYPE_CHECKING:
    from napari.viewer import Viewer

HINTS = (
    "Choose source and target, and see what is wrong with them",
    "Train, and watch it learn",
    "Segment with a run, and compare with truth",
    "Translate with a run, and see whether the anatomy is still there",
)


class AdaptationDock(QWidget):
    """Domain adaptation from data to masks, one tab per step.

    Parameters
    ----------
    napari_viewer
        The viewer to work in.
    """

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("napari-uda")
        self.session = Session.of(napari_viewer)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.data = DataWidget(napari_viewer)
        self.train = TrainWidget(napari_viewer)
        self.predict = PredictWidget(napari_viewer)
        self.check = CheckWidget(napari_viewer)
        pages = (self.data, self.train, self.predict, self.check)
        names = ("Data", "Train", "Predict", "Check")
        for number, (page, name, hint) in enumerate(
            zip(pages, names, HINTS, strict=True), start=1
        ):
            self.tabs.addTab(page, f"{number} {name}")
            key = f"Alt+{number}"
            self.tabs.setTabToolTip(number - 1, f"{hint} ({key}).")
            QShortcut(QKeySequence(key), self).activated.connect(self._on_key)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)

    def sizeHint(self) -> QSize:
        """Return a width that suits the widgets and leaves room for the canvas."""
        return QSize(400, 800)

    def minimumSizeHint(self) -> QSize:
        """Return the narrowest size at which everything can be used."""
        return QSize(340, 300)

    def _on_key(self) -> None:
        shortcut = self.sender()
        if isinstance(shortcut, QShortcut):
            self.tabs.setCurrentIndex(int(shortcut.key().toString()[-1]) - 1)
