"""A part of a form that can be folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from .muted import mute
from .room import make_room

if TYPE_CHECKING:
    from qtpy.QtGui import QMouseEvent


ARROW = 18
"""Width of the arrow in pixels."""


class Section(QWidget):
    """A title to click, and what it hides.

    superqt's QCollapsible fixes the height of its content when it opens, which cuts
    off wrapped texts and sections within sections.

    Parameters
    ----------
    title
        Title.
    bold
        Whether the title stands out, as that of a part of the tab.
    open
        Whether the content is seen at first.
    """

    toggled = Signal(bool)
    """It was opened or folded."""

    def __init__(self, title: str, *, bold: bool = False, open: bool = False) -> None:
        super().__init__()
        self._arrow = QToolButton()
        self._arrow.setAutoRaise(True)
        self._arrow.setCheckable(True)
        self._arrow.setAccessibleName(title)
        self._arrow.setFixedWidth(ARROW)
        self.title = QLabel(f"<b>{title}</b>" if bold else title)
        self._note = QElidingLabel()
        mute(self._note)
        self._note.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self.beside = QHBoxLayout()
        self.beside.setSpacing(4)
        self.head = QWidget()
        head = QHBoxLayout(self.head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(3)
        head.addWidget(self._arrow)
        head.addWidget(self.title)
        head.addSpacing(6)
        head.addWidget(self._note, 1)
        head.addLayout(self.beside)
        self._content = QWidget()
        self.content = QVBoxLayout(self._content)
        self.content.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.head)
        layout.addWidget(self._content)
        self._arrow.toggled.connect(self._on_toggled)
        self._arrow.setChecked(open)
        self._on_toggled(open)

    @property
    def note(self) -> str:
        """What is said beside the title."""
        return self._note.text()

    @note.setter
    def note(self, text: str) -> None:
        self._note.setText(text)
        self._note.setToolTip(text)

    @property
    def is_open(self) -> bool:
        """Whether the content is seen."""
        return self._arrow.isChecked()

    def fold(self) -> None:
        """Hide the content."""
        self._arrow.setChecked(False)

    def unfold(self) -> None:
        """Show the content."""
        self._arrow.setChecked(True)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Open or fold: all of the title can be clicked."""
        if event is not None and self.head.geometry().contains(
            event.position().toPoint()
        ):
            self._arrow.toggle()

    def _on_toggled(self, shown: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow
        self._arrow.setArrowType(arrow)
        self._arrow.setToolTip("Fold" if shown else "Unfold")
        self._content.setVisible(shown)
        self.toggled.emit(shown)
        if self.isVisible():
            make_room(self._content)
