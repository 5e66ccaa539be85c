"""The curves of a run to a file: numbers as CSV, a plot as a picture."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QMenu, QToolButton

from napari_uda.core.io.atomic import atomic_write_text

from .asking import ask_file
from .shared_key import SharedKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .curves import Curves
    from .plot import Plot

KEYS = "Ctrl+Shift+E"


class SaveCurves(QToolButton):
    """A menu: all curves as a table, or the plot on top as a picture.

    Parameters
    ----------
    curves
        The plots.
    """

    saved = Signal(str)
    """Where to, in one sentence."""
    problem = Signal(str)
    """Why a file was not written, in one sentence."""

    def __init__(self, curves: Curves) -> None:
        super().__init__(curves)
        self._curves = curves
        self.name = "run"
        self.setText("save\N{HORIZONTAL ELLIPSIS}")
        self.setAutoRaise(True)
        SharedKey(KEYS, self)
        self.kinds = QMenu(self)
        for words, slot in (
            ("All curves as CSV", self._on_csv),
            ("This plot as PNG", self._on_png),
        ):
            self.kinds.addAction(f"{words}\N{HORIZONTAL ELLIPSIS}", slot)
        self.clicked.connect(self._on_clicked)
        self.enable()

    def enable(self) -> None:
        """Work as soon as something is drawn."""
        drawn = any(plot.series for plot in self._curves.plots.values())
        self.setEnabled(drawn)
        self.setToolTip(
            f"Save all curves as a table, or this plot as a picture ({KEYS})"
            if drawn
            else "Nothing is drawn yet"
        )

    def _on_clicked(self) -> None:
        # Not by setMenu, whose arrow would lie on the text.
        self.kinds.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _on_csv(self) -> None:
        if path := self._ask("csv", "CSV (*.csv)"):
            try:
                atomic_write_text(path, as_csv(self._curves.plots))
            except OSError as error:
                self.problem.emit(f"{path} was not written: {error.strerror}.")
            else:
                self.saved.emit(f"Curves saved to {path}.")

    def _on_png(self) -> None:
        plot = self._curves.shown
        if plot is None:
            return
        if path := self._ask("png", "PNG (*.png)"):
            if plot.picture().save(str(path), "PNG"):
                self.saved.emit(f"Plot saved to {path}.")
            else:
                self.problem.emit(f"{path} was not written: choose another folder.")

    def _ask(self, suffix: str, kinds: str) -> Path | None:
        start = str(Path.home() / f"{self.name}.{suffix}")
        return ask_file(self, "Save curves", start, kinds)


def as_csv(plots: Mapping[str, Plot]) -> str:
    """Return all curves as a table: a row per step, not smoothed.

    Parameters
    ----------
    plots
        Plots by their title.
    """
    columns = {
        f"{title}: {name}": dict(zip(*series.arrays(), strict=True))
        for title, plot in plots.items()
        for name, series in plot.series.items()
    }
    steps = sorted({step for points in columns.values() for step in points})
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["step", *columns])
    for step in steps:
        values = (points.get(step) for points in columns.values())
        cells = ("" if value is None else f"{value:.6g}" for value in values)
        table.writerow([f"{step:.0f}", *cells])
    return text.getvalue()
