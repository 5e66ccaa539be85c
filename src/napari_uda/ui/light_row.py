"""Traffic lights of a run in the window: a sign and words each, more in the tooltip."""

from __future__ import annotations

from html import escape
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QGridLayout, QToolTip, QWidget

from napari_uda.core.metrics.lights import lights
from napari_uda.core.spec.events import Resumed, Step
from napari_uda.core.spec.run import valid_events

from .jobs import MOST_STEPS, thinned
from .muted import MUTED
from .steady_label import Part, SteadyLabel
from .words import SEVERITY_COLORS, SEVERITY_SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtpy.QtGui import QMouseEvent, QResizeEvent

    from napari_uda.core.metrics.light import Light
    from napari_uda.core.spec.events import Event

PAUSE = 1000
"""Milliseconds between two looks at the events at least."""
LATEST = 1500
"""Milliseconds after which events are looked at if no more come."""
WIDEST = "\N{WHITE CIRCLE} discriminator: after 10 reports"
"""What a light says that needs room; few say more, and end in an ellipsis then."""
UNKNOWN_SIGN = "\N{WHITE CIRCLE}"


class LightLabel(SteadyLabel):
    """One light; a click shows its tooltip at once."""

    def __init__(self) -> None:
        super().__init__()
        self.light: Light | None = None

    def set_light(self, light: Light) -> None:
        """Show a light."""
        self.light = light
        color = SEVERITY_COLORS.get(light.level, MUTED)
        sign = SEVERITY_SIGNS.get(light.level, UNKNOWN_SIGN)
        ink = MUTED if light.level == "unknown" else ""
        self.setParts(Part(spoken(light), sign, color, ink))
        # Rich text, so that Qt wraps the lines.
        self.setToolTip(f"<qt>{tooltip(light)}</qt>")
        self.setAccessibleName(f"{spoken(light)} ({light.level})")

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Explain without waiting."""
        if event is not None:
            QToolTip.showText(event.globalPosition().toPoint(), self.toolTip(), self)


class LightRow(QWidget):
    """The lights of a run."""

    def __init__(self) -> None:
        super().__init__()
        self._events: list[Event] = []
        self._labels: list[LightLabel] = []
        self._placed = (0, 0)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LATEST)
        self._looked = -inf
        self._timer.timeout.connect(self._on_time)
        self.hide()

    def lights(self) -> list[Light]:
        """Return the lights that are shown."""
        return [one.light for one in self._labels if one.light and not one.isHidden()]

    def clear(self) -> None:
        """Forget the run."""
        self._timer.stop()
        self._looked = -inf
        self._events = []
        self._show([])

    def add(self, events: Iterable[Event]) -> None:
        """Take in what a run has said; looked at once per second at most.

        If that is due, at once: the window is painted for what came anyway.
        """
        for event in events:
            self._events.append(event)
            if isinstance(event, Resumed):
                self._events = valid_events(self._events)
        if not self._events:
            return
        if monotonic() - self._looked >= PAUSE / 1000:
            self._on_time()
        elif not self._timer.isActive():
            self._timer.start()

    def _on_time(self) -> None:
        self._timer.stop()
        self._looked = monotonic()
        if sum(isinstance(one, Step) for one in self._events) > 2 * MOST_STEPS:
            self._events = thinned(self._events)
        self._show(lights(self._events))

    def _show(self, found: list[Light]) -> None:
        while len(self._labels) < len(found):
            label = LightLabel()
            label.setParent(self)
            self._labels.append(label)
        for index, label in enumerate(self._labels):
            label.setVisible(index < len(found))
            if index < len(found):
                label.set_light(found[index])
        self._place()
        self.setVisible(bool(found))

    def _place(self) -> None:
        """Lay the lights out in two columns, or in one where the dock is narrow.

        Not as the words of the moment need it: rows would come and go during a run.
        """
        room = self.width() - self._grid.horizontalSpacing()
        columns = 2 if room >= 2 * self.fontMetrics().horizontalAdvance(WIDEST) else 1
        if (columns, len(self._labels)) == self._placed:
            return
        self._placed = columns, len(self._labels)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, columns - 1)
        for index, label in enumerate(self._labels):
            self._grid.addWidget(label, *divmod(index, columns))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Use the width there is."""
        super().resizeEvent(event)
        self._place()


def spoken(light: Light) -> str:
    """Return the words beside the sign: of a grey light also why it is grey."""
    return f"{light.words}: {light.why}" if light.why else light.words


def tooltip(light: Light) -> str:
    """Return what was seen, since when, and what to do, as rich text."""
    seen = f"{light.seen[:1].upper()}{light.seen[1:]}"
    parts = [f"<b>{escape(light.words)}</b>", escape(seen)]
    if light.since is not None:
        parts += [f"Since step {light.since:,}.", escape(light.advice)]
    return "<br>".join(parts)
