"""Names and colours of the classes of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QColorDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_uda.core.spec.domain import Structure


BY_NAME = "Name of the class; source and target classes are matched by name."
BY_FOLDER = "Name of the class: that of the folder of its masks."


class ClassTable(QWidget):
    """A line per class: its label value, colour and name."""

    valueChanged = Signal()
    forgotten = Signal()
    """The user wants the classes as dataset.yaml and labels say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes: dict[int, Structure] = {}
        self._shown: dict[int, Structure] = {}
        self._names: dict[int, QLineEdit] = {}
        self._colors: dict[int, QToolButton] = {}
        self._rows = QWidget()
        title = QLabel("<b>Classes</b>")
        self.reset = QToolButton()
        self.reset.setText("\N{ANTICLOCKWISE OPEN CIRCLE ARROW}")
        self.reset.setAutoRaise(True)
        self.reset.setToolTip(
            "Forget what was typed: names and colours as dataset.yaml and labels say."
        )
        self.reset.clicked.connect(self.forgotten)
        self.reset.hide()
        head = QHBoxLayout()
        head.addWidget(title)
        head.addWidget(self.reset)
        head.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(head)
        layout.addWidget(self._rows)

    def value(self) -> dict[int, Structure]:
        """Return the classes by label value."""
        return dict(self._classes)

    def changes(self) -> dict[int, Structure]:
        """Return the classes that the user has changed since they were shown."""
        return {
            value: item
            for value, item in self._classes.items()
            if item != self._shown.get(value)
        }

    def setValue(
        self,
        classes: Mapping[int, Structure],
        *,
        named_by_folder: bool = False,
        typed: bool = False,
    ) -> None:
        """Show classes, silently.

        Parameters
        ----------
        classes
            Label value to name and colour.
        named_by_folder
            Whether folders of masks name them, so that only colours can be changed.
        typed
            Whether some of it was typed, and can be forgotten.
        """
        self.reset.setVisible(typed)
        self._shown = dict(classes)
        if list(classes) != list(self._classes):
            self._rebuild(classes)
            self._classes = {}
        before, self._classes = self._classes, dict(classes)
        for value, item in classes.items():
            name = self._names[value]
            if item != before.get(value):  # what is being typed stays
                name.setText(item.name)
            name.setReadOnly(named_by_folder)
            name.setToolTip(BY_FOLDER if named_by_folder else BY_NAME)
            self._colors[value].setIcon(_swatch(item.color))

    def _rebuild(self, classes: Mapping[int, Structure]) -> None:
        old, self._rows = self._rows, QWidget()
        layout = self.layout()
        assert layout is not None
        layout.replaceWidget(old, self._rows)
        old.setParent(None)
        old.deleteLater()
        grid = QGridLayout(self._rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        self._names, self._colors = {}, {}
        for row, value in enumerate(classes):
            number = QLabel(str(value))
            number.setToolTip("Label value")
            color = QToolButton()
            color.setAutoRaise(True)
            color.setToolTip("Colour of the class; click to change it.")
            name = QLineEdit()
            grid.addWidget(number, row, 0)
            grid.addWidget(color, row, 1)
            grid.addWidget(name, row, 2)
            self._names[value], self._colors[value] = name, color
            name.editingFinished.connect(self._on_name_edited)
            color.clicked.connect(self._on_color_clicked)

    def _on_name_edited(self) -> None:
        for value, edit in self._names.items():
            name = edit.text().strip()
            taken = {s.name for v, s in self._classes.items() if v != value}
            if not name or name in taken:
                edit.setText(self._classes[value].name)
            elif name != self._classes[value].name:
                self._change(value, name=name)

    def _on_color_clicked(self) -> None:
        for value, button in self._colors.items():
            if button is self.sender():
                color = QColorDialog.getColor(QColor(self._classes[value].color), self)
                if color.isValid():
                    self._change(value, color=color.name())

    def _change(self, value: int, **changes: str) -> None:
        item = self._classes[value].model_copy(update=changes)
        self._classes = {**self._classes, value: item}
        self._colors[value].setIcon(_swatch(item.color))
        self.valueChanged.emit()


def _swatch(color: str) -> QIcon:
    pixmap = QPixmap(14, 14)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
