"""The score table: whose scores they are, in a dock of any width and height."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_uda.core.metrics.report import score_volume
from napari_uda.ui.score_table import ScoreTable

LONG = "patient_{:02d}_visit_2_of_a_trial_with_a_long_name"
RUNS = ("GRL with small patches, seed 3\nbest", "Source only on CT, 2nd try\nlast")


def rows(count, dice):
    """Return the scores of so many images: of eight true pixels, some are found."""
    found, true = np.zeros((2, 4, 4), np.uint8)
    true[:2] = 1
    found.flat[: round(8 * dice / (2 - dice))] = 1
    return [
        row
        for number in range(count)
        for row in score_volume(
            found, true, {1: "liver"}, (1.0, 1.0), "mm", image=LONG.format(number)
        )
    ]


@pytest.fixture
def dock(qtbot):
    """A column with a table at its top and nothing else that grows."""
    dock = QWidget()
    dock.scores = ScoreTable()
    column = QVBoxLayout(dock)
    column.addWidget(dock.scores, 1)
    column.addStretch()
    qtbot.addWidget(dock)
    dock.resize(350, 300)
    dock.show()
    return dock


def titles(table):
    head = table.headerItem()
    return [head.text(column) for column in range(table.columnCount())]


def test_columns_say_run_and_checkpoint_cut_only_where_there_is_no_room(dock, qtbot):
    table = dock.scores
    table.show_rows(rows(2, 1), rows(2, 2 / 3), {}, runs=RUNS)
    qtbot.waitUntil(lambda: table.viewport().width() > 300)
    dice = titles(table)[1:3]
    assert [title.split("\n")[0::2] for title in dice] == [
        ["Dice", "last"],
        ["Dice", "best"],
    ]
    assert all("\N{HORIZONTAL ELLIPSIS}" in title for title in dice)
    assert table.columnWidth(0) >= 135  # names of classes are short, and seen whole
    tips = [table.headerItem().toolTip(column) for column in range(3)]
    assert "Source only on CT, 2nd try, last" in tips[1]
    assert "GRL with small patches, seed 3, best" in tips[2]
    item = table.topLevelItem(0)
    assert [item.text(column) for column in range(3)] == ["liver", "0.67", "1.00"]
    assert "+0.333 compared with Source only on CT" in item.toolTip(2)
    dock.resize(900, 300)
    qtbot.waitUntil(lambda: titles(table)[2] == f"Dice\n{RUNS[0]}")


SERIES = ("em_mouse_to_fly_grl_01\nbest", "em_mouse_to_fly_source_only_01\nbest")


def test_what_names_have_in_common_is_left_out_first(dock, qtbot):
    table = dock.scores
    table.show_rows(rows(2, 1), rows(2, 2 / 3), {}, runs=SERIES)
    qtbot.waitUntil(lambda: table.viewport().width() > 300)
    before, after = (title.split("\n")[1] for title in titles(table)[1:])
    assert before.startswith("\N{HORIZONTAL ELLIPSIS}source_")
    assert after.startswith("\N{HORIZONTAL ELLIPSIS}grl")
    tips = [table.headerItem().toolTip(column) for column in (1, 2)]
    assert tips[0].startswith("em_mouse_to_fly_source_only_01, best\n")
    assert tips[1].startswith("em_mouse_to_fly_grl_01, best\n")
    dock.resize(900, 300)
    qtbot.waitUntil(lambda: titles(table)[2] == f"Dice\n{SERIES[0]}")


def test_of_two_runs_every_score_is_seen_before_and_after(dock):
    table = dock.scores
    table.show_rows(rows(2, 1), rows(2, 2 / 3), {}, runs=RUNS)
    table.setMeasure("HD95")
    assert [title.split("\n")[0] for title in titles(table)[1:]] == ["HD95 mm"] * 2
    top = table.topLevelItem(0)
    for item in (top, top.child(1)):
        assert (item.text(1), item.text(2)) == ("1.0", "0.0")
        assert "-1.0 compared with Source only on CT" in item.toolTip(2)
    head, line = (text.split("\t") for text in table.text().split("\n")[:2])
    assert head[-1] == f"HD95 mm {RUNS[0].replace(chr(10), ', ')}"
    assert line[0] == "liver"
    assert (line[1], line[2], line[5], line[6]) == ("0.67", "1.00", "1.0", "0.0")


def test_a_column_of_two_runs_tells_whose_masks_are_asked_for(dock, qtbot):
    table = dock.scores
    asked = []
    table.sideChosen.connect(asked.append)
    table.show_rows(rows(2, 1), rows(2, 2 / 3), {}, runs=RUNS)
    row = table.visualItemRect(table.topLevelItem(0)).center().y()
    header = table.header()
    for port, y in ((table.viewport(), row), (header.viewport(), 5)):
        for column in range(3):
            x = table.columnViewportPosition(column) + 5
            qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
    assert asked == ["before", "after", "before", "after"]
    table.show_rows(rows(2, 1), [], {}, runs=(RUNS[0], ""))
    x = table.columnViewportPosition(2) + 5
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, row))
    assert len(asked) == 4


def test_of_one_run_there_is_one_column(dock):
    dock.scores.show_rows(rows(1, 1), [], {}, runs=(RUNS[0], ""))
    assert dock.scores.text() == (
        "class\tDice GRL with small patches, seed 3, best\t"
        "ASSD mm GRL with small patches, seed 3, best\t"
        "HD95 mm GRL with small patches, seed 3, best\n"
        "liver\t1.00\t0.0\t0.0"
    )


def test_names_that_are_cut_are_whole_in_a_tooltip(dock):
    table = dock.scores
    table.show_rows(rows(3, 1), rows(3, 2 / 3), {}, runs=RUNS)
    item = table.topLevelItem(0).child(2)
    assert item.text(0) == LONG.format(2)
    assert LONG.format(2) in item.toolTip(0)


def test_it_grows_with_the_dock_to_all_its_rows_and_no_further(dock, qtbot):
    table = dock.scores
    table.show_rows(rows(20, 1), [], {}, runs=RUNS)
    bar = table.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    assert 200 < table.height() <= 300
    dock.resize(350, 900)
    qtbot.waitUntil(lambda: bar.maximum() == 0)
    assert table.height() < 600
    whole = table.height()
    table.topLevelItem(0).setExpanded(False)
    qtbot.waitUntil(lambda: table.height() < whole / 4)


def test_the_score_of_an_image_stands_beside_its_own_before(dock):
    before = [*rows(2, 1)[:1], *rows(2, 2 / 3)[1:]]
    dock.scores.show_rows(rows(2, 1), before, {}, runs=RUNS)
    top = dock.scores.topLevelItem(0)
    shown = [item.text(1) for item in (top, top.child(0), top.child(1))]
    assert shown == ["0.83", "1.00", "0.67"]
