"""Scores of all slices as curves; a click goes to a slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from .words import SEVERITY_COLORS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

COLORS = {
    "correlation": "#56b4e9",
    "structure": "#e69f00",
    "edges": "#009e73",
    "mask": "#cc79a7",
}
"""As in `curves`, after Okabe and Ito (2008)."""
HEIGHT = 150
LEGEND_LINES = 2
"""Lines that the legend has in a narrow dock."""
SIGN = "\N{BOX DRAWINGS HEAVY HORIZONTAL}"
LOWEST = -0.05
"""Least value at the bottom of the plot, unless a score is negative."""


class SlicePlot(QWidget):
    """Curves over the numbers of slices, with a line at the one that is shown.

    Parameters
    ----------
    theme
        Name of the napari theme to look like.
    """

    clicked = Signal(int)
    """Number of the slice that was clicked."""

    def __init__(self, theme: str = "dark") -> None:
        super().__init__()
        self._theme = theme
        self._canvas: Any = None
        self._count = 0
        self._now: int | None = None
        self._values: dict[str, NDArray[np.float64]] = {}
        self._titles: dict[str, str] = {}
        self.legend = QLabel()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        self.legend.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._layout.addWidget(self.legend)

    def show_scores(
        self,
        scores: Mapping[str, NDArray[np.float64]],
        rejected: list[int],
        borders: list[int],
        unit: str = "slice",
    ) -> None:
        """Draw the scores of all slices.

        Parameters
        ----------
        scores
            (n,) values by name; NaN is a gap.
        rejected
            Slices to mark.
        borders
            Slices where another image begins.
        unit
            What one of them is called: slice or image.
        """
        self._make()
        self._canvas.axes["bottom"].setLabel(unit)
        self._canvas.setToolTip(
            f"Scores of every {unit}, 1 is best; click to go there, drag to move, "
            "right-drag to zoom. Crosses: rejected."
        )
        self._values = dict(scores)
        self._count = len(next(iter(scores.values())))
        self._canvas.setVisible(self._count > 1)
        numbers = np.arange(1.0, self._count + 1)
        least = 0.0
        for name, values in self._values.items():
            # A single value between gaps has no line: without dots it is not seen.
            dots = {"symbol": "o", "symbolSize": 5} if self._count <= 60 else {}
            # pyqtgraph warns of the bounds of nothing.
            if not np.isfinite(values).any():
                self._curves[name].clear()
                continue
            self._curves[name].setData(numbers, values, **dots)
            least = min(least, float(np.nanmin(values)))
        self._marks.setVisible(bool(rejected))
        if rejected:
            self._marks.setData(np.add(rejected, 1.0), np.ones(len(rejected)))
        if borders:
            self._borders.setData(
                np.repeat(np.add(borders, 0.5), 2), np.tile([-1.0, 1.1], len(borders))
            )
        self._canvas.view.setXRange(0.5, self._count + 0.5, padding=0.02)
        self._canvas.view.setYRange(min(LOWEST, least - 0.05), 1.05, padding=0)
        self.show_slice(self._now)

    def show_slice(
        self, number: int | None, titles: Mapping[str, str] | None = None
    ) -> None:
        """Put the line at a slice and tell its scores.

        Parameters
        ----------
        number
            Number of the slice.
        titles
            What to call scores, where not by their names.
        """
        self._now = number
        if titles is not None:
            self._titles = dict(titles)
        if self._canvas is None:
            return
        self._line.setVisible(number is not None)
        if number is not None:
            self._line.setValue(number + 1.0)
        entries = []
        for name, color in COLORS.items():
            values = self._values.get(name)
            if name == "mask" and (values is None or np.isnan(values).all()):
                continue
            text = ""
            if values is not None and number is not None and number < len(values):
                value = float(values[number])
                text = "" if np.isnan(value) else f"&nbsp;{value:.2f}"
            title = self._titles.get(name, name).replace(" ", "&nbsp;")
            entries.append(
                f"<span style='color:{color}'><b>{SIGN}</b></span>&nbsp;{title}{text}"
            )
        self.legend.setText(" &nbsp; ".join(entries))
        # What is below it must not move when a number is not known.
        self.legend.setMinimumHeight(LEGEND_LINES * self.fontMetrics().lineSpacing())

    def set_theme(self, theme: str) -> None:
        """Look like a napari theme."""
        self._theme = theme
        if self._canvas is not None:
            colors = get_theme(theme)
            self._canvas.dress(colors.background.as_hex(), colors.text.as_hex())
            self._line.setPen(colors.text.as_hex(), width=1)

    def _make(self) -> None:
        if self._canvas is not None:
            return
        # pyqtgraph is imported with the first plot: opening napari must stay fast.
        import pyqtgraph as pg

        from .canvas import Canvas

        self._canvas = Canvas(("score", "slice"), HEIGHT)
        self._borders = self._canvas.plot("#8c8c8c", dashed=True)
        self._borders.opts["connect"] = "pairs"
        self._curves = {name: self._canvas.plot(c) for name, c in COLORS.items()}
        self._marks = pg.ScatterPlotItem(
            symbol="x", size=10, pen=None, brush=SEVERITY_COLORS["error"]
        )
        self._canvas.view.addItem(self._marks)
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.setZValue(-0.5)
        self._canvas.view.addItem(self._line)
        self._canvas.scene().sigMouseClicked.connect(self._on_clicked)
        self._layout.insertWidget(0, self._canvas)
        self.set_theme(self._theme)

    def _on_clicked(self, event: Any) -> None:
        """Go to the slice under the mouse."""
        if event.button() != Qt.MouseButton.LeftButton or event.double():
            return
        where = self._canvas.view.mapSceneToView(event.scenePos())
        number = round(where.x()) - 1
        if self._count:
            self.clicked.emit(min(max(number, 0), self._count - 1))
