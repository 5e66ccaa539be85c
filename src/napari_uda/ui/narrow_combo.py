"""A box that gets as narrow as the dock: what it cuts is in its tooltip and popup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QRect, Qt
from qtpy.QtGui import QHelpEvent, QPalette
from qtpy.QtWidgets import (
    QComboBox,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolTip,
)

if TYPE_CHECKING:
    from qtpy.QtGui import QPaintEvent

MARGIN = 4
"""Pixels between the letters and the arrow."""


class NarrowCombo(QComboBox):
    """A box of names that may be longer than it is wide; their middle is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def shown_text(self) -> str:
        """The chosen text as far as there is room for it."""
        return self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideMiddle, self._field().width()
        )

    def explanation(self) -> str:
        """Return the tooltip: the name, where it is cut, and what the box is for."""
        name, hint = self.currentText(), self.toolTip()
        if self.shown_text == name or name in hint.splitlines():
            return hint
        return f"{name}\n{hint}" if hint else name

    def event(self, event: QEvent | None) -> bool:
        """Show the explanation."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.explanation(), self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Leave out the middle of a name, and say so by dots."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        # The style would leave the place beside the arrow empty.
        painter.drawItemText(
            self._field(),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            self.palette(),
            self.isEnabled(),
            self.shown_text,
            QPalette.ColorRole.ButtonText,
        )

    def showPopup(self) -> None:
        """Show whole names, even where they are wider than the box."""
        view, style = self.view(), self.style()
        if view is not None and style is not None:
            bar = style.pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
            view.setMinimumWidth(view.sizeHintForColumn(0) + bar)
        super().showPopup()

    def _field(self) -> QRect:
        """Return the place of the text: all up to the arrow."""
        option, style = QStyleOptionComboBox(), self.style()
        self.initStyleOption(option)
        assert style is not None
        field, arrow = (
            style.subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self)
            for part in (
                QStyle.SubControl.SC_ComboBoxEditField,
                QStyle.SubControl.SC_ComboBoxArrow,
            )
        )
        field.setRight(max(field.right(), arrow.left() - MARGIN))
        return field
