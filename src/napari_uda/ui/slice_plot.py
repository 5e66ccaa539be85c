"""Scores of all slices as curves; a click goes to a slice."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_uda.core.metrics.check_words import SCORES

from .words import SEVERITY_COLORS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_uda.core.metrics.verdicts import Decision

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
        self._names: list[str] = []
        self._hint = ""
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
        decisions: Sequence[Decision],
        borders: list[int],
        unit: str = "slice",
        names: Sequence[str] = (),
    ) -> None:
        """Draw the scores of all slices.

        Parameters
        ----------
        scores
            (n,) values by name; NaN is a gap.
        decisions
            What was decided about each.
        borders
            Slices where another image begins.
        unit
            What one of them is called: slice or image.
        names
            Name of each, for the tooltip.
        """
        self._make()
        self._names = list(names)
        self._canvas.axes["bottom"].setLabel(unit)
        self._hint = (
            f"Scores of every {unit}, 1 is best; click to go there, drag to move, "
            "right-drag to zoom. Crosses: rejected, rings: accepted."
        )
        self._canvas.setToolTip(self._hint)
        self._values = dict(scores)
        self._count = len(next(iter(scores.values())))
        self._canvas.setVisible(self._count > 1)
        numbers = np.arange(1.0, self._count + 1)
        least = 1.0
        for name, values in self._values.items():
            # A single value between gaps has no line: without dots it is not seen.
            dots = {"symbol": "o", "symbolSize": 5} if self._count <= 60 else {}
            # pyqtgraph warns of the bounds of nothing.
            if not np.isfinite(values).any():
                self._curves[name].clear()
                continue
            self._curves[name].setData(numbers, values, **dots)
            least = min(least, float(np.nanmin(values)))
        for decision, marks in self._marks.items():
            there = [n + 1.0 for n, one in enumerate(decisions) if one == decision]
            marks.setVisible(bool(there))
            if there:
                marks.setData(there, np.ones(len(there)))
        if borders:
            self._borders.setData(
                np.repeat(np.add(borders, 0.5), 2), np.tile([-1.1, 1.1], len(borders))
            )
        self._canvas.view.setXRange(0.5, self._count + 0.5, padding=0.02)
        # From the lowest score on, so that curves do not lie on one another.
        begin = max(-1.0, floor(10 * least - 0.1) / 10)
        self._canvas.name("score" if begin <= 0 else f"from {begin:g}")
        if begin > 0:
            self._hint += f" The axis begins at {begin:g}, not at 0."
            self._canvas.setToolTip(self._hint)
        room = 0.05 * (1 - begin)
        self._canvas.view.setYRange(begin - room, 1 + 2 * room, padding=0)
        self.show_slice(self._now)
        self._canvas.settle()

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
        self.legend.setToolTip(self._meanings())
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
        red, green = SEVERITY_COLORS["error"], SEVERITY_COLORS["ok"]
        self._marks = {
            "rejected": pg.ScatterPlotItem(symbol="x", size=10, pen=None, brush=red),
            "accepted": pg.ScatterPlotItem(
                symbol="o", size=10, pen=pg.mkPen(green, width=2), brush=None
            ),
        }
        for marks in self._marks.values():
            self._canvas.view.addItem(marks)
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.setZValue(-0.5)
        self._canvas.view.addItem(self._line)
        self._canvas.scene().sigMouseClicked.connect(self._on_clicked)
        self._canvas.scene().sigMouseMoved.connect(self._on_moved)
        self._layout.insertWidget(0, self._canvas)
        self.set_theme(self._theme)

    def _on_clicked(self, event: Any) -> None:
        """Go to the slice under the mouse."""
        if event.button() != Qt.MouseButton.LeftButton or event.double():
            return
        if self._count:
            self.clicked.emit(self._number_at(event.scenePos()))

    def _on_moved(self, place: Any) -> None:
        """Name in the tooltip what is under the mouse."""
        name = self._names[self._number_at(place)] if self._names else ""
        self._canvas.setToolTip(f"{name}\n{self._hint}" if name else self._hint)

    def _number_at(self, place: Any) -> int:
        """Return the number of the slice next to a place in the scene."""
        number: int = round(self._canvas.view.mapSceneToView(place).x()) - 1
        return min(max(number, 0), self._count - 1)

    def _meanings(self) -> str:
        """Say what each score of the legend means."""
        lines = []
        for name in COLORS:
            title = self._titles.get(name, name)
            if title in SCORES and title.replace(" ", "&nbsp;") in self.legend.text():
                lines.append(f"{title}: {SCORES[title]}")
        return "\n".join(lines)
