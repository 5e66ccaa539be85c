"""The voxel size of a domain: as its files say it, or as the user types it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_uda.core.spec.domain import Unit
from napari_uda.core.spec.geometry import TypedSize

from .muted import mute, mute_placeholder
from .words import marked_text, unit_text

if TYPE_CHECKING:
    from napari_uda.core.spec.geometry import Sized

AXES = "zyx"
UNKNOWN = (
    "voxel size not known: distances such as HD95 will be in pixels. Type it if you "
    "know it."
)


class VoxelSizeRow(QWidget):
    """A field per axis and a unit; grey numbers are what the files say.

    What is typed holds for all images of the domain.
    """

    valueChanged = Signal()
    problemChanged = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._typed: TypedSize | None = None
        self._known: dict[str, float] = {}
        self._optional = False
        self._problem = ""
        self._unknown = False
        self.sides = {axis: QLineEdit() for axis in AXES}
        self._names = {axis: QLabel(axis) for axis in AXES}
        self.unit = QComboBox()
        for unit in get_args(Unit):
            self.unit.addItem(unit_text(unit), unit)
        self.unit.setToolTip("Unit of the voxel size.")
        self.reset = QToolButton()
        self.reset.setText("\N{ANTICLOCKWISE OPEN CIRCLE ARROW}")
        self.reset.setAutoRaise(True)
        self.reset.setToolTip("Forget what was typed: as files and layers say.")
        self.note = QLabel()
        self.note.setWordWrap(True)
        caption = QLabel("voxel")
        mute(caption)
        line = QHBoxLayout()
        line.setSpacing(2)
        line.addWidget(caption)
        for axis in AXES:
            edit, name = self.sides[axis], self._names[axis]
            mute(name)
            edit.setMinimumWidth(32)
            mute_placeholder(edit)
            edit.setToolTip(
                f"Size of a voxel along {axis}. What is typed here goes before headers "
                "of files, scales of layers and dataset.yaml, for all these images."
            )
            line.addWidget(name)
            line.addWidget(edit, 1)
            edit.editingFinished.connect(self._on_edited)
        line.addWidget(self.unit)
        line.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self.note)
        self.unit.activated.connect(self._on_unit_chosen)
        self.reset.clicked.connect(self._on_reset_clicked)
        self.setValue(None)

    @property
    def problem(self) -> str:
        """Why what was typed cannot be used; empty if it can."""
        return self._problem

    def value(self) -> TypedSize | None:
        """Return what was typed, or None."""
        return self._typed

    def setValue(self, typed: TypedSize | None) -> None:
        """Show what was typed, silently."""
        self._typed = typed
        sides = _by_axis(typed)
        for axis, edit in self.sides.items():
            edit.setText(f"{sides[axis]:.6g}" if axis in sides else "")
            edit.setCursorPosition(0)
        if typed is not None:
            self.unit.setCurrentIndex(self.unit.findData(typed.unit))
        self._complain("")

    def setKnown(self, known: Sized, axes: int, sections: bool = False) -> None:
        """Show what is known of images with so many axes.

        Parameters
        ----------
        known
            The voxel size in use, if any.
        axes
            2 or 3.
        sections
            Whether the first axis counts sections and needs no length.
        """
        self._known = _by_axis(known)
        self._optional = sections
        for axis, edit in self.sides.items():
            for widget in (edit, self._names[axis]):
                widget.setVisible(axis in AXES[-axes:])
            side = self._known.get(axis)
            edit.setPlaceholderText("?" if side is None else f"{side:.4g}")
        if known.unit is not None:
            self.unit.setCurrentIndex(self.unit.findData(known.unit))
        elif self._typed is None:
            self.unit.setCurrentIndex(self.unit.findData("um"))
        self._unknown = not known.voxel_size
        self._say()

    def _say(self) -> None:
        text = self._problem or (UNKNOWN if self._unknown else "")
        self.reset.setVisible(self._typed is not None or bool(self._problem))
        self.note.setText(marked_text("warning", text) if text else "")
        self.note.setVisible(bool(text))

    def _complain(self, problem: str) -> None:
        changed = problem != self._problem
        self._problem = problem
        self._say()
        if changed:
            self.problemChanged.emit()

    def _on_edited(self) -> None:
        if any(edit.text().strip() for edit in self.sides.values()):
            self._read()
        else:
            self._set(None)
            self._complain("")

    def _on_unit_chosen(self, _index: int) -> None:
        if self._known or self._typed is not None:
            self._read()

    def _on_reset_clicked(self) -> None:
        self._set(None)
        self.setValue(None)

    def _read(self) -> None:
        """Take what the fields say; of empty ones, what is known."""
        sides: dict[str, float] = {}
        for axis, edit in self.sides.items():
            text = edit.text().strip()
            if not edit.isHidden() and (text or axis != "z" or not self._optional):
                sides[axis] = _number(text) if text else self._known.get(axis, 0.0)
        if missing := [axis for axis, side in sides.items() if side <= 0]:
            self._complain(f"give a positive number for {' and '.join(missing)}.")
        else:
            self._complain("")
            self._set(TypedSize(tuple(sides.values()), self.unit.currentData()))

    def _set(self, typed: TypedSize | None) -> None:
        if typed != self._typed:
            self._typed = typed
            self.valueChanged.emit()


def _by_axis(size: Sized | None) -> dict[str, float]:
    sides = size.voxel_size if size is not None and size.voxel_size else ()
    return dict(zip(AXES[-len(sides) :], sides, strict=True)) if sides else {}


def _number(text: str) -> float:
    """Read a number with a point or a comma; 0 if it is none."""
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0
