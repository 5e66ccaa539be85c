"""The table of scores: one line per class, its images below; before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget
from superqt.utils import signals_blocked

from .words import unit_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_uda.core.metrics.report import Row, Summary

TO_SHOW = "The row of an image shows it in the viewer (click, arrow keys or Return)."
_UNSCORED = "not scored"
_HINTS = (
    f"Class; its images are below it. {TO_SHOW}",
    "Overlap with the truth, 0 to 1: before (baseline) and after adaptation.",
    "Average symmetric surface distance; smaller is better.",
    "95th percentile of the surface distances; smaller is better.",
)
_IMAGE = Qt.ItemDataRole.UserRole
_ARROW = "\N{RIGHTWARDS ARROW}"


class ScoreTable(QTreeWidget):
    """Dice, ASSD and HD95 per class and image."""

    imageChosen = Signal(str)
    """The row of an image was chosen: its name, as in the scores."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(4)
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        self._lines: list[list[str]] = []
        self.currentItemChanged.connect(self._on_chosen)
        self.itemClicked.connect(self._on_chosen)
        self.itemActivated.connect(self._on_chosen)
        header = self.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_rows(
        self,
        after: Sequence[Row],
        before: Sequence[Row],
        colors: Mapping[str, str],
        unscored: Sequence[str] = (),
    ) -> None:
        """Show scores, and the images that have none.

        Parameters
        ----------
        after, before
            Scores, and those of the baseline on the same images.
        colors
            Colour of each class.
        unscored
            Images without scores, such as those without truth.
        """
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
                    line = self._line(row["image"], row, earlier.get(key))
                    top.addChild(_of_image(line, row["image"]))
        if len(unscored) > 1 or (after and unscored):
            group = QTreeWidgetItem([_UNSCORED])
            self.addTopLevelItem(group)
            for name in unscored:
                group.addChild(_of_image(QTreeWidgetItem([name]), name))
        nested = self.lists_images()
        if nested and (top_item := self.topLevelItem(0)):
            top_item.setExpanded(True)
        self.setToolTip(TO_SHOW if nested else "")
        self.setRootIsDecorated(nested)
        self.setFixedHeight(self._height(self.topLevelItemCount() + 3 * nested))

    def lists_images(self) -> bool:
        """Tell whether there is a row for each of several images."""
        tops = [self.topLevelItem(at) for at in range(self.topLevelItemCount())]
        return any(top.childCount() for top in tops if top)

    def mark(self, image: str) -> None:
        """Make the first row of an image the current one; nothing is signalled."""
        for at in range(self.topLevelItemCount()):
            top = self.topLevelItem(at)
            for index in range(top.childCount() if top else 0):
                item = top.child(index) if top else None
                if item and item.data(0, _IMAGE) == image:
                    with signals_blocked(self):
                        self.setCurrentItem(item)
                    return

    def text(self) -> str:
        """Return the table as text with tabs, for a spreadsheet."""
        return "\n".join("\t".join(line) for line in self._lines)

    def _on_chosen(self, item: QTreeWidgetItem | None, _: object = None) -> None:
        if item is not None and (image := item.data(0, _IMAGE)):
            self.imageChosen.emit(image)

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


def _of_image(item: QTreeWidgetItem, image: str) -> QTreeWidgetItem:
    item.setData(0, _IMAGE, image)
    item.setToolTip(0, f"{image}\n{TO_SHOW}")
    return item


def _swatch(color: str) -> QIcon:
    pixmap = QPixmap(12, 12)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
