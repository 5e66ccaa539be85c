from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtGui import QColor

from napari_uda.ui.histograms import Histograms, ticks


@pytest.fixture
def widget(qtbot):
    found = Histograms({"a": "#ff0000", "b": "#0000ff"})
    qtbot.addWidget(found)
    found.resize(200, found.height())
    found.show()
    return found


def columns(widget, channel):
    """Return which columns of pixels show some red (0) or blue (2), below the line."""
    image = widget.grab().toImage()
    y = image.height() // 2
    colors = [QColor(image.pixel(x, y)).getRgb() for x in range(image.width())]
    return [color[channel] > color[2 - channel] for color in colors]


def test_each_histogram_is_seen_where_its_bins_are(widget):
    widget.show_values(
        np.array([0.0, 1.0, 2.0]), {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 1])}
    )
    red, blue = columns(widget, 0), columns(widget, 2)
    assert all(red[10:90])
    assert not any(red[110:190])
    assert all(blue[110:190])
    assert not any(blue[10:90])


def test_heights_are_compared_with_the_greatest(widget):
    widget.show_values(
        np.array([0.0, 1.0, 2.0]), {"a": np.array([1.0, 0.2]), "b": np.array([0, 0])}
    )
    red = columns(widget, 0)
    assert all(red[10:90])
    assert not any(red[110:190])


def test_nothing_is_drawn_of_nothing(widget):
    assert not any(columns(widget, 0))
    widget.show_values(np.array([0.0, 1.0]), {})
    widget.show_values(np.array([0.0, 1.0]), {"a": np.array([0.0])})
    assert not any(columns(widget, 0))


@pytest.mark.parametrize(
    ("low", "high", "most", "texts"),
    [
        (-1, 1, 6, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
        (0, 255, 6, ["0", "50", "100", "150", "200", "250"]),
        (-1024, 3071, 5, ["-1,000", "0", "1,000", "2,000", "3,000"]),
        (0, 0.004, 4, ["0.000", "0.001", "0.002", "0.003", "0.004"]),
    ],
)
def test_numbers_at_the_axis_are_round(low, high, most, texts):
    found = ticks(low, high, most)
    assert [text for _, text in found] == texts
    assert [value for value, _ in found] == pytest.approx(
        [_number(text) for _, text in found]
    )


def _number(text):
    return float(text.replace(",", ""))
