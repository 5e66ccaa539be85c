from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_uda.ui.section import Section


@pytest.fixture
def section(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    layout = QVBoxLayout(page)
    section = Section("Settings")
    inside = QLabel("inside")
    section.content.addWidget(inside)
    layout.addWidget(section)
    layout.addStretch()
    page.resize(300, 200)
    page.show()
    section.inside, section.page = inside, page  # which keeps the page alive
    return section


def test_a_click_on_the_title_opens_and_folds(section, qtbot):
    assert not section.inside.isVisible()
    with qtbot.waitSignal(section.toggled):
        qtbot.mouseClick(section, Qt.MouseButton.LeftButton, pos=QPoint(150, 5))
    assert section.is_open
    assert section.inside.isVisible()
    # What it holds is no part of the title.
    below = section.inside.mapTo(section, QPoint(1, 1))
    qtbot.mouseClick(section, Qt.MouseButton.LeftButton, pos=below)
    assert section.is_open
    section.fold()
    assert not section.inside.isVisible()


def test_content_that_grows_is_not_cut(section, qtbot):
    section.unfold()
    section.inside.setWordWrap(True)
    section.inside.setText("many words " * 30)
    inside = section.inside

    def fits():
        return inside.height() >= inside.heightForWidth(inside.width()) > 30

    qtbot.waitUntil(fits)


def test_a_note_beside_the_title(section):
    section.note = "2 changed"
    assert section._note.toolTip() == section.note == "2 changed"
