"""Histograms over one another, drawn by Qt: pyqtgraph takes long to import."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent

HEIGHT = 110
"""Pixels in all."""
OPACITY = 70
"""Of what is below a line, of 255."""
LINE = 1.6
"""Width of a line in pixels."""
TICK = 4
"""Length of a tick in pixels."""
APART = 60
"""Pixels between two numbers at least."""


class Histograms(QWidget):
    """Steps, filled down to an axis with numbers.

    Parameters
    ----------
    colors
        Colour by the name of a histogram.
    """

    def __init__(self, colors: Mapping[str, str]) -> None:
        super().__init__()
        self._colors = {name: QColor(color) for name, color in colors.items()}
        self._edges: NDArray[np.float64] = np.array([0.0, 1.0])
        self._values: dict[str, NDArray[np.float64]] = {}
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_values(
        self, edges: NDArray[np.float64], values: Mapping[str, NDArray[np.float64]]
    ) -> None:
        """Draw these histograms.

        Parameters
        ----------
        edges
            Edges of the bins, ascending.
        values
            Height of each bin, by name; a name may be missing.
        """
        self._edges, self._values = edges, dict(values)
        self.update()

    def sizeHint(self) -> QSize:
        """Ask for no width: what there is will do."""
        return QSize(0, HEIGHT)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draw the axis and, over one another, the histograms."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        below = self.fontMetrics().height() + TICK + 2
        place = QRectF(self.rect()).adjusted(1, 2, -1, -below)
        self._draw_axis(painter, place)
        highest = max((float(one.max()) for one in self._values.values()), default=0)
        if highest > 0:
            for name, values in self._values.items():
                self._draw(painter, place, values / highest, self._colors[name])

    def _draw_axis(self, painter: QPainter, place: QRectF) -> None:
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        painter.setPen(ink)
        painter.drawLine(place.bottomLeft(), place.bottomRight())
        metrics = self.fontMetrics()
        for value, text in ticks(*self._range(), most=place.width() / APART):
            x = self._x(place, value)
            foot = QPointF(x, place.bottom())
            painter.drawLine(foot, foot + QPointF(0, TICK))
            width = metrics.horizontalAdvance(text)
            left = min(max(0.0, x - width / 2), self.width() - width)
            base = place.bottom() + TICK + 1 + metrics.ascent()
            painter.drawText(QPointF(left, base), text)

    def _draw(
        self,
        painter: QPainter,
        place: QRectF,
        values: NDArray[np.float64],
        color: QColor,
    ) -> None:
        """Draw one histogram, whose greatest value is 1 at the most."""
        line = QPolygonF()
        floor = place.bottom()
        line.append(QPointF(self._x(place, self._edges[0]), floor))
        for left, right, value in zip(
            self._edges[:-1], self._edges[1:], values, strict=True
        ):
            y = floor - float(value) * place.height()
            line.append(QPointF(self._x(place, left), y))
            line.append(QPointF(self._x(place, right), y))
        line.append(QPointF(self._x(place, self._edges[-1]), floor))
        filled = QColor(color)
        filled.setAlpha(OPACITY)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(filled)
        painter.drawPolygon(line)
        painter.setPen(QPen(color, LINE))
        painter.drawPolyline(line)

    def _range(self) -> tuple[float, float]:
        return float(self._edges[0]), float(self._edges[-1])

    def _x(self, place: QRectF, value: float) -> float:
        low, high = self._range()
        return place.left() + place.width() * (float(value) - low) / (high - low)


def ticks(low: float, high: float, most: float) -> list[tuple[float, str]]:
    """Return round values from low to high, and what is written at them.

    Parameters
    ----------
    low, high
        Ends of an axis.
    most
        About how many there is room for.
    """
    rough = (high - low) / max(1.0, most)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return [(n * step, f"{n * step:,.{digits}f}") for n in range(first, last + 1)]
