"""Axes to plot on: pyqtgraph's, without what its PlotWidget leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QLabel, QSizePolicy

if TYPE_CHECKING:
    from qtpy.QtGui import QMouseEvent, QResizeEvent, QWheelEvent

GRID = 30
"""Opacity of the grid, of 255."""
LABEL_WIDTH = 58
"""Pixels for numbers and name at the left, so that they do not push the plot about."""

FEWEST_STEPS = 10
"""Steps that are seen at least: there are no halves of a step."""
DEPTH = 5
"""Pixels that pyqtgraph puts the name of the lower axis below its place."""


class Canvas(pg.GraphicsView):  # type: ignore[misc]
    """A plot with two axes.

    pyqtgraph's own PlotWidget makes menus without a parent, which stay when it is gone,
    and takes the wheel away from the scroll area around it.

    Parameters
    ----------
    names
        What the axes at the left and at the bottom measure.
    lowest
        Height in pixels.
    highest
        Height that it may grow to; as low as it is if not given.
    """

    def __init__(
        self, names: tuple[str, str], lowest: int, highest: int | None = None
    ) -> None:
        super().__init__()
        self.setMinimumHeight(lowest)
        self.setMaximumHeight(highest or lowest)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setToolTip("Drag to move, right-drag to zoom, double-click to see all")
        layout = pg.GraphicsLayout()
        layout.setContentsMargins(0, 0, 6, DEPTH)
        layout.setSpacing(0)
        self.setCentralItem(layout)
        self.view = pg.ViewBox(enableMenu=False)
        self.view.setLimits(minXRange=FEWEST_STEPS)
        layout.addItem(self.view, 0, 1)
        self.axes = {side: pg.AxisItem(side) for side in ("left", "bottom")}
        places = ((0, 0), (1, 1))
        for axis, name, place in zip(self.axes.values(), names, places, strict=True):
            layout.addItem(axis, *place)
            axis.setLabel(name)
            axis.enableAutoSIPrefix(False)
            axis.linkToView(self.view)
            axis.setGrid(GRID)
            axis.setZValue(-1)
        self.axes["left"].setWidth(LABEL_WIDTH)
        self._curves: list[Any] = []
        self._mark: Any = None
        self._ground, self._ink = "", ""
        self.words = QLabel(self)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setWordWrap(True)
        self.words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.words.hide()

    def plot(
        self, color: str, dashed: bool = False, dotted: bool = False, width: float = 2
    ) -> Any:
        """Add a curve; gaps are where its values are NaN."""
        styles = {
            (False, False): Qt.PenStyle.SolidLine,
            (True, False): Qt.PenStyle.DashLine,
            (False, True): Qt.PenStyle.DotLine,
            (True, True): Qt.PenStyle.DashDotLine,
        }
        style = styles[dashed, dotted]
        pen = pg.mkPen(color, width=width, style=style)
        curve = pg.PlotDataItem(
            pen=pen,
            symbolPen=None,
            symbolBrush=color,
            connect="finite",
            # Of points in one column of pixels, only the extremes can be told apart.
            autoDownsample=True,
            autoDownsampleFactor=1.0,
            downsampleMethod="peak",
        )
        self.view.addItem(curve)
        self._curves.append(curve)
        return curve

    def say(self, text: str) -> None:
        """Say why there is nothing to see; an empty text if there is."""
        self.words.setText(text)
        self.words.setVisible(bool(text))
        for axis in self.axes.values():
            axis.setStyle(showValues=not text)
            axis.showLabel(not text)
            axis.setGrid(False if text else GRID)

    def name(self, measure: str) -> None:
        """Say what the axis at the left measures."""
        if self.axes["left"].labelText != measure:
            self.axes["left"].setLabel(measure)

    def mark(self, step: int | None, word: str, tip: str) -> None:
        """Draw an upright line with a word at a step; None takes it away.

        Parameters
        ----------
        step
            Where.
        word
            What is written at it.
        tip
            What the mouse over line and word tells.
        """
        if step is None:
            if self._mark is not None:
                self._mark.hide()
            return
        if self._mark is None:
            self._mark = pg.InfiniteLine(
                angle=90, label=word, labelOpts={"position": 0.06, "movable": False}
            )
            self.view.addItem(self._mark, ignoreBounds=True)
            self._dress_mark()
        self._mark.setPos(step)
        for item in (self._mark, self._mark.label):
            item.setToolTip(tip)
        self._mark.show()

    def _dress_mark(self) -> None:
        if self._mark is not None and self._ink:
            self._mark.setPen(pg.mkPen(self._ink, width=1))
            self._mark.label.setColor(self._ink)
            self._mark.label.fill = pg.mkBrush(self._ground)

    def set_log(self, log: bool) -> None:
        """Choose a logarithmic or linear axis for the values."""
        self.axes["left"].setLogMode(log)
        for curve in self._curves:
            curve.setLogMode(False, log)

    def settle(self) -> None:
        """Find the ranges now: while it is painted, that costs another painting."""
        self.view.prepareForPaint()

    def dress(self, background: str, ink: str) -> None:
        """Put on the colours of a theme."""
        self.setBackground(background)
        self._ground, self._ink = background, ink
        self._dress_mark()
        for axis in self.axes.values():
            axis.setPen(ink)
            axis.setTextPen(ink)

    def sizeHint(self) -> QSize:
        """Ask for no more than the least height: what is left over comes by itself."""
        return QSize(0, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the words in the middle."""
        super().resizeEvent(event)
        # pyqtgraph resizes before it is complete.
        if hasattr(self, "words"):
            self.words.setGeometry(self.rect().adjusted(LABEL_WIDTH + 8, 0, -8, 0))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the scroll area."""
        event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """See all curves again."""
        self.view.enableAutoRange()
        event.accept()
