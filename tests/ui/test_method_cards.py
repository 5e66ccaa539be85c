from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QStyleOptionViewItem

from napari_uda.core.spec.methods import METHODS
from napari_uda.ui.method_cards import WIDTH, MethodCombo, card


@pytest.fixture
def box(qtbot):
    box = MethodCombo()
    qtbot.addWidget(box)
    box.resize(150, box.sizeHint().height())
    box.show()
    return box


@pytest.mark.parametrize("name", METHODS)
def test_a_card_says_what_a_method_does_needs_and_when_to_prefer_it(name):
    words, kind = card(name), METHODS[name]
    for text in (kind.title, kind.summary, kind.needs, kind.prefer):
        assert text in words
        assert text


def test_the_box_says_the_title_and_its_list_all_of_the_cards(box, qtbot):
    box.setCurrentIndex(box.findData("accseg"))
    assert box.currentText() == "AccSeg-Net"
    box.setStyleSheet("QComboBox { combobox-popup: 0; }")  # a list that scrolls
    box.setMaxVisibleItems(3)
    box.setCurrentIndex(box.count() - 1)
    box.showPopup()
    view = box.view()
    assert view.width() >= WIDTH
    index = view.model().index(box.currentIndex(), 0)
    assert view.visualRect(index).height() > 4 * box.fontMetrics().height()
    assert view.viewport().rect().contains(view.visualRect(index))
    box.hidePopup()


def drawn(box, name):
    """Return the picture of a card, and of one without its words."""
    option, delegate = QStyleOptionViewItem(), box.itemDelegate()
    option.font, option.widget = box.font(), box.view()
    index = box.model().index(box.findData(name), 0)
    return delegate._page(option, index).toPlainText()


def test_what_cannot_be_chosen_keeps_its_card(box):
    item = box.model().item(box.findData("supervised"))
    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
    assert METHODS["supervised"].needs in drawn(box, "supervised")
    box.showPopup()
    picture = box.view().viewport().grab().toImage()
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEnabled)
    assert box.view().viewport().grab().toImage() != picture  # paler
    box.hidePopup()
