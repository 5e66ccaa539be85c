"""A page of the dock is as wide as the dock, whatever is on it."""

from __future__ import annotations

from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_uda.ui.page import page_of


def test_what_is_too_wide_is_squeezed_and_the_page_stays(qtbot):
    content, wide, tall = QWidget(), QLabel("word " * 100), QLabel("\n" * 100)
    column = QVBoxLayout(content)
    column.addWidget(wide)
    column.addWidget(tall)
    page = page_of(content)
    qtbot.addWidget(page)
    page.resize(350, 300)
    page.show()
    qtbot.waitUntil(page.isVisible)
    assert wide.minimumSizeHint().width() > 350
    assert content.width() == page.viewport().width()
    assert wide.mapTo(page, QPoint(wide.width(), 0)).x() <= 350
    assert page.verticalScrollBar().maximum() > 0
