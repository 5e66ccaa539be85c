"""Live plots of a run: its losses in groups, and its scores."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_uda.core.spec.events import Resumed, Started, Step, Validation

from .series import Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qtpy.QtGui import QShowEvent

    from napari_uda.core.spec.events import Event

COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#0072b2", "#8c8c8c")
"""Colours that everybody can tell apart (Okabe and Ito, 2008), seen on dark and light:
their black and their yellow are left out."""
REDRAW = 200
"""Milliseconds between two redraws at least."""
WIDEST = 101
"""Points averaged at the right end of the smoothing slider."""
SCORES = "scores"
HEIGHT = 190
"""Height of a plot in pixels."""
SIGN_SOLID = "\N{BOX DRAWINGS HEAVY HORIZONTAL}" * 2
SIGN_DASHED = "\N{BOX DRAWINGS HEAVY DOUBLE DASH HORIZONTAL}" * 2
Point = tuple[str, int, float, bool]
"""Name of a curve, step, value, and whether it is truth."""
TRUTH_NOTE = "dashed: truth, not used for selection"
RIVAL_NOTE = "thin dashes: {name}"


class Plot(QWidget):
    """One plot with a curve per name; a click on a name hides its curve.

    Parameters
    ----------
    note
        A remark below the plot.
    """

    toggled = Signal()
    """A curve was hidden or shown."""

    def __init__(self, note: str = "") -> None:
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

        self._canvas = Canvas(HEIGHT)
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
        layout.addWidget(self._canvas)
        layout.addWidget(self._legend)
        layout.addWidget(self._note)
        layout.addStretch()

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
        self._ink = text
        self._explain()
        self._canvas.dress(background, text)

    def _remark_on(self, rival: str) -> None:
        remarks = [self._remark] if self._remark else []
        if rival:
            remarks.append(RIVAL_NOTE.format(name=rival))
        self._note.setText("\n".join(remarks))
        self._note.setVisible(bool(remarks))

    def _color_of(self, name: str) -> str:
        """Return the colour of a curve, the same for both runs."""
        if name not in self._names:
            self._names.append(name)
        return _color(self._names.index(name))

    def _explain(self) -> None:
        """Write the legend."""
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


class Curves(QWidget):
    """Plots of everything a run measures, one tab per group.

    Parameters
    ----------
    theme
        Name of the napari theme to look like.
    """

    def __init__(self, theme: str = "dark") -> None:
        super().__init__()
        self._theme = theme
        self._groups: dict[str, str] = {}
        self._rival = ""
        self._rival_events: Sequence[Event] = ()
        self.plots: dict[str, Plot] = {}
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.currentChanged.connect(self._on_redraw)
        self.log = QCheckBox("log scale")
        self.log.setToolTip("Logarithmic axis for losses and scores")
        self.log.toggled.connect(self._on_redraw)
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, WIDEST // 2)
        self.smoothing.setToolTip("Average over up to 101 points")
        self.smoothing.valueChanged.connect(self._on_redraw)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW)
        self._timer.timeout.connect(self._on_redraw)
        options = QHBoxLayout()
        options.addWidget(self.log)
        options.addWidget(QLabel("smooth"))
        options.addWidget(self.smoothing, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs, 1)
        layout.addLayout(options)
        self.clear()

    def clear(self) -> None:
        """Forget the run."""
        self._timer.stop()
        self.tabs.blockSignals(True)
        while self.tabs.count():
            page = self.tabs.widget(0)
            self.tabs.removeTab(0)
            if page is not None:
                page.deleteLater()
        self.tabs.blockSignals(False)
        self.plots, self._groups = {}, {}
        if self.isVisible():
            self._plot(SCORES)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Have something to show from the beginning."""
        self._plot(SCORES)
        super().showEvent(event)

    def add(self, events: Iterable[Event]) -> None:
        """Take in what a run has said; drawn at most five times per second."""
        for event in events:
            match event:
                case Started() | Resumed():
                    self._begin(event)
                case _:
                    for title, point in _points(event, self._groups):
                        self._plot(title).add(*point)
        if not self._timer.isActive():
            self._timer.start()

    def compare(self, name: str, events: Sequence[Event]) -> None:
        """Draw another run, thin and dashed, in the plots of the one that is shown.

        Parameters
        ----------
        name
            Name of the other run; empty for none.
        events
            What it has said.
        """
        self._rival, self._rival_events = name, events
        for title, plot in self.plots.items():
            plot.compare(name, self._rival_points(title))
        self._on_redraw()

    def _rival_points(self, title: str) -> Iterator[Point]:
        """Yield the points of the other run that belong in a plot."""
        groups: dict[str, str] = {}
        for event in self._rival_events:
            if isinstance(event, Started):
                for group, names in event.loss_groups.items():
                    groups |= dict.fromkeys(names, group)
            for group, point in _points(event, groups):
                if group == title:
                    yield point

    def set_theme(self, theme: str) -> None:
        """Look like a napari theme."""
        self._theme = theme
        for plot in self.plots.values():
            self._dress(plot)

    def _begin(self, event: Started) -> None:
        if isinstance(event, Resumed):
            for plot in self.plots.values():
                plot.cut(event.step)
        for title, names in event.loss_groups.items():
            self._groups |= dict.fromkeys(names, title)
            self._plot(title)

    def _plot(self, title: str) -> Plot:
        if title not in self.plots:
            plot = self.plots[title] = Plot(TRUTH_NOTE if title == SCORES else "")
            plot.toggled.connect(self._on_redraw)
            self._dress(plot)
            plot.compare(self._rival, self._rival_points(title))
            self.tabs.insertTab(0 if title == SCORES else len(self.plots), plot, title)
        return self.plots[title]

    def _dress(self, plot: Plot) -> None:
        theme = get_theme(self._theme)
        plot.dress(theme.background.as_hex(), theme.text.as_hex())

    def _on_redraw(self) -> None:
        page = self.tabs.currentWidget()
        if isinstance(page, Plot):
            page.redraw(1 + 2 * self.smoothing.value(), self.log.isChecked())


def _points(event: Event, groups: dict[str, str]) -> Iterator[tuple[str, Point]]:
    """Yield what an event measures, with the title of the plot it belongs in.

    Parameters
    ----------
    event
        Any event.
    groups
        Title of the plot by the name of a loss.
    """
    if isinstance(event, Step):
        for name, value in event.losses.items():
            title = groups.get(name, "losses")
            yield title, (name, event.step, _number(value), False)
    elif isinstance(event, Validation):
        for name, value in event.scores.items():
            yield SCORES, (name, event.step, _number(value), False)
        for name, value in _distinct(event.truth).items():
            yield SCORES, (f"{name} (truth)", event.step, _number(value), True)


def _distinct(truth: dict[str, float]) -> dict[str, float]:
    """Leave out the mean over a single structure."""
    if len(truth) == 2 and "mean" in truth:
        return {name: value for name, value in truth.items() if name != "mean"}
    return truth


def _color(index: int) -> str:
    return COLORS[index % len(COLORS)]


def _number(value: float) -> float:
    return value if math.isfinite(value) else math.nan
