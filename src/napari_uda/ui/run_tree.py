"""The table of all runs: one row each, and which is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
)

from .plot import SIGN_DOTTED
from .run_summary import DICE_TIP, STATE_WORDS

if TYPE_CHECKING:
    from .run_summary import RunSummary

FEWEST_ROWS, MOST_ROWS = 2, 5
"""Runs that the table has room for."""
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
SPACE = 6
"""Pixels between the letters of two rows."""
ID_ROLE = Qt.ItemDataRole.UserRole
"""Where a row keeps the id of its run; it shows the title."""


class RunTree(QTreeWidget):
    """Shows runs with their state, step and Dice."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, QTreeWidgetItem] = {}
        self.setHeaderLabels(["run", "state", "step", "Dice*"])
        if (head := self.headerItem()) is not None:
            head.setToolTip(3, DICE_TIP)
        self.setRootIsDecorated(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setUniformRowHeights(True)
        self.fit_height()
        if (header := self.header()) is not None:
            header.setStretchLastSection(False)
            header.setMinimumSectionSize(36)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            fitted = QHeaderView.ResizeMode.ResizeToContents
            for column in (1, 2, 3):
                header.setSectionResizeMode(column, fitted)

    @property
    def chosen(self) -> str:
        """Id of the run that is selected; empty if none is."""
        items = self.selectedItems()
        return str(items[0].data(0, ID_ROLE)) if items else ""

    def choose(self, run_id: str) -> None:
        """Select a run by its id; none if there is no such run."""
        self.clearSelection()
        if run_id in self._rows:
            self.setCurrentItem(self._rows[run_id])

    def list_runs(self, ids: list[str]) -> None:
        """Have an empty row for each of these runs; `dress` fills them."""
        self.clear()
        self._rows = {}
        for run_id in ids:
            item = QTreeWidgetItem()
            item.setData(0, ID_ROLE, run_id)
            item.setSizeHint(0, QSize(0, self._row_height()))
            for column in (2, 3):
                item.setTextAlignment(column, RIGHT)
            self.addTopLevelItem(item)
            self._rows[run_id] = item

    def dress(self, summary: RunSummary, place: int, compared: bool) -> None:
        """Show what is known of a run.

        Parameters
        ----------
        summary
            What is known.
        place
            Its place in the queue, from 1; 0 if it does not wait.
        compared
            Whether the run on display is compared with it.
        """
        item = self._rows[summary.run.id]
        mark = f"{SIGN_DOTTED} " if compared else ""
        item.setText(0, f"{mark}{summary.name}")
        item.setToolTip(0, f"{summary.name}\n{summary.run.path}")
        words = STATE_WORDS.get(summary.state, summary.state)
        item.setText(1, f"queued {place}" if place else words)
        item.setText(2, f"{summary.step:,}")
        item.setText(3, "" if summary.truth is None else f"{summary.truth:.2f}")
        item.setToolTip(3, summary.truth_tip)

    def fit_height(self) -> None:
        """Be as high as there are runs, within limits; beyond, the list scrolls."""
        rows = min(max(self.topLevelItemCount(), FEWEST_ROWS), MOST_ROWS)
        head = self.header()
        height = head.sizeHint().height() if head is not None else 0
        row = max(self.sizeHintForRow(0), self._row_height())
        self.setFixedHeight(height + rows * row + 2 * self.frameWidth() + 2)

    def _row_height(self) -> int:
        return self.fontMetrics().height() + SPACE
