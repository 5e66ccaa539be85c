"""A folder of images: chosen, dropped, or one of those chosen before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QToolButton, QWidget
from superqt.utils import signals_blocked

from .narrow_combo import NarrowCombo

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_FOLDER = "no folder chosen: drop one here"


class FolderRow(QWidget):
    """A box with the folder and recent ones, and a button that asks for another.

    Parameters
    ----------
    title
        Title of the dialog.
    """

    folderChosen = Signal(Path)
    """The user chose a folder."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._folder: Path | None = None
        self._recent: list[Path] = []
        self._neighbour: Path | None = None
        self.box = NarrowCombo()
        self.box.setToolTip("The folder; the list has those chosen before.")
        self.button = QToolButton()
        self.button.setText("choose…")
        self.button.setToolTip("Choose a folder with images/ and labels/ in it.")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.box, 1)
        line.addWidget(self.button)
        self.box.activated.connect(self._on_activated)
        self.button.clicked.connect(self.ask)
        self._fill()

    @property
    def folder(self) -> Path | None:
        """The chosen folder."""
        return self._folder

    @property
    def offers(self) -> bool:
        """Whether there are recent folders to choose from."""
        return bool(self._recent)

    def setFolder(self, folder: Path | None) -> None:
        """Show a folder, silently."""
        self._folder = folder
        self._fill()

    def setRecent(self, folders: Sequence[Path]) -> None:
        """Offer folders, the most recent first."""
        self._recent = list(folders)
        self._fill()

    def setNeighbour(self, folder: Path | None) -> None:
        """Say which folder the other domain has: this one may lie beside it."""
        self._neighbour = folder

    def ask(self) -> None:
        """Let the user choose a folder in a dialog."""
        recent = next(iter(self._recent), None)
        last = self._folder or self._neighbour or recent
        start = str(last.parent if last else Path.home())
        if text := QFileDialog.getExistingDirectory(self, self._title, start):
            self.folderChosen.emit(Path(text))

    def _fill(self) -> None:
        others = [one for one in self._recent if one != self._folder]
        with signals_blocked(self.box):
            self.box.clear()
            self.box.addItem(str(self._folder or NO_FOLDER), self._folder)
            for folder in others:
                self.box.addItem(str(folder), folder)
            for index in range(self.box.count()):
                text = self.box.itemText(index)
                self.box.setItemData(index, text, Qt.ItemDataRole.ToolTipRole)

    def _on_activated(self, index: int) -> None:
        folder = self.box.itemData(index)
        if folder is not None and folder != self._folder:
            self.folderChosen.emit(folder)
