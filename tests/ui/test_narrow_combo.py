from __future__ import annotations

import pytest
from qtpy.QtCore import QEvent, QPoint
from qtpy.QtGui import QHelpEvent
from qtpy.QtWidgets import QApplication, QToolTip

from napari_uda.ui.narrow_combo import NarrowCombo

LONG = "2026-11-28 mitochondria, block 17, second half, denoised"


@pytest.fixture
def box(qtbot):
    found = NarrowCombo()
    qtbot.addWidget(found)
    found.addItems(["short", LONG])
    found.setToolTip("What to train on")
    found.resize(150, found.sizeHint().height())
    found.show()
    return found


def tooltip(box):
    place = QPoint(5, 5)
    QApplication.sendEvent(
        box, QHelpEvent(QEvent.Type.ToolTip, place, box.mapToGlobal(place))
    )
    text = QToolTip.text()
    QToolTip.hideText()
    return text


def test_a_name_that_is_cut_is_whole_in_the_tooltip(box):
    assert tooltip(box) == "What to train on"
    box.setCurrentIndex(1)
    assert tooltip(box) == f"{LONG}\nWhat to train on"
    box.resize(800, box.height())
    assert tooltip(box) == "What to train on"


def test_the_middle_of_a_long_name_is_left_out(box):
    box.setCurrentIndex(1)
    assert box.shown_text.startswith("2026")
    assert box.shown_text.endswith("ised")
    assert "\N{HORIZONTAL ELLIPSIS}" in box.shown_text
    shown = box.grab().toImage()
    box.setItemText(1, f"{LONG[:25]} and something else {LONG[25:]}")
    assert box.grab().toImage() == shown  # both begin and end alike
    box.setItemText(1, f"{LONG}!")
    assert box.grab().toImage() != shown


def test_the_popup_shows_whole_names(box):
    box.showPopup()
    width = box.fontMetrics().horizontalAdvance(LONG)
    assert box.view().width() > width
    box.hidePopup()
