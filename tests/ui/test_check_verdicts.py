"""What the Check tab keeps: verdicts, and the report as a page and a table."""

from __future__ import annotations

import csv
from datetime import date
from importlib.metadata import version

import pytest
from qtpy.QtWidgets import QFileDialog

from check_window import (
    SLICES,
    add_image,
    compare,
    measured,
    runs,
    viewer,
    volume,
    widget,
)
from napari_uda.ui.check_widget import CheckWidget

__all__ = ["runs", "viewer", "widget"]  # fixtures


def test_verdicts_are_kept_with_the_run_and_come_back(viewer, widget, qtbot, runs):
    widget.show()
    image = add_image(viewer)
    widget.translate.click()
    measured(widget, qtbot)
    verdict, panel = widget.panel.verdict, widget.panel
    verdict.reject.click()
    panel.next.click()
    assert not verdict.reject.isChecked()
    qtbot.keyClicks(verdict.note, "fine")
    verdict.accept.click()
    panel.previous.click()
    assert (verdict.note.text(), verdict.reject.isChecked()) == ("", True)
    qtbot.keyClicks(verdict.note, "lost")
    assert verdict.tally.text() == "1 accepted, 1 rejected of 5"
    file = runs["cyclegan"].report / "verdicts.csv"
    widget.close()  # before the note's timer

    with file.open(newline="") as opened:
        rows = {row["slice"]: row for row in csv.DictReader(opened)}
    assert (rows["3"]["verdict"], rows["3"]["note"]) == ("rejected", "lost")
    assert rows["3"]["translation"] == "cyclegan_01, best, step 7"
    assert ("accepted", "fine") in [(r["verdict"], r["note"]) for r in rows.values()]

    runs["cyclegan"].rename("My best")
    again = CheckWidget(viewer)
    again.command = widget.command
    qtbot.addWidget(again)
    qtbot.waitUntil(lambda: again.inputs.run.count() == 2)
    again.inputs.run.setCurrentText("My best")
    again.inputs.image.setLayer(image)
    again.translate.click()
    measured(again, qtbot)
    assert again.panel.verdict.reject.isChecked()
    assert again.panel.verdict.note.text() == "lost"
    again.panel.verdict.reject.click()
    assert again.panel.verdict.tally.text() == "1 accepted, 0 rejected of 5"

    again.command = [*widget.command[:-1], "later"]  # its best checkpoint is another
    again.translate.click()
    measured(again, qtbot)
    text = again.panel.verdict.tally.text()
    assert text == "0 accepted, 0 rejected of 5 · 2 kept before"

    again.command = widget.command
    image.data = volume()[:, ::-1]
    again.translate.click()
    measured(again, qtbot)
    text = again.panel.verdict.tally.text()
    assert text == "0 accepted, 0 rejected of 5 · 2 kept before"


def test_a_damaged_file_of_verdicts_is_not_overwritten(
    viewer, widget, qtbot, runs_folder
):
    (runs_folder / "verdicts.csv").write_text("mine\n")
    compare(widget, qtbot)
    assert "move it away" in widget.message.text()
    assert not widget.panel.verdict.accept.isEnabled()
    assert "move it away" in widget.panel.verdict.accept.toolTip()
    assert (runs_folder / "verdicts.csv").read_text() == "mine\n"


def test_page_and_table_hold_what_was_found(
    viewer, widget, qtbot, tmp_path, monkeypatch
):
    compare(widget, qtbot)
    widget.panel.verdict.reject.click()
    answers = [str(tmp_path / "page"), str(tmp_path / "table.csv")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (answers.pop(0), ""))
    widget.panel.saving.report.click()
    assert not widget.panel.saving.report.isEnabled()
    qtbot.waitUntil(lambda: "saved to" in widget.message.text())
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("data:image/png") == 3 * SLICES
    assert page.index("MR, slice 3 of 5") < page.index("MR, slice 1 of 5")
    assert "fake" in page
    assert "Research use only" in page
    assert f"{date.today().isoformat()} with napari-uda {version('napari-uda')}" in page
    qtbot.waitUntil(widget.panel.saving.report.isEnabled)
    widget.panel.saving.csv.click()
    with (tmp_path / "table.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["verdict"] for row in rows] == ["", "", "rejected", "", ""]
    assert float(rows[4]["structure"]) == pytest.approx(1)


def test_a_file_that_cannot_be_written_is_a_sentence(
    viewer, widget, qtbot, tmp_path, monkeypatch
):
    compare(widget, qtbot)
    (tmp_path / "folder").write_text("a file")
    name = str(tmp_path / "folder" / "page.html")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (name, ""))
    widget.panel.saving.report.click()
    qtbot.waitUntil(lambda: "cannot be written" in widget.message.text())
    widget.panel.saving.csv.click()
    assert "cannot be written" in widget.message.text()


def test_a_note_is_kept_when_something_else_is_compared_at_once(
    widget, qtbot, runs_folder
):
    widget.show()
    compare(widget, qtbot)
    qtbot.keyClicks(widget.panel.verdict.note, "odd")
    widget.translate.click()  # before the note's timer
    assert "odd" in (runs_folder / "verdicts.csv").read_text()
    measured(widget, qtbot)
