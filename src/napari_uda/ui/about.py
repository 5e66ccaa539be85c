"""What this is, which version, and what it is not for."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox, QToolButton, QWidget

import napari_uda

KEY = "Shift+F1"
WORDS = (
    "<p><b>napari-uda {version}</b></p>"
    "<p>Segments images of a new scanner, stain or modality without labelling them: "
    "unsupervised domain adaptation.</p>"
    "<p><b>Research use only: not a medical device.</b> Nobody may be diagnosed or "
    "treated by its results.</p>"
    "<p>Nothing is sent anywhere: images, runs and reports stay on this computer.</p>"
    "<p>BSD 3-Clause licence, with no warranty.</p>"
)


class AboutButton(QToolButton):
    """Opens the about box, which nothing waits for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("?")
        self.setAutoRaise(True)
        self.setShortcut(KEY)
        self.setToolTip(f"About napari-uda ({KEY})")
        self.clicked.connect(self._on_clicked)

    def _on_clicked(self) -> None:
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("About napari-uda")
        box.setTextFormat(Qt.TextFormat.RichText)
        box.setText(WORDS.format(version=napari_uda.__version__))
        box.open()
