"""What takes long in Check: how far it is, how long it takes, and an end to it."""

from __future__ import annotations

import re
import threading

import pytest
from qtpy.QtWidgets import QFileDialog

from check_window import SLICES, add_image, compare, measured, runs, viewer, widget
from napari_uda.core.metrics import check_report, structure
from napari_uda.ui import progress
from napari_uda.ui.check_saving import WRITING, write_page

__all__ = ["runs", "viewer", "widget"]  # fixtures


class Brake:
    """Lets a function be called so many times, and then waits until it may go on."""

    def __init__(self, function, calls):
        self.function, self.calls, self.done = function, calls, 0
        self.go_on = threading.Event()

    def __call__(self, *given):
        if self.done == self.calls:
            self.go_on.wait(20)
        self.done += 1
        return self.function(*given)


@pytest.fixture
def brake(monkeypatch):
    made = []

    def put(module, name, calls):
        made.append(Brake(getattr(module, name), calls))
        monkeypatch.setattr(module, name, made[-1])
        return made[-1]

    yield put
    for one in made:
        one.go_on.set()


@pytest.fixture
def clock(monkeypatch):
    """Let ten seconds pass between two looks at the clock of a count."""
    now = [0.0]

    def tick():
        now[0] += 10
        return now[0]

    monkeypatch.setattr(progress, "monotonic", tick)


def begin(widget):
    """Compare two layers; does not wait for the measurement."""
    viewer = widget.session.viewer
    original = add_image(viewer)
    other = viewer.add_image(original.data * 0.5, name="fake")
    widget.inputs.origin.setCurrentText("compare two layers")
    widget.inputs.image.setLayer(original)
    widget.inputs.translated.setLayer(other)
    widget.translate.click()


def test_measuring_says_how_far_it_is_and_how_long_it_takes(
    widget, qtbot, brake, clock
):
    slow = brake(structure, "compare_slice", 2)
    begin(widget)
    rank = widget.panel.rank
    said = "\N{MIDDLE DOT} measuring 2 of 5, 30 s left"
    qtbot.waitUntil(lambda: rank.text() == said)
    slow.go_on.set()
    measured(widget, qtbot)
    assert "measuring" not in rank.text()


def test_measuring_can_be_stopped_and_what_was_measured_stays(widget, qtbot, brake):
    slow = brake(structure, "compare_slice", 2)
    assert not widget.cancel.isEnabled()
    begin(widget)
    panel = widget.panel
    qtbot.waitUntil(lambda: panel.review.measured.sum() == 2)
    assert "what is measured stays (Escape)" in widget.cancel.toolTip()
    assert widget.translate.isEnabled()
    widget.cancel.click()
    assert not panel.busy
    assert "Measuring was stopped" in widget.message.text()
    assert not widget.cancel.isEnabled()
    slow.go_on.set()
    qtbot.wait(200)
    assert panel.review.measured.sum() == len(panel.review.order) == 2
    assert "worst" in panel.rank.text()
    assert panel.saving.report.isEnabled()
    widget.translate.click()
    measured(widget, qtbot)
    assert panel.review.measured.all()


def test_a_page_says_of_how_many_slices_it_is(widget, qtbot, brake, tmp_path):
    slow = brake(structure, "compare_slice", 2)
    begin(widget)
    panel = widget.panel
    qtbot.waitUntil(lambda: panel.review.measured.sum() == 2)
    widget.cancel.click()
    slow.go_on.set()
    *_, said = write_page(panel.review, {}, tmp_path / "page.html")
    assert said.startswith("Report saved to")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    [checked] = re.findall(r"Slices checked</\w+>\s*<\w+>(.*?)<", page)
    assert checked == "2 of 5"


def test_a_report_says_how_far_it_is_and_how_long_it_takes(
    widget, qtbot, clock, tmp_path
):
    compare(widget, qtbot)
    said = list(write_page(widget.panel.review, {}, tmp_path / "page.html"))
    first, second = "1 of 5, 40 s left", "2 of 5, 30 s left"
    assert said[:3] == [WRITING, f"{WRITING} {first}", f"{WRITING} {second}"]
    assert len(said) == SLICES + 2


def test_a_report_can_be_stopped_and_leaves_no_file(
    widget, qtbot, brake, tmp_path, monkeypatch
):
    compare(widget, qtbot)
    slow = brake(check_report, "draw_pictures", 2)
    file = tmp_path / "page.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    saving = widget.panel.saving
    saving.report.click()
    qtbot.waitUntil(lambda: "2 of 5" in widget.message.text())
    assert "End the report" in widget.cancel.toolTip()
    widget.cancel.click()
    assert not saving.busy
    assert saving.report.isEnabled()
    slow.go_on.set()
    qtbot.wait(300)
    assert widget.message.text() == "Cancelled: no report was written."
    assert not list(tmp_path.glob("*page*"))
