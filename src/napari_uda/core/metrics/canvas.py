"""The look that all figures share: dark on white, one width, quiet axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uda.core.io.atomic import atomic_path

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, FAINT = "#1f2430", "#6b7280", "#e3e6ea"
CYCLE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1f2430")
"""Colours of curves, after Okabe & Ito (2008): for any colour vision."""
WIDTH = 10.0
"""Width of a figure in inches: 1600 pixels at `DPI`."""
DPI = 160


def new_figure(height: float) -> Figure:
    """Return an empty figure, `WIDTH` wide and `height` inches high."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def plot_axes(figure: Figure, rows: int, columns: int, index: int, title: str) -> Axes:
    """Return axes for plot number `index` of a grid, with its title at the left."""
    figure.set_layout_engine("constrained", h_pad=0.08, w_pad=0.08)
    axes = figure.add_subplot(rows, columns, index + 1)
    axes.set_title(title, loc="left", fontsize=10, color=INK, weight="bold", pad=7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=MUTED, labelsize=8.5, length=0, which="both")
    axes.grid(axis="y", color=FAINT, lw=0.7)
    axes.set_axisbelow(True)
    axes.margins(x=0.01)
    return axes


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, all at once."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")
