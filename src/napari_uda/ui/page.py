"""A page of the dock: it scrolls up and down, and is never wider than the dock."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget


def page_of(content: QWidget) -> QScrollArea:
    """Return a place where a column of widgets scrolls up and down.

    Parameters
    ----------
    content
        The column. Where the dock is narrower than it should be, its widgets get less
        than they ask for: nothing is cut off at the right.
    """
    content.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(content)
    return scroll
