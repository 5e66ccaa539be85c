"""The table of scores: one line per class, its images below; before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from .words import unit_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_uda.core.metrics.report import Row, Summary

_HINTS = (
    "Class; its images are below it.",
    "Overlap with the truth, 0 to 1: before (baseline) and after adaptation.",
    "Average symmetric surface distance; smaller is better.",
    "95th percentile of the surface distances; smaller is better.",
)
_ARROW = "\N{RIGHTWARDS ARROW}"


class ScoreTable(QTreeWidget):
    """Dice, ASSD and HD95 per class and image."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(4)
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        self._lines: list[list[str]] = []
        header = self.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_rows(
        self, after: Sequence[Row], before: Sequence[Row], colors: Mapping[str, str]
    ) -> None:
        """Show scores; `before` are those of the baseline on the same images."""
        # Not at the top: it brings scipy, which would slow down the start.
        from napari_uda.core.metrics.report import summarise

        self.clear()
        unit = unit_text(after[0]["unit"]) if after else "px"
        titles = ["class", "Dice", f"ASSD {unit}", f"HD95 {unit}"]
        self.setHeaderLabels(titles)
        self._lines = [titles]
        if head := self.headerItem():
            for column, hint in enumerate(_HINTS):
                head.setToolTip(column, hint)
        first = {item["class"]: item for item in summarise(before)}
        earlier = {(row["image"], row["class"]): row for row in before}
        for item in summarise(after):
            name = item["class"]
            rows = [row for row in after if row["class"] == name]
            top = self._line(name, item, first.get(name))
            top.setIcon(0, _swatch(colors.get(name, "#888888")))
            top.setToolTip(0, f"{name}: mean of {item['volumes']} images")
            self.addTopLevelItem(top)
            if len(rows) > 1:
                for row in rows:
                    key = (row["image"], name)
                    top.addChild(self._line(row["image"], row, earlier.get(key)))
        nested = len({row["image"] for row in after}) > 1
        self.setRootIsDecorated(nested)
        self.setFixedHeight(self._height(self.topLevelItemCount() + 3 * nested))

    def text(self) -> str:
        """Return the table as text with tabs, for a spreadsheet."""
        return "\n".join("\t".join(line) for line in self._lines)

    def _line(
        self, name: str, after: Row | Summary, before: Row | Summary | None
    ) -> QTreeWidgetItem:
        from napari_uda.core.metrics.report import score_text

        dice = score_text(after["dice"], 2)
        if before is not None:
            dice = f"{score_text(before['dice'], 2)} {_ARROW} {dice}"
        texts = [name, dice, score_text(after["assd"], 1), score_text(after["hd95"], 1)]
        self._lines.append(texts)
        item = QTreeWidgetItem(texts)
        for column in (1, 2, 3):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
        if before is not None:
            better = after["dice"] - before["dice"]
            item.setToolTip(1, f"{better:+.3f} compared with the baseline")
        return item

    def _height(self, rows: int) -> int:
        header = self.header()
        assert header is not None
        line = self.fontMetrics().height() + 6
        return header.sizeHint().height() + line * max(2, min(9, rows)) + 4


def _swatch(color: str) -> QIcon:
    pixmap = QPixmap(12, 12)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
