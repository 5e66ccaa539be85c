"""How high a table is: as its rows need, and no higher than the dock has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSizePolicy, QTableView

if TYPE_CHECKING:
    from qtpy.QtWidgets import QTreeView

MOST_ROWS = 7
"""Rows that are seen at once where there is no height to spare."""


def fit_height(
    view: QTableView | QTreeView, rows: int, row_height: int, most: int = MOST_ROWS
) -> None:
    """Let a table grow to all its rows, and shrink to some of them.

    Give it a stretch in its layout, so that it takes the height there is to spare.

    Parameters
    ----------
    view
        The table.
    rows
        How many rows it has.
    row_height
        Pixels that a row takes.
    most
        Rows that it takes even where others would have to be scrolled for it.
    """
    header = view.horizontalHeader() if isinstance(view, QTableView) else view.header()
    bar = view.horizontalScrollBar()
    assert header is not None
    assert bar is not None
    never = view.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    bar_height = 0 if never else bar.sizeHint().height()
    frame = header.sizeHint().height() + bar_height + 4
    view.setMinimumHeight(frame + row_height * max(1, min(most, rows)))
    view.setMaximumHeight(frame + row_height * max(1, rows))
    view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
