"""The table of samples: one row each, its state as a coloured sign."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QPoint, Qt
from qtpy.QtGui import QColor, QPainter, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from .muted import readable
from .words import (
    DOMAIN_COLORS,
    SEVERITY_COLORS,
    SEVERITY_SIGNS,
    short_dtype,
    size_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtpy.QtGui import QResizeEvent

    from napari_uda.core.data.inspection import SampleReport

_COLUMNS = ("sample", "shape", "type", "voxel", "classes", "use")
_HINTS = (
    "Name of the file or layer; the sign says whether it can be used.",
    "Pixels (z,) y, x.",
    "Type of the intensities.",
    "Size of a voxel (z,) y, x.",
    "Structures that occur in the labels, of all there are.",
    "train: image and labels are learnt from; adapt: the image is, without labels; "
    "truth: only scores see its labels; test: not learnt from.",
)
_DISPENSABLE = ("type", "classes")
"""Columns that a narrow table does without, the first of them first."""
WIDEST_NAME = 130
"""Pixels that the name of a sample may take where others need room, too."""


class SampleModel(QAbstractTableModel):
    """Reports of samples as a table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reports: list[SampleReport] = []
        self._structures = 0

    def clear(self) -> None:
        """Remove all rows."""
        self.setReports((), 0)

    def setReports(self, reports: Iterable[SampleReport], structures: int) -> None:
        """Show these reports; `structures` is how many classes there are."""
        self.beginResetModel()
        self._reports = list(reports)
        self._structures = structures
        self.endResetModel()

    def append(self, report: SampleReport) -> None:
        """Add a report at the end."""
        row = len(self._reports)
        self.beginInsertRows(QModelIndex(), row, row)
        self._reports.append(report)
        self.endInsertRows()

    def report(self, row: int) -> SampleReport | None:
        """Return the report of a row."""
        return self._reports[row] if 0 <= row < len(self._reports) else None

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of samples."""
        return 0 if parent is not None and parent.isValid() else len(self._reports)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(_COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = 0
    ) -> Any:
        """Return the title of a column or its tooltip."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _HINTS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Return text, tooltip or colour of a cell."""
        report = self.report(index.row())
        if report is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(report, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            lines = [f"{report.domain} {report.name}"]
            cells = (self._text(report, column) for column in range(1, len(_COLUMNS)))
            lines.append(", ".join(filter(None, cells)))
            lines += [f"{_sign(item.level)} {item.message}" for item in report.problems]
            return "\n".join(lines)
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._ink(report, index.column())
        if role == Qt.ItemDataRole.DecorationRole and not index.column():
            return _icon(_level(report))
        return None

    def _ink(self, report: SampleReport, column: int) -> QColor | None:
        color = ""
        if _COLUMNS[column] == "sample":
            color = DOMAIN_COLORS[report.domain]
        elif _COLUMNS[column] == "voxel" and report.shape and not report.voxel_size:
            color = SEVERITY_COLORS["warning"]
        table = self.parent()
        if not color or not isinstance(table, QWidget):
            return None
        return readable(color, table)

    def _text(self, report: SampleReport, column: int) -> str:
        match _COLUMNS[column]:
            case "sample":
                return report.name
            case "shape":
                return "x".join(map(str, report.shape))
            case "type":
                return short_dtype(report.dtype)
            case "voxel" if report.shape and not report.voxel_size:
                return "unknown"
            case "voxel":
                return size_text(report.voxel_size, report.unit)
            case "classes":
                if report.role == "unlabelled" or not report.labelled:
                    return ""
                return (
                    f"{len(report.found)}/{max(self._structures, len(report.counts))}"
                )
            case _:
                return _use(report)


def _use(report: SampleReport) -> str:
    """Return in a word or two what image and labels are used for."""
    if report.split == "test":
        return "test" if report.role != "unlabelled" else "test, unlabelled"
    if report.domain == "target" and report.role != "train":
        return "adapt, truth" if report.role == "evaluate" else "adapt"
    return report.role


class SampleTable(QTableView):
    """A narrow table of samples."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.samples = SampleModel(self)
        self.setModel(self.samples)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        assert rows is not None
        assert columns is not None
        rows.hide()
        rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        columns.setHighlightSections(False)
        columns.setMinimumSectionSize(24)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def fit(self) -> None:
        """Make every column as wide as it needs to be, the first as there is room.

        Where the dock is narrow, what matters least is left to the tooltip.
        """
        for name in _DISPENSABLE:
            self.setColumnHidden(_COLUMNS.index(name), False)
        self.resizeColumnsToContents()
        whole_names = self.columnWidth(0)
        self.setColumnWidth(0, min(whole_names, WIDEST_NAME))
        port, last = self.viewport(), len(_COLUMNS) - 1
        assert port is not None
        for name in _DISPENSABLE:
            if sum(map(self.columnWidth, range(last + 1))) > port.width():
                self.setColumnHidden(_COLUMNS.index(name), True)
        spare = port.width() - sum(map(self.columnWidth, range(last + 1)))
        if spare > 0:
            self.setColumnWidth(0, min(whole_names, self.columnWidth(0) + spare))
        rest = port.width() - sum(map(self.columnWidth, range(last)))
        self.setColumnWidth(last, max(rest, self.columnWidth(last)))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Use the width there is."""
        super().resizeEvent(event)
        if event is not None and event.size().width() != event.oldSize().width():
            self.fit()


def _level(report: SampleReport) -> str:
    """Return what the sign of a row says: notes are no trouble, but not nothing."""
    return "note" if report.problems and report.severity == "ok" else report.severity


@cache
def _icon(severity: str) -> QPixmap:
    pixmap = QPixmap(24, 24)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(SEVERITY_COLORS[severity]))
    match severity:
        case "ok":
            painter.drawEllipse(6, 6, 12, 12)
        case "note":
            painter.drawEllipse(8, 8, 8, 8)
        case "warning":
            painter.drawPolygon(QPoint(12, 4), QPoint(21, 20), QPoint(3, 20))
        case _:
            painter.drawRect(5, 5, 14, 14)
    painter.end()
    pixmap.setDevicePixelRatio(2.0)
    return pixmap


def _sign(level: str) -> str:
    return SEVERITY_SIGNS.get(level, "\N{BULLET}")
