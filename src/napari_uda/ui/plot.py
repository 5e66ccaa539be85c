"""One plot of a run: curves by name, with a legend to click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QPixmap
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from .curve_words import (
    BEST,
    BROAD,
    COLORS,
    SCORE_COLORS,
    SHARES,
    TRUTH,
    TRUTH_COLORS,
    hint_of,
)
from .series import Series

if TYPE_CHECKING:
    from collections.abc import Iterable

LOWEST, HIGHEST = 120, 2000
"""Least and greatest height of the axes in pixels."""
FINENESS = 3
"""Pixels of a saved picture per pixel of the screen."""
SIGN_SOLID = "\N{BOX DRAWINGS HEAVY HORIZONTAL}" * 2
SIGN_DASHED = "\N{BOX DRAWINGS HEAVY DOUBLE DASH HORIZONTAL}" * 2
SIGN_DOTTED = "\N{MIDDLE DOT}" * 4
Point = tuple[str, int, float, bool]
"""Name of a curve, step, value, and whether it is truth."""
RIVAL_NOTE = "dotted: {name}"
RIVAL_TRUTH_NOTE = "dotted: {name}, its truth in dots and dashes"
TO_HIDE = "Click a name to hide or show its curve"


class Plot(QWidget):
    """One plot with a curve per name; a click on a name hides its curve.

    Parameters
    ----------
    measure
        What is drawn, as a name of its axis.
    note
        A remark below the plot.
    what
        What is drawn, in a sentence such as "no discriminator loss".
    """

    toggled = Signal()
    """A curve was hidden or shown."""

    def __init__(self, measure: str, note: str = "", what: str = "") -> None:
        super().__init__()
        self.series: dict[str, Series] = {}
        self.rivals: dict[str, Series] = {}
        self._rival = ""
        self._measure = measure
        self._what = what or measure
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
        self._legend.setToolTip(TO_HIDE)
        self._legend.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self._legend.linkActivated.connect(self._on_name_clicked)
        self._legend.linkHovered.connect(self._on_name_hovered)
        self._remark = note
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self._remark_on()
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
            self._know(name)
            width = 4 if name in BROAD else 2
            self._curves[name] = self._canvas.plot(
                self._color_of(name), dashed, width=width
            )
            self.series[name] = Series()
            if dashed:
                self._dashed.add(name)
            self._remark_on()
            self._explain()
        self.series[name].add(step, value)

    def compare(self, rival: str, points: Iterable[Point]) -> None:
        """Draw the curves of another run as well, dotted, in place of the one before.

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
                self._know(name)
                self.rivals[name] = Series()
            if name not in self._rival_curves:
                self._rival_curves[name] = self._canvas.plot(
                    self._color_of(name), dashed=truth, dotted=True, width=1.5
                )
            self.rivals[name].add(step, value)
        self._rival = rival
        self._remark_on()
        self._explain()

    def mark(self, step: int | None) -> None:
        """Draw a line at the step of the best checkpoint; None for no line."""
        tip = "" if step is None else BEST.format(step=step)
        self._canvas.mark(step, "best", f"<qt>{tip}</qt>")

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
        self._canvas.settle()

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

    def _remark_on(self) -> None:
        """Say what the axis measures and how the other run is drawn, or is not."""
        shares = [name for name in SHARES if name in self.series]
        self._canvas.name(", ".join((self._measure, *shares)))
        remarks = [self._remark] if self._remark else []
        if self.rivals:
            truth = any(name.endswith(TRUTH) for name in self.rivals)
            text = RIVAL_TRUTH_NOTE if truth else RIVAL_NOTE
            remarks.append(text.format(name=self._rival))
        lacks = [name for name in self.series if name not in self.rivals]
        if self._rival and lacks:
            what = ", ".join(lacks) if self.rivals else self._what
            remarks.append(f"{self._rival} has no {what}")
        self._note.setText("\n".join(remarks))
        self._tell()

    def _know(self, name: str) -> None:
        if name not in self._names:
            self._names.append(name)

    def _color_of(self, name: str) -> str:
        """Return the colour of a curve, the same for both runs."""
        if name in SCORE_COLORS:
            return SCORE_COLORS[name]
        truth = name.endswith(TRUTH)
        alike = [one for one in self._names if one.endswith(TRUTH) == truth]
        alike = [one for one in alike if one not in SCORE_COLORS]
        colors: tuple[str, ...] = TRUTH_COLORS if truth else COLORS
        return colors[alike.index(name) % len(colors)]

    def _explain(self) -> None:
        """Write the legend."""
        self._tell()
        entries = []
        for name in self._names:
            if name not in self.series and name not in self.rivals:
                continue
            sign = SIGN_DASHED if name in self._dashed else SIGN_SOLID
            if name not in self.series:
                sign = SIGN_DOTTED
            words = f"<s>{name}</s>" if name in self._hidden else name
            entries.append(
                f'<span style="color:{self._color_of(name)}"><b>{sign}</b></span>&nbsp;'
                f'<a href="{name}" style="color:{self._ink};text-decoration:none">'
                f"{words.replace(' ', '&nbsp;')}</a>"
            )
        self._legend.setText(" &nbsp; ".join(entries))

    def _on_name_clicked(self, name: str) -> None:
        self._hidden ^= {name}
        self._explain()
        self.toggled.emit()

    def _on_name_hovered(self, name: str) -> None:
        hint = f"{name}: {hint_of(name)}" if hint_of(name) else ""
        # Rich text, so that Qt wraps the lines.
        self._legend.setToolTip(f"<qt>{hint}<br>{TO_HIDE}</qt>" if hint else TO_HIDE)
