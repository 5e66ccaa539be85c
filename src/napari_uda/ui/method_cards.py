"""The choice of a method: a card for each says what it does, needs and is good for."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QAbstractTextDocumentLayout, QPalette, QTextDocument
from qtpy.QtWidgets import QApplication, QStyle, QStyledItemDelegate

from napari_uda.core.spec.methods import METHODS

from .narrow_combo import NarrowCombo

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex
    from qtpy.QtGui import QPainter
    from qtpy.QtWidgets import QStyleOptionViewItem

WIDTH = 420
"""Width of a card in pixels."""
ROOM = 5
"""Pixels around the words of a card."""


class MethodCombo(NarrowCombo):
    """A box with the titles of all methods, which opens as a list of cards."""

    def __init__(self) -> None:
        super().__init__()
        for name, kind in METHODS.items():
            self.addItem(kind.title, name)
            self.setItemData(
                self.count() - 1, kind.reference, Qt.ItemDataRole.ToolTipRole
            )
        self.setItemDelegate(CardDelegate(self))


class CardDelegate(QStyledItemDelegate):
    """Draws a method as a card; what cannot be chosen now is pale."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the size of a card."""
        height = self._page(option, index).size().height()
        return QSize(WIDTH, round(height) + 2 * ROOM)

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Draw the words of a card over its background."""
        assert painter is not None
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style() if option.widget else QApplication.style()
        assert style is not None
        element = QStyle.ControlElement.CE_ItemViewItem
        style.drawControl(element, option, painter, option.widget)
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        group = QPalette.ColorGroup.Active if enabled else QPalette.ColorGroup.Disabled
        context = QAbstractTextDocumentLayout.PaintContext()
        ink = option.palette.color(group, QPalette.ColorRole.Text)
        context.palette.setColor(QPalette.ColorRole.Text, ink)
        page = self._page(option, index)
        layout = page.documentLayout()
        assert layout is not None
        painter.save()
        painter.translate(option.rect.left() + ROOM, option.rect.top() + ROOM)
        layout.draw(painter, context)
        painter.restore()

    def _page(self, option: QStyleOptionViewItem, index: QModelIndex) -> QTextDocument:
        page = QTextDocument()
        page.setDefaultFont(option.font)
        page.setDocumentMargin(0)
        page.setTextWidth(WIDTH - 2 * ROOM)
        page.setHtml(card(index.data(Qt.ItemDataRole.UserRole)))
        return page


def card(name: str) -> str:
    """Return the words of a card, as rich text.

    Parameters
    ----------
    name
        Name of a method.
    """
    kind = METHODS[name]
    words = " ".join(filter(None, (kind.prefer, kind.needs)))
    return f"<b>{escape(kind.title)}</b><br>{escape(kind.summary)}<br>{escape(words)}"
