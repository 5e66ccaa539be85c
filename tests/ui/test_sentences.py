"""What is said most often can be read to its end in a dock of 350 pixels."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_uda.core.metrics.outcome import Ending, OnImages, verdict
from napari_uda.core.spec.estimate import Estimate
from napari_uda.ui import data_widget, estimate_row, outcome_row
from napari_uda.ui.launch import open_dock, open_sample
from napari_uda.ui.steady_label import ELLIPSIS, SteadyLabel

ROOM = 326
"""Pixels that a sentence has in such a dock."""
UNEQUAL = "trained for 250 steps, the baseline for 60"


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


@pytest.fixture
def drawn(viewer, qtbot):
    """Return a function: what is drawn of a sentence, in the fonts of napari."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    viewer.window.add_dock_widget(page)

    def draw(text, lines, level="warning"):
        label = SteadyLabel(lines)
        label.setFixedWidth(ROOM)
        column.addWidget(label)
        label.setMarked(level, text)
        qtbot.waitUntil(label.isVisible)
        qtbot.wait(20)
        return label.label.text()

    return draw


def test_a_sentence_that_is_too_long_would_be_cut(drawn):
    assert ELLIPSIS in drawn("one word after the other " * 9, 3)


@pytest.mark.parametrize(
    "said",
    [
        verdict(Ending("grl", 0.57), Ending("source_only", 0.27), None, UNEQUAL),
        verdict(Ending("grl", 0.57), Ending("source_only", 0.27)),
        verdict(Ending("grl"), Ending("source_only"), OnImages(0.6, 0.4, 7), UNEQUAL),
        verdict(Ending("grl"), None),
    ],
)
def test_whether_a_run_helped(drawn, said):
    assert ELLIPSIS not in drawn(said.text, outcome_row.LINES, said.level)


def test_what_the_data_and_the_estimate_say(viewer, qtbot, drawn):
    dock = open_dock(viewer)
    open_sample(viewer)
    qtbot.waitUntil(lambda: "voxels" in dock.data.verdict.text(), timeout=30_000)
    warned = dock.data.verdict.text()
    assert "resample both domains to 8 x 8 nm" in warned
    more = warned.replace("6 x 6", "6.25 x 6.25") + " (and 1 more warning)"
    assert ELLIPSIS not in drawn(more, data_widget.LINES)
    row = estimate_row.EstimateRow(dock.session, dock.train.experiment)
    qtbot.addWidget(row)
    need = {"memory": 5.2e8, "total": 2e10, "seconds": 130.0, "measured": 1.0}
    row._tell(Estimate(free=1.25e10, device="cpu", crowded=0.45, **need))
    assert "longer while other work takes 45% of it" in row.words.text()
    assert ELLIPSIS not in drawn(row.words.text(), estimate_row.LINES)
    assert ELLIPSIS not in drawn(estimate_row.BUSY, estimate_row.LINES)
