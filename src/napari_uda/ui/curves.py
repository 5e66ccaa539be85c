"""Live plots of a run: its losses in groups, and its scores."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_uda.core.spec.events import (
    Checkpoint,
    Resumed,
    Started,
    Step,
    Validation,
)

from .curve_words import TRUTH
from .plot import Plot
from .save_curves import SaveCurves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qtpy.QtGui import QShowEvent

    from napari_uda.core.spec.events import Event

    from .plot import Point

REDRAW = 200
"""Milliseconds between two redraws at least."""
WIDEST = 101
"""Points averaged at the right end of the smoothing slider."""
SCORES = "scores"
LOSSES = "losses"
TRUTH_NOTE = "dashed: truth, not used for selection"
NO_RUN = "Losses and scores appear here once a run trains, or is opened below."
NO_SCORES = "Scores appear with the first validation."
NO_LOSSES = "Losses appear after the first step."


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
        self._coming = NO_RUN
        self._rival = ""
        self._rival_events: Sequence[Event] = ()
        self.plots: dict[str, Plot] = {}
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(True)
        if (bar := self.tabs.tabBar()) is not None:
            bar.setDrawBase(False)
        self.tabs.currentChanged.connect(self._on_redraw)
        self.log = QCheckBox("log scale")
        self.log.setToolTip("Logarithmic axis for losses and scores")
        self.log.toggled.connect(self._on_redraw)
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, WIDEST // 2)
        self.smoothing.setToolTip("Average over up to 101 points")
        self.smoothing.valueChanged.connect(self._on_redraw)
        self.save = SaveCurves(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW)
        self._timer.timeout.connect(self._on_time)
        self._waiting = False
        options = QHBoxLayout()
        options.addWidget(self.log)
        options.addWidget(QLabel("smooth"))
        options.addWidget(self.smoothing, 1)
        options.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs, 1)
        layout.addLayout(options)
        self.clear()

    def clear(self) -> None:
        """Forget the run."""
        self._timer.stop()
        self._waiting = False
        self.tabs.blockSignals(True)
        while self.tabs.count():
            page = self.tabs.widget(0)
            self.tabs.removeTab(0)
            if page is not None:
                page.deleteLater()
        self.tabs.blockSignals(False)
        self.plots, self._groups, self._coming = {}, {}, NO_RUN
        self._best: list[int] = []
        if self.isVisible():
            self._plot(SCORES)
        self.save.enable()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Have something to show from the beginning."""
        self._plot(SCORES)
        super().showEvent(event)

    def expect(self, text: str) -> None:
        """Say what happens until a run begins; `clear` forgets it."""
        self._coming = text
        for title, plot in self.plots.items():
            plot.expect(self._coming_in(title))

    @property
    def expected(self) -> str:
        """What is said to happen; empty once a run has begun."""
        return self._coming

    def add(self, events: Iterable[Event]) -> None:
        """Take in what a run has said; drawn at most five times per second.

        If that was not lately, at once: what else the window writes about it is then
        painted in the same go, which takes long where windows are drawn in software.
        """
        for event in events:
            match event:
                case Started() | Resumed():
                    self._begin(event)
                case Checkpoint(best=True):
                    self._mark([*self._best, event.step])
                case _:
                    for title, point in _points(event, self._groups):
                        self._plot(title).add(*point)
        self._waiting = True
        if not self._timer.isActive():
            self._on_time()

    def compare(self, name: str, events: Sequence[Event]) -> None:
        """Draw another run, thin and dotted, in the plots of the one that is shown.

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
            self._mark([step for step in self._best if step <= event.step])
        self.expect("")
        for title, names in event.loss_groups.items():
            self._groups |= dict.fromkeys(names, title)
            self._plot(title)

    def _mark(self, best: list[int]) -> None:
        """Take note of the steps of the checkpoints that were the best so far."""
        self._best = best
        if SCORES in self.plots:
            self.plots[SCORES].mark(best[-1] if best else None)

    def _plot(self, title: str) -> Plot:
        if title not in self.plots:
            if title == SCORES:
                plot = Plot("score", TRUTH_NOTE, "scores")
                plot.mark(self._best[-1] if self._best else None)
            else:
                plot = Plot("loss", what="loss" if title == LOSSES else f"{title} loss")
            self.plots[title] = plot
            plot.toggled.connect(self._on_redraw)
            plot.expect(self._coming_in(title))
            self._dress(plot)
            plot.compare(self._rival, self._rival_points(title))
            self.tabs.insertTab(0 if title == SCORES else len(self.plots), plot, title)
        return self.plots[title]

    def _coming_in(self, title: str) -> str:
        """Return what is said in a plot without curves."""
        return self._coming or (NO_SCORES if title == SCORES else NO_LOSSES)

    def _dress(self, plot: Plot) -> None:
        theme = get_theme(self._theme)
        plot.dress(theme.background.as_hex(), theme.text.as_hex())

    @property
    def shown(self) -> Plot | None:
        """The plot on top."""
        page = self.tabs.currentWidget()
        return page if isinstance(page, Plot) else None

    def _on_time(self) -> None:
        if self._waiting:
            self._waiting = False
            self._timer.start()
            self._on_redraw()

    def _on_redraw(self) -> None:
        if (plot := self.shown) is not None:
            plot.redraw(1 + 2 * self.smoothing.value(), self.log.isChecked())
        self.save.enable()


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
            title = groups.get(name, LOSSES)
            yield title, (name, event.step, _number(value), False)
    elif isinstance(event, Validation):
        for name, value in event.scores.items():
            yield SCORES, (name, event.step, _number(value), False)
        for name, value in _distinct(event.truth).items():
            yield SCORES, (f"{name}{TRUTH}", event.step, _number(value), True)


def _distinct(truth: dict[str, float]) -> dict[str, float]:
    """Leave out the mean over a single structure."""
    if len(truth) == 2 and "mean" in truth:
        return {name: value for name, value in truth.items() if name != "mean"}
    return truth


def _number(value: float) -> float:
    return value if math.isfinite(value) else math.nan
