from __future__ import annotations

import pytest
from napari.utils.theme import get_theme
from qtpy.QtGui import QColor

from napari_uda.core.metrics.figures import DIFFERENCE
from napari_uda.ui.words import DIFFERENCE_WORDS


def test_a_difference_map_has_the_same_colours_in_the_window_and_in_figures():
    assert dict(DIFFERENCE.values()) == DIFFERENCE_WORDS


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_colours_of_a_difference_map_are_seen_in_every_theme(theme):
    ground = QColor(get_theme(theme).background.as_hex()).getRgb()[:3]
    for word, color in DIFFERENCE_WORDS.items():
        apart = [
            abs(one - other)
            for one, other in zip(QColor(color).getRgb(), ground, strict=False)
        ]
        assert max(apart) > 60, word
