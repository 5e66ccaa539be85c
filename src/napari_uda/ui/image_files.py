"""Image files to work on: chosen, dropped, or those of a whole data folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_uda.core.errors import UserError
from napari_uda.core.io import FORMATS, is_image, stem_of
from napari_uda.core.spec.folders import folder_config

if TYPE_CHECKING:
    from qtpy.QtGui import QDragEnterEvent, QDropEvent

NO_FILES = "no files chosen: drop some here"


class ImageFiles(QWidget):
    """Choose image files, or a folder of them.

    Parameters
    ----------
    purpose
        What is done with the images, for the dialogs: "predict".
    """

    valueChanged = Signal()

    def __init__(self, purpose: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._purpose = purpose
        self._start = ""
        self._files: list[Path] = []
        self._test: set[str] = set()
        self._trouble = ""
        self.path = QElidingLabel(NO_FILES)
        # The end says most: the name of the folder or file.
        self.path.setElideMode(Qt.TextElideMode.ElideLeft)
        self.choose_files = QToolButton()
        self.choose_files.setText("files…")
        self.choose_files.setToolTip(
            "Choose image files; they can also be dropped here."
        )
        self.choose_folder = QToolButton()
        self.choose_folder.setText("folder…")
        self.choose_folder.setToolTip(
            "Choose a folder with images, or with images/ in it."
        )
        self.test_only = QCheckBox("test images only")
        self.test_only.setToolTip("Leave out the images that took part in training.")
        self.test_only.setChecked(True)
        self.test_only.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(3)
        line = QHBoxLayout()
        line.addWidget(self.choose_files)
        line.addWidget(self.choose_folder)
        line.addStretch(1)
        box.addLayout(line)
        box.addWidget(self.path)
        box.addWidget(self.test_only)
        self.test_only.toggled.connect(self.valueChanged)
        self.choose_files.clicked.connect(self._on_choose_files)
        self.choose_folder.clicked.connect(self._on_choose_folder)

    def setValue(self, paths: list[Path]) -> None:
        """Choose image files, or folders of them; `problem` says what is wrong."""
        self._trouble = ""
        try:
            self._files, self._test = _listed(paths)
        except UserError as error:
            self._files, self._test, self._trouble = [], set(), str(error)
        text = str(paths[0]) if len(paths) == 1 else f"{len(paths)} files"
        self.path.setText(text if paths else NO_FILES)
        self.path.setToolTip(text if paths else "")
        if paths:
            self._start = str(paths[0].parent)
        self.test_only.setVisible(bool(self._test))
        self.valueChanged.emit()

    def value(self) -> list[Path]:
        """Return the chosen images, in the order of their names."""
        if self._test and self.test_only.isChecked():
            return [file for file in self._files if stem_of(file) in self._test]
        return self._files

    def problem(self) -> str:
        """Say why there are no images; empty if there are."""
        return "" if self.value() else self._trouble or "Choose image files first."

    def _on_choose_files(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in FORMATS)
        names, _ = QFileDialog.getOpenFileNames(
            self, f"Images to {self._purpose}", self._start, f"Images ({patterns})"
        )
        if names:
            self.setValue([Path(name) for name in names])

    def _on_choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self, f"Folder of images to {self._purpose}", self._start
        )
        if name:
            self.setValue([Path(name)])


class FileDrop(QWidget):
    """A widget that image files and folders can be dropped on."""

    dropped = Signal(list)
    """Paths of images and folders."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Accept files and folders."""
        if event and _paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Tell what is dropped."""
        if event and (paths := _paths(event)):
            event.acceptProposedAction()
            self.dropped.emit(paths)


def _paths(event: QDragEnterEvent | QDropEvent) -> list[Path]:
    data = event.mimeData()
    if data is None:
        return []
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return [path for path in paths if path.is_dir() or is_image(path)]


def _listed(paths: list[Path]) -> tuple[list[Path], set[str]]:
    """Return the image files of files and folders, and the stems of test images."""
    files: list[Path] = []
    test: set[str] = set()
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        inside = path / "images" if (path / "images").is_dir() else path
        found = [file for file in sorted(inside.iterdir()) if is_image(file)]
        if not found:
            formats = ", ".join(dict.fromkeys(FORMATS.values()))
            raise UserError(
                f"{path} holds no images: choose a folder with {formats} files."
            )
        files += found
        test |= set(map(str, folder_config(path).split.get("test", ())))
    return files, test
