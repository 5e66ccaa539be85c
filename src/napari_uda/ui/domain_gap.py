"""The domain gap at a glance: histograms overlaid, and the facts side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from .muted import MUTED, is_dressing, mute, readable
from .steady_label import Part, SteadyLabel
from .words import DOMAIN_COLORS, share_text, size_text

if TYPE_CHECKING:
    from napari_uda.core.data.inspection import DomainSummary, Inspection
    from napari_uda.core.spec.domain import Structure

MOST_CLASSES = 6
"""Classes listed; the others are in the table of samples."""


class DomainGap(QWidget):
    """Intensity histograms, voxel size, orientation, field of view, class shares."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inspection: Inspection | None = None
        self._titles: list[QLabel] = []
        self.scale = QComboBox()
        self.scale.addItems(["as trained", "as stored"])
        self.scale.setToolTip(
            "as trained: after normalisation, which maps 0.5 and 99.9 % of each volume "
            "(or a fixed window) to -1 and 1; as stored: values of the files."
        )
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        title = QLabel("<b>Domain gap</b>")
        self.overlap = QLabel()
        mute(self.overlap)
        self.overlap.setToolTip(
            "Common share of both histograms: 100 % if intensities are distributed "
            "alike, whatever the images show."
        )
        head.addWidget(title)
        head.addWidget(self.overlap)
        head.addStretch()
        head.addWidget(self.scale)

        # Not pyqtgraph's PlotWidget: it makes menus that outlive it.
        self.plot = pg.GraphicsView(background=None)
        self.plot.setFixedHeight(110)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        axes = pg.GraphicsLayout()
        axes.setContentsMargins(0, 0, 0, 0)
        self.plot.setCentralItem(axes)
        self._view = pg.ViewBox(enableMenu=False, enableMouse=False)
        self._axis = pg.AxisItem("bottom")
        self._axis.linkToView(self._view)
        axes.addItem(self._view, 0, 0)
        axes.addItem(self._axis, 1, 0)
        self._curves = {
            name: pg.PlotDataItem(
                pen=pg.mkPen(color, width=1.6),
                stepMode="center",
                fillLevel=0,
                brush=_faded(color),
            )
            for name, color in DOMAIN_COLORS.items()
        }
        for curve in self._curves.values():
            self._view.addItem(curve)
        self._facts = QGridLayout()
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._facts.setHorizontalSpacing(6)
        self._facts.setVerticalSpacing(1)
        for column, share in enumerate((14, 11, 11)):
            self._facts.setColumnStretch(column, share)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(head)
        layout.addWidget(self.plot)
        layout.addLayout(self._facts)
        self.scale.currentIndexChanged.connect(self._on_scale_changed)
        self._match_theme()

    def show_inspection(
        self, inspection: Inspection, structures: tuple[Structure, ...]
    ) -> None:
        """Show what was found."""
        self._inspection = inspection
        self._draw()
        rows = [
            (label, values)
            for label, values in _facts(inspection, structures)
            if any(value not in ("", "\N{EN DASH}") for value in values)
        ]
        while self._facts.count():
            item = self._facts.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        self._titles = [
            self._put(0, column, f"<span>{name}</span>")
            for column, name in enumerate(DOMAIN_COLORS, start=1)
        ]
        self._match_theme()
        for row, (fact, values) in enumerate(rows, start=1):
            if isinstance(fact, str):
                differs = values[0] != values[1] and all(values)
                label = self._put(row, 0, f"<b>{fact}</b>" if differs else fact)
                if not differs:
                    mute(label)
            else:
                self._name(row, fact)
            for column, text in enumerate(values, start=1):
                self._put(row, column, text)

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if is_dressing(event):
            self._match_theme()

    def _put(self, row: int, column: int, text: str) -> QLabel:
        label = QLabel(text) if text.startswith("<") else QElidingLabel(text)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        label.setToolTip(text)
        self._facts.addWidget(label, row, column)
        return label

    def _name(self, row: int, item: Structure) -> None:
        label = SteadyLabel()
        label.setParts(Part(item.name, "\N{BLACK SQUARE}", item.color, MUTED))
        self._facts.addWidget(label, row, 0)

    def _draw(self) -> None:
        inspection = self._inspection
        if inspection is None:
            return
        trained = self.scale.currentIndex() == 0
        edges = inspection.trained_edges if trained else inspection.stored_edges
        shares = []
        for name, curve in self._curves.items():
            summary = inspection.source if name == "source" else inspection.target
            values = summary.trained if trained else summary.stored
            if values is None:
                curve.clear()
            else:
                curve.setData(edges, values)
                shares.append(values)
        self._view.setXRange(float(edges[0]), float(edges[-1]), padding=0.01)
        common = np.minimum(*shares).sum() if len(shares) == 2 else None
        text = "" if common is None else f"overlap {common:.0%}"
        self.overlap.setText(text)

    def _on_scale_changed(self) -> None:
        self._draw()

    def _match_theme(self) -> None:
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        self._axis.setPen(ink)
        self._axis.setTextPen(ink)
        for label, (name, color) in zip(
            self._titles, DOMAIN_COLORS.items(), strict=False
        ):
            seen = readable(color, self).name()
            label.setText(f"<span style='color:{seen}'>{name}</span>")


def _facts(
    inspection: Inspection, structures: tuple[Structure, ...]
) -> list[tuple[str | Structure, list[str]]]:
    both = (inspection.source, inspection.target)
    facts: list[tuple[str | Structure, list[str]]] = [
        ("images", [str(one.samples) for one in both]),
        ("voxel size", [size_text(one.voxel_size, one.unit) for one in both]),
        ("field of view", [_view(one) for one in both]),
        ("orientation", [one.orientation for one in both]),
    ]
    for item in structures[:MOST_CLASSES]:
        shares = [
            share_text(one.prevalence[item.name]) if item.name in one.prevalence else ""
            for one in both
        ]
        facts.append((item, shares))
    return facts


def _view(summary: DomainSummary) -> str:
    if summary.field_of_view is None:
        return ""
    return size_text(summary.field_of_view, summary.unit)


def _faded(color: str) -> QColor:
    faded = QColor(color)
    faded.setAlpha(70)
    return faded
