"""What is said in grey or in colour can be read in both themes of napari."""

from __future__ import annotations

import re

import pytest
from napari.utils.theme import get_theme
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from napari_uda.core.metrics.light import Light
from napari_uda.ui.launch import open_dock, open_sample
from napari_uda.ui.light_row import LightLabel
from napari_uda.ui.muted import MUTED, _Muting, contrast, mute
from napari_uda.ui.steady_label import Part, SteadyLabel
from napari_uda.ui.words import DOMAIN_COLORS

THEMES = ("dark", "light", "dark")
ENOUGH = 4.5
"""What WCAG 2.1 asks for text."""
FAINTEST = 6.0
"""What is muted must not be as strong as the text around it, which has 12 and more."""


def background(theme):
    return QColor(get_theme(theme).background.as_hex())


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#123", "#123", 1)],
)
def test_the_ratio_is_that_of_the_guidelines(one, other, ratio):
    assert contrast(QColor(one), QColor(other)) == pytest.approx(ratio, abs=0.005)
    assert contrast(QColor(other), QColor(one)) == pytest.approx(ratio, abs=0.005)


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


def inks_of(widget):
    return [QColor(one) for one in re.findall(r"color:(#\w{6})", widget.label.text())]


def test_muted_labels_follow_the_theme_and_can_be_read(viewer, qtbot):
    page = QWidget()
    plain, steady = QLabel("15 samples"), SteadyLabel()
    mute(plain)
    plain.setToolTip("not muted")
    steady.setParts(Part("after 10 reports", "o", MUTED, MUTED))
    column = QVBoxLayout(page)
    column.addWidget(plain)
    column.addWidget(steady)
    viewer.window.add_dock_widget(page)
    seen = set()
    for theme in THEMES:
        viewer.theme = theme
        qtbot.wait(50)
        inks = [plain.palette().color(plain.foregroundRole()), *inks_of(steady)]
        assert len(inks) == 3
        for ink in inks:
            assert ENOUGH <= contrast(ink, background(theme)) < FAINTEST
        seen.add(inks[0].name())
    assert len(seen) == 2
    assert plain.isEnabled()
    assert steady.isEnabled()


def test_pending_lights_can_be_read(viewer, qtbot):
    label = LightLabel()
    label.set_light(Light("mask", "unknown", "masks", "nothing yet", why="soon"))
    viewer.window.add_dock_widget(label)
    for theme in THEMES:
        viewer.theme = theme
        qtbot.wait(50)
        sign, words = inks_of(label)
        assert sign == words
        assert ENOUGH <= contrast(words, background(theme)) < FAINTEST


def test_all_that_the_data_tab_says_in_grey_or_colour_can_be_read(viewer, qtbot):
    dock = open_dock(viewer)
    open_sample(viewer)
    qtbot.waitUntil(lambda: bool(dock.data.gap.overlap.text()), timeout=30_000)
    table = dock.data.samples.table
    for theme in THEMES:
        viewer.theme = theme
        qtbot.wait(50)
        greys = [one for one in dock.data.findChildren(QLabel) if one.isVisible()]
        assert [one.text() for one in greys if not one.isEnabled()] == []
        muted = [one for one in greys if one.findChild(_Muting)]
        assert len(muted) > 10
        for label in muted:
            ink = label.palette().color(label.foregroundRole())
            assert ENOUGH <= contrast(ink, background(theme)) < FAINTEST, label.text()
        fields = [one for one in dock.data.findChildren(QLineEdit) if one.isVisible()]
        fields = [one for one in fields if one.placeholderText()]
        assert len(fields) == 6
        for field in fields:
            colors = field.palette()
            ink = colors.color(QPalette.ColorRole.PlaceholderText)
            assert ink.alpha() == 255
            behind = QColor(get_theme(theme).primary.as_hex())
            assert colors.color(QPalette.ColorRole.Base) == behind
            assert contrast(ink, behind) >= ENOUGH
        below = QColor(get_theme(theme).foreground.as_hex())
        for row in range(2):
            index = table.samples.index(row, 0)
            ink = table.samples.data(index, Qt.ItemDataRole.ForegroundRole)
            assert contrast(ink, below) >= ENOUGH
            # Still blue or orange.
            hue = QColor(list(DOMAIN_COLORS.values())[row]).hslHue()
            assert ink.hslHue() == pytest.approx(hue, abs=12)
        for title in dock.data.gap._titles:
            (name,) = re.findall(r"color:(#\w{6})", title.text())
            assert contrast(QColor(name), background(theme)) >= ENOUGH
