"""Histograms of both domains over each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QSizePolicy

from .words import DOMAIN_COLORS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

HEIGHT = 110
"""Height in pixels."""


class Histograms(pg.GraphicsView):  # type: ignore[misc]
    """A histogram per domain; not pyqtgraph's PlotWidget, whose menus outlive it."""

    def __init__(self) -> None:
        super().__init__(background=None)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        axes = pg.GraphicsLayout()
        axes.setContentsMargins(0, 0, 0, 0)
        self.setCentralItem(axes)
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
        self._match_theme()

    def draw(
        self, edges: NDArray[Any], shares: Mapping[str, NDArray[Any] | None]
    ) -> None:
        """Draw the share of pixels in each bin.

        Parameters
        ----------
        edges
            Edges of the bins.
        shares
            Shares by the name of the domain; None where they are not known.
        """
        for name, curve in self._curves.items():
            values = shares[name]
            curve.setData(*(([0, 1], [0]) if values is None else (edges, values)))
        self._view.setXRange(float(edges[0]), float(edges[-1]), padding=0.01)

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event and event.type() in (
            QEvent.Type.PaletteChange,
            QEvent.Type.StyleChange,
        ):
            self._match_theme()

    def _match_theme(self) -> None:
        # Qt may say so before pyqtgraph is complete.
        if hasattr(self, "_axis"):
            ink = self.palette().color(QPalette.ColorRole.WindowText)
            self._axis.setPen(ink)
            self._axis.setTextPen(ink)


def _faded(color: str) -> QColor:
    faded = QColor(color)
    faded.setAlpha(70)
    return faded
