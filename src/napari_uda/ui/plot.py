"""One plot of a run: curves by name, with a legend to click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QPixmap
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from .series import Series

if TYPE_CHECKING:
    from collections.abc import Iterable

COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#0072b2", "#8c8c8c")
"""Colours that everybody can tell apart (Okabe and Ito, 2008), seen on dark and light:
their black and their yellow are left out."""
LOWEST, HIGHEST = 120, 2000
"""Least and greatest height of the axes in pixels."""
FINENESS = 3
"""Pixels of a saved picture per pixel of the screen."""
SIGN_SOLID = "\N{BOX DRAWINGS HEAVY HORIZONTAL}" * 2
SIGN_DASHED = "\N{BOX DRAWINGS HEAVY DOUBLE DASH HORIZONTAL}" * 2
Point = tuple[str, int, float, bool]
"""Name of a curve, step, value, and whether it is truth."""
RIVAL_NOTE = "thin dashes: {name}"


class Plot(QWidget):
    """One plot with a curve per name; a click on a name hides its curve.

    Parameters
    ----------
    measure
        What is drawn, as a name of its axis.
    note
        A remark below the plot.
    """

    toggled = Signal()
    """A curve was hidden or shown."""

    def __init__(self, measure: str, note: str = "") -> None:
        super().__init__()
        self.series: dict[str, Series] = {}
        self.rivals: dict[str, Series] = {}
        self._names: list[str] = []
        self._curves: dict[str, Any] = {}
        self._rival_curves: dict[str, Any] = {}
        self._dashed: set[str] = set()
        self._hidden: set[str] = set()
        # pyqtgraph is imported with the first plot: opening napari must stay fast.
        from .canvas import Canvas

        self._canvas = Canvas((measure, "step"), LOWEST, HIGHEST)
        self._coming = ""
        self._ground = ""
        self._legend = QLabel()
        self._legend.setWordWrap(True)
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setToolTip("Click a name to hide or show its curve")
        self._legend.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self._legend.linkActivated.connect(self._on_name_clicked)
        self._remark = note
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self._remark_on("")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._canvas, 1)
        layout.addWidget(self._legend)
        layout.addWidget(self._note)

    def expect(self, text: str) -> None:
        """Say what will be drawn, as long as nothing is."""
        self._coming = text
        self._tell()

    def add(self, name: str, step: int, value: float, dashed: bool = False) -> None:
        """Append a point to a curve, which is made if it is new."""
        if name not in self.series:
            self._curves[name] = self._canvas.plot(self._color_of(name), dashed)
            self.series[name] = Series()
            if dashed:
                self._dashed.add(name)
            self._explain()
        self.series[name].add(step, value)

    def compare(self, rival: str, points: Iterable[Point]) -> None:
        """Draw the curves of another run as well, in place of the one before.

        Parameters
        ----------
        rival
            Name of the other run; empty for none.
        points
            Its points.
        """
        # Curves stay, empty, for the next comparison.
        for curve in self._rival_curves.values():
            curve.clear()
        self.rivals = {}
        for name, step, value, truth in points:
            if name not in self.rivals:
                self.rivals[name] = Series()
            if name not in self._rival_curves:
                self._rival_curves[name] = self._canvas.plot(
                    self._color_of(name), dashed=not truth, dotted=truth, width=1
                )
            self.rivals[name].add(step, value)
        self._remark_on(rival if self.rivals else "")
        self._explain()

    def cut(self, step: int) -> None:
        """Forget what lies beyond a step."""
        for series in self.series.values():
            series.cut(step)

    def redraw(self, window: int, log: bool) -> None:
        """Draw what was added, smoothed over `window` points."""
        self._canvas.set_log(log)
        drawn_here = [
            (name, one, self._curves[name]) for name, one in self.series.items()
        ]
        drawn_here += [
            (name, one, self._rival_curves[name]) for name, one in self.rivals.items()
        ]
        for name, series, curve in drawn_here:
            steps, values = series.arrays(window, log)
            drawn = np.count_nonzero(np.isfinite(values))
            curve.setVisible(name not in self._hidden)
            if not drawn or name in self._hidden:
                curve.clear()
                continue
            # A single point has no line: without a dot it would not be seen.
            dot = {"symbol": "o", "symbolSize": 6} if drawn == 1 else {"symbol": None}
            curve.setData(steps, values, **dot)

    def dress(self, background: str, text: str) -> None:
        """Put on the colours of a theme."""
        self._ground, self._ink = background, text
        self._explain()
        self._canvas.dress(background, text)

    def picture(self) -> QPixmap:
        """Return the plot with its legend, fine enough to be printed."""
        picture = QPixmap(self.size() * FINENESS)
        picture.setDevicePixelRatio(FINENESS)
        picture.fill(QColor(self._ground))
        self.render(picture)
        return picture

    def _tell(self) -> None:
        empty = not self.series and not self.rivals
        self._canvas.say(self._coming if empty else "")
        self._note.setVisible(bool(self._note.text()) and not empty)

    def _remark_on(self, rival: str) -> None:
        remarks = [self._remark] if self._remark else []
        if rival:
            remarks.append(RIVAL_NOTE.format(name=rival))
        self._note.setText("\n".join(remarks))
        self._tell()

    def _color_of(self, name: str) -> str:
        """Return the colour of a curve, the same for both runs."""
        if name not in self._names:
            self._names.append(name)
        return _color(self._names.index(name))

    def _explain(self) -> None:
        """Write the legend."""
        self._tell()
        entries = []
        for index, name in enumerate(self._names):
            if name not in self.series and name not in self.rivals:
                continue
            own = name in self.series and name not in self._dashed
            sign = SIGN_SOLID if own else SIGN_DASHED
            words = f"<s>{name}</s>" if name in self._hidden else name
            entries.append(
                f'<span style="color:{_color(index)}"><b>{sign}</b></span>&nbsp;'
                f'<a href="{name}" style="color:{self._ink};text-decoration:none">'
                f"{words.replace(' ', '&nbsp;')}</a>"
            )
        self._legend.setText(" &nbsp; ".join(entries))

    def _on_name_clicked(self, name: str) -> None:
        self._hidden ^= {name}
        self._explain()
        self.toggled.emit()


def _color(index: int) -> str:
    return COLORS[index % len(COLORS)]
