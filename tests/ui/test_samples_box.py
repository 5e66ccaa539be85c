"""The table of samples in docks of several sizes."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_uda.core.data.inspection import (
    DomainSummary,
    Inspection,
    Problem,
    SampleReport,
)
from napari_uda.ui.sample_table import SampleTable
from napari_uda.ui.samples_box import SamplesBox
from napari_uda.ui.session import Session

LONG = "patient_{:02d}_visit_2_of_a_trial_with_a_long_name"


@pytest.fixture
def dock(make_napari_viewer, qtbot):
    dock = QWidget()
    dock.samples = SamplesBox(Session.of(make_napari_viewer()))
    column = QVBoxLayout(dock)
    column.addWidget(dock.samples, 1)
    column.addStretch()
    qtbot.addWidget(dock)
    dock.resize(350, 300)
    dock.show()
    note = Problem("note", "no_voxel_size", "its voxel size is not known " * 6)
    reports = [
        SampleReport(
            "source", LONG.format(number), "train", "train", (note,), (64, 64), "u1"
        )
        for number in range(15)
    ]
    none = DomainSummary(0, 0)
    edges = np.linspace(0, 1, 2)
    found = Inspection(tuple(reports), (), none, none, edges, edges, 0.1)
    dock.samples.show_inspection(found, 1)
    return dock


def test_it_grows_with_the_dock_to_all_its_rows_and_no_further(dock, qtbot):
    table, bar = dock.samples.table, dock.samples.table.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    assert 150 < table.height() < 300
    dock.resize(350, 1200)
    qtbot.waitUntil(lambda: bar.maximum() == 0)
    qtbot.waitUntil(lambda: dock.samples.height() < 500)
    alone = dock.samples.height()
    table.selectRow(2)
    qtbot.wait(30)
    assert dock.samples.height() == alone
    assert "its voxel size is not known" in dock.samples.note.text()
    assert bar.maximum() == 0


def test_names_lose_their_middle_and_are_whole_in_a_tooltip_or_a_wide_dock(dock, qtbot):
    table = dock.samples.table
    assert table.textElideMode() == Qt.TextElideMode.ElideMiddle
    index = table.samples.index(3, 0)
    assert LONG.format(3) in table.samples.data(index, Qt.ItemDataRole.ToolTipRole)
    needed = table.sizeHintForColumn(0)
    assert table.columnWidth(0) < needed
    dock.resize(900, 300)
    qtbot.waitUntil(lambda: table.columnWidth(0) >= needed)


@pytest.mark.parametrize(
    ("domain", "split", "role", "use"),
    [
        ("source", "train", "train", "train"),
        ("source", "test", "train", "test"),
        ("source", "train", "unlabelled", "unlabelled"),
        ("target", "train", "unlabelled", "adapt"),
        ("target", "train", "evaluate", "adapt, truth"),
        ("target", "train", "train", "train"),
        ("target", "test", "evaluate", "test"),
        ("target", "test", "unlabelled", "test, unlabelled"),
    ],
)
def test_it_says_what_a_sample_is_for(qtbot, domain, split, role, use):
    table = SampleTable()
    qtbot.addWidget(table)
    table.samples.append(SampleReport(domain, "a", split, role))
    index = table.samples.index(0, table.samples.columnCount() - 1)
    assert table.samples.data(index, Qt.ItemDataRole.DisplayRole) == use
