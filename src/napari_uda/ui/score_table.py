"""The table of scores: one line per class, its images below; of one run or two."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget
from superqt.utils import signals_blocked

from .apart import told_apart
from .heights import fit_height
from .muted import is_dressing, muted
from .words import count_text, unit_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtpy.QtGui import QResizeEvent

    from napari_uda.core.metrics.report import Row, Summary

    _Scores = Row | Summary

Measure = Literal["Dice", "ASSD", "HD95"]
MEASURES: tuple[Measure, ...] = ("Dice", "ASSD", "HD95")
HINTS: dict[Measure, str] = {
    "Dice": "Overlap with the truth, 0 to 1, of whole images: Dice* in the list of "
    "runs is of a few patches, so it differs.",
    "ASSD": "Average symmetric surface distance; smaller is better.",
    "HD95": "95th percentile of the surface distances; smaller is better.",
}
"""What each score is."""
TO_SHOW = "The row of an image shows it in the viewer (click, arrow keys or Return)."
TO_SWAP = "A click shows the masks of this run."
_UNSCORED = "not scored"
_IMAGE = Qt.ItemDataRole.UserRole
_FOR_CLASSES = 140
"""Pixels that the titles of the other columns leave to the first."""
_LEAST = 48
"""Pixels that the name of a run gets at least."""


class ScoreTable(QTreeWidget):
    """Scores per class and image: all of one run, or one of two runs side by side."""

    imageChosen = Signal(str)
    """The row of an image was chosen: its name, as in the scores."""
    sideChosen = Signal(str)
    """A column of two runs was clicked: "before" or "after"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._measure: Measure = "Dice"
        self._runs = ("", "")
        self._unit = "px"
        self._two = False
        self._stale = False
        self._titles: list[tuple[str, str]] = []
        self._scored: list[tuple[QTreeWidgetItem, _Scores, _Scores | None]] = []
        self.currentItemChanged.connect(self._on_chosen)
        self.itemClicked.connect(self._on_clicked)
        self.itemActivated.connect(self._on_chosen)
        self.itemExpanded.connect(self._fit_height)
        self.itemCollapsed.connect(self._fit_height)
        header = self.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._on_column)

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
        self._runs, self._two = runs, bool(before)
        self._unit = unit_text(after[0]["unit"]) if after else "px"
        self._name_columns()
        first = {item["class"]: item for item in summarise(before)}
        earlier = {(row["image"], row["class"]): row for row in before}
        for item in summarise(after):
            name = item["class"]
            rows = [row for row in after if row["class"] == name]
            top = self._line(name, item, first.get(name))
            top.setIcon(0, _swatch(colors.get(name, "#888888")))
            top.setToolTip(0, f"{name}: mean of {count_text(item['volumes'], 'image')}")
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

    def clear(self) -> None:
        """Forget all scores."""
        self._scored, self._stale = [], False
        super().clear()

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

    def setMeasure(self, measure: Measure) -> None:
        """Choose the score that is shown of two runs."""
        self._measure = measure
        self._name_columns()
        for scored in self._scored:
            self._fill(*scored)

    def set_stale(self, stale: bool) -> None:
        """Grey what is not of the run that is chosen."""
        self._stale = stale
        for scored in self._scored:
            self._fill(*scored)

    def text(self) -> str:
        """Return all scores as text with tabs, for a spreadsheet."""
        runs = [_in_line(run) for run in self._runs[: 1 + self._two]][::-1]
        head = ["class"]
        for measure in MEASURES:
            unit = "" if measure == "Dice" else f" {self._unit}"
            head += [f"{measure}{unit} {run}".strip() for run in runs]
        lines = [head]
        for item, after, before in self._scored:
            line = [item.text(0)]
            for measure in MEASURES:
                line += [_text(before, measure)] * self._two + [_text(after, measure)]
            lines.append(line)
        return "\n".join("\t".join(line) for line in lines)

    def _on_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        self._on_column(column)
        self._on_chosen(item)

    def _on_column(self, column: int) -> None:
        if self._two and column:
            self.sideChosen.emit("before" if column == 1 else "after")

    def _on_chosen(self, item: QTreeWidgetItem | None, _: object = None) -> None:
        if item is not None and (image := item.data(0, _IMAGE)):
            self.imageChosen.emit(image)

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if is_dressing(event) and self._stale:
            self.set_stale(True)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Use the width there is."""
        super().resizeEvent(event)
        self._fit_titles()

    def _name_columns(self) -> None:
        """Give every column a score, and below it the run or the unit."""
        after, before = self._runs
        self._titles = [("class", "")]
        if self._two:
            unit = "" if self._measure == "Dice" else f" {self._unit}"
            score = f"{self._measure}{unit}"
            self._titles += [(score, before), (score, after)]
        else:
            units = (after, self._unit, self._unit)
            self._titles += list(zip(MEASURES, units, strict=True))
        self.setColumnCount(len(self._titles))
        header, head = self.header(), self.headerItem()
        assert header is not None
        assert head is not None
        modes = QHeaderView.ResizeMode
        head.setToolTip(0, f"Class; its images are below it. {TO_SHOW}")
        for column in range(len(self._titles)):
            header.setSectionResizeMode(
                column, modes.ResizeToContents if column else modes.Stretch
            )
            if column:
                run = (before if column == 1 else after) if self._two else after
                measure = self._measure if self._two else MEASURES[column - 1]
                tips = (_in_line(run), HINTS[measure], TO_SWAP if self._two else "")
                head.setToolTip(column, "\n".join(filter(None, tips)))
        self._fit_titles()

    def _fit_titles(self) -> None:
        """Shorten names of runs that are too long for the dock, but tell them apart."""
        head, port = self.headerItem(), self.viewport()
        assert head is not None
        assert port is not None
        metrics = self.fontMetrics()
        names = 1 + self._two
        others = _FOR_CLASSES
        if not self._two:
            others += metrics.horizontalAdvance("ASSD\u2003") * 2
        room = max(_LEAST, (port.width() - others) // max(1, names) - 12)
        for column, (score, below) in enumerate(self._titles):
            run, *lines = below.split("\n")
            mode = Qt.TextElideMode.ElideMiddle
            if self._two and column:
                other = self._titles[3 - column][1].split("\n")[0]
                short = told_apart(run, other, room, metrics.horizontalAdvance)
                # Of a name cut to what is its own, the beginning says most.
                mode = mode if short == run else Qt.TextElideMode.ElideRight
                run = short
            run = metrics.elidedText(run, mode, room)
            head.setText(column, "\n".join((score, run, *lines)))

    def _line(
        self, name: str, after: _Scores, before: _Scores | None
    ) -> QTreeWidgetItem:
        item = QTreeWidgetItem([name])
        self._scored.append((item, after, before))
        self._fill(item, after, before)
        return item

    def _fill(
        self, item: QTreeWidgetItem, after: _Scores, before: _Scores | None
    ) -> None:
        """Write the scores of a row."""
        texts = [_text(after, measure) for measure in MEASURES]
        if self._two:
            texts = [_text(before, self._measure), _text(after, self._measure)]
            item.setToolTip(1, TO_SWAP)
            item.setToolTip(2, _gain(after, before, self._measure, self._runs[1]))
        grey = muted(self) if self._stale else None
        for column, text in enumerate(texts, start=1):
            item.setText(column, text)
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
        for column in range(len(texts) + 1):
            item.setData(column, Qt.ItemDataRole.ForegroundRole, grey)

    def _fit_height(self, _item: QTreeWidgetItem | None = None) -> None:
        tops = [self.topLevelItem(at) for at in range(self.topLevelItemCount())]
        rows = sum(
            1 + (top.childCount() if top.isExpanded() else 0) for top in tops if top
        )
        model = self.model()
        assert model is not None
        fit_height(self, rows, self.sizeHintForIndex(model.index(0, 0)).height())


def _value(scores: _Scores, measure: Measure) -> float | None:
    if measure == "Dice":
        return scores["dice"]
    return scores["assd"] if measure == "ASSD" else scores["hd95"]


def _text(scores: _Scores | None, measure: Measure) -> str:
    from napari_uda.core.metrics.report import score_text

    if scores is None:
        return ""
    return score_text(_value(scores, measure), 2 if measure == "Dice" else 1)


def _gain(
    after: _Scores, before: _Scores | None, measure: Measure, baseline: str
) -> str:
    """Say how much a score has changed; nothing where it cannot be said."""
    one = _value(after, measure)
    other = _value(before, measure) if before is not None else None
    if one is None or other is None or not math.isfinite(one - other):
        return TO_SWAP
    digits = 3 if measure == "Dice" else 1
    change = f"{one - other:+.{digits}f} compared with {_in_line(baseline)}"
    return f"{change}\n{TO_SWAP}"


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
