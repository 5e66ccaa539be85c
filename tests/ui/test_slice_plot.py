"""The curves of the Check tab: what they mean, where they begin, what was decided."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPointF

from napari_uda.core.metrics.check_words import SCORES
from napari_uda.ui.slice_plot import SlicePlot

NAMES = [f"testing{number}" for number in range(4)]


@pytest.fixture
def plot(qtbot):
    plot = SlicePlot()
    qtbot.addWidget(plot)
    plot.resize(350, 220)
    plot.show()
    return plot


def draw(plot, decisions=("", "", "", ""), **more):
    scores = {
        "correlation": np.array([0.95, 0.97, 0.96, 0.98]),
        "structure": np.array([0.9, 0.91, np.nan, 0.92]),
        "edges": np.array([0.94, 0.97, 0.95, 0.98]),
        "mask": np.full(4, np.nan),
    }
    plot.show_scores(scores | more, list(decisions), [], "image", NAMES)
    titles = {name: name for name in scores} | {"mask": "mask agreement"}
    plot.show_slice(0, titles)
    return plot._canvas


def test_curves_fill_the_plot_and_the_axis_says_so(plot):
    canvas = draw(plot)
    low, high = canvas.view.viewRange()[1]
    assert 0.77 < low < 0.8
    assert 1 < high < 1.1
    assert canvas.axes["left"].labelText == "from 0.8"
    assert "begins at 0.8, not at 0" in canvas.toolTip()
    low = draw(plot, correlation=np.full(4, -0.93)).view.viewRange()[1][0]
    assert low < -1
    assert canvas.axes["left"].labelText == "score"


def test_names_in_the_legend_are_explained_as_in_the_report(plot):
    draw(plot)
    assert f"structure: {SCORES['structure']}" in plot.legend.toolTip()
    assert "mask agreement" not in plot.legend.toolTip()
    draw(plot, mask=np.ones(4))
    assert f"mask agreement: {SCORES['mask agreement']}" in plot.legend.toolTip()


def test_accepted_and_rejected_have_marks_of_different_shape(plot):
    draw(plot, ("accepted", "", "rejected", "accepted"))
    accepted, rejected = plot._marks["accepted"], plot._marks["rejected"]
    assert accepted.getData()[0].tolist() == [1, 4]
    assert rejected.getData()[0].tolist() == [3]
    assert accepted.opts["symbol"] != rejected.opts["symbol"]
    draw(plot)
    assert not accepted.isVisible()
    assert not rejected.isVisible()


def test_a_point_tells_its_image(plot, qtbot):
    canvas = draw(plot)
    for number in (0, 3):
        spot = canvas.view.mapViewToScene(QPointF(number + 1.2, 0.9))
        canvas.scene().sigMouseMoved.emit(spot)
        assert canvas.toolTip().startswith(f"{NAMES[number]}\n")
