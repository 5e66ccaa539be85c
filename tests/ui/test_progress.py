from __future__ import annotations

import pytest
from qtpy.QtWidgets import QProgressBar

from napari_uda.ui import progress
from napari_uda.ui.child import Progress
from napari_uda.ui.progress import Count, show_progress


@pytest.fixture
def bar(qtbot):
    bar = QProgressBar()
    qtbot.addWidget(bar)
    bar.setRange(0, 1000)
    bar.resize(330, 24)
    return bar


def test_it_says_what_is_done_how_far_and_how_long(bar):
    show_progress(bar, Progress("a_01 on MR", 0.5, 65))
    assert bar.text() == "a_01 on MR  ·  50 %  ·  1:05 min left"
    assert bar.updatesEnabled()


def test_a_long_text_is_cut_and_whole_in_the_tooltip(bar):
    width = bar.minimumSizeHint().width()
    text = f"{'long_' * 30}01 on MR"
    show_progress(bar, Progress(text, 0.5, 65))
    assert bar.text().endswith("MR  ·  50 %  ·  1:05 min left")
    assert bar.fontMetrics().horizontalAdvance(bar.text()) <= 330
    assert bar.minimumSizeHint().width() == width
    assert bar.toolTip() == text


def test_a_percent_sign_in_a_name_is_no_number(bar):
    show_progress(bar, Progress("a_01 on 20%p", 0.5, None))
    assert "5050" not in bar.text()
    assert "p  ·  50 %" in bar.text()


def test_what_is_left_of_several_takes_as_long_as_what_is_done(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(progress, "monotonic", lambda: clock[0])
    count = Count(4)
    said = []
    for now in (110.0, 120.0, 120.2, 121.0, 125.0):
        clock[0] = now
        said.append(count.next())
    assert said == [
        "1 of 4, 30 s left", "2 of 4, 20 s left", "3 of 4, 7 s left", "4 of 4",
        "5 of 4",
    ]  # fmt: skip
