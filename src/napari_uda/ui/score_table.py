"""The table of scores: one line per class, its images below; of one run or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget
from superqt.utils import signals_blocked

from .heights import fit_height
from .words import unit_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtpy.QtGui import QResizeEvent

    from napari_uda.core.metrics.report import Row, Summary

TO_SHOW = "The row of an image shows it in the viewer (click, arrow keys or Return)."
_UNSCORED = "not scored"
_HINTS = {
    "class": f"Class; its images are below it. {TO_SHOW}",
    "Dice": "Overlap with the truth, 0 to 1.",
    "ASSD": "Average symmetric surface distance; smaller is better.",
    "HD95": "95th percentile of the surface distances; smaller is better.",
}
_IMAGE = Qt.ItemDataRole.UserRole
_FOR_CLASSES = 100
"""Pixels that the titles of the other columns leave to the first."""
_LEAST = 48
"""Pixels that the name of a run gets at least."""


class ScoreTable(QTreeWidget):
    """Dice, ASSD and HD95 per class and image."""

    imageChosen = Signal(str)
    """The row of an image was chosen: its name, as in the scores."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._titles: list[tuple[str, str]] = []
        self._lines: list[list[str]] = []
        self.currentItemChanged.connect(self._on_chosen)
        self.itemClicked.connect(self._on_chosen)
        self.itemActivated.connect(self._on_chosen)
        self.itemExpanded.connect(self._fit_height)
        self.itemCollapsed.connect(self._fit_height)
        header = self.header()
        assert header is not None
        header.setStretchLastSection(False)

    def show_rows(
        self,
        after: Sequence[Row],
        before: Sequence[Row],
        colors: Mapping[str, str],
        unscored: Sequence[str] = (),
        *,
        runs: tuple[str, str] = ("", ""),
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
        runs
            What `after` and `before` are of: run and checkpoint, a line each.
        """
        # Not at the top: it brings scipy, which would slow down the start.
        from napari_uda.core.metrics.report import summarise

        self.clear()
        unit = unit_text(after[0]["unit"]) if after else "px"
        of_baseline = [("Dice", runs[1])] if before else []
        dice = [*of_baseline, ("Dice", runs[0])]
        self._name_columns([("class", ""), *dice, ("ASSD", unit), ("HD95", unit)], runs)
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
        self._fit_height()

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

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Use the width there is."""
        super().resizeEvent(event)
        self._fit_titles()

    def _name_columns(
        self, titles: list[tuple[str, str]], runs: tuple[str, str]
    ) -> None:
        """Give every column a score, and below it the run or the unit."""
        self._titles = titles
        self._lines = [[_in_line(" ".join(title)).strip() for title in titles]]
        self.setColumnCount(len(titles))
        header, head = self.header(), self.headerItem()
        assert header is not None
        assert head is not None
        modes = QHeaderView.ResizeMode
        for column, (score, below) in enumerate(titles):
            header.setSectionResizeMode(
                column, modes.ResizeToContents if column else modes.Stretch
            )
            run = _in_line(below if score == "Dice" else runs[0] if column else "")
            head.setToolTip(column, "\n".join(filter(None, (run, _HINTS[score]))))
        self._fit_titles()

    def _fit_titles(self) -> None:
        """Leave out the middle of names of runs that are too long for the dock."""
        head, port = self.headerItem(), self.viewport()
        assert head is not None
        assert port is not None
        metrics = self.fontMetrics()
        names = [score for score, _ in self._titles].count("Dice")
        others = metrics.horizontalAdvance("ASSD\u2003") * 2 + _FOR_CLASSES
        room = max(_LEAST, (port.width() - others) // max(1, names) - 12)
        for column, (score, below) in enumerate(self._titles):
            lines = (
                metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, room)
                for line in below.split("\n")
            )
            head.setText(column, "\n".join((score, *lines)))

    def _line(
        self, name: str, after: Row | Summary, before: Row | Summary | None
    ) -> QTreeWidgetItem:
        from napari_uda.core.metrics.report import score_text

        dice = [score_text(after["dice"], 2)]
        if len(self._titles) == 5:
            dice.insert(0, score_text(before["dice"], 2) if before else "")
        texts = [
            name, *dice, score_text(after["assd"], 1), score_text(after["hd95"], 1)
        ]  # fmt: skip
        self._lines.append(texts)
        item = QTreeWidgetItem(texts)
        for column in range(1, len(texts)):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
        if before is not None:
            better = after["dice"] - before["dice"]
            item.setToolTip(
                2, f"{better:+.3f} compared with {_in_line(self._titles[1][1])}"
            )
        return item

    def _fit_height(self, _item: QTreeWidgetItem | None = None) -> None:
        tops = [self.topLevelItem(at) for at in range(self.topLevelItemCount())]
        rows = sum(
            1 + (top.childCount() if top.isExpanded() else 0) for top in tops if top
        )
        model = self.model()
        assert model is not None
        fit_height(self, rows, self.sizeHintForIndex(model.index(0, 0)).height())


def _in_line(text: str) -> str:
    return text.replace("\n", ", ")


def _of_image(item: QTreeWidgetItem, image: str) -> QTreeWidgetItem:
    item.setData(0, _IMAGE, image)
    item.setToolTip(0, f"{image}\n{TO_SHOW}")
    return item


def _swatch(color: str) -> QIcon:
    pixmap = QPixmap(12, 12)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
