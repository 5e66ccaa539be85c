"""Text that steps back, and coloured text, that can be read in any theme.

Ratios are those of the Web Content Accessibility Guidelines 2.1 (1.4.3): text needs
4.5. What Qt gives to widgets that are not enabled has 2 to 3 in napari's themes.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QColor, QPalette

if TYPE_CHECKING:
    from qtpy.QtWidgets import QLabel, QLineEdit, QWidget

ENOUGH = 4.5
"""Contrast that text needs."""
MUTED = "muted"
"""Stands for the muted colour where a colour is asked for."""
_DRESSED = (
    QEvent.Type.PaletteChange,
    QEvent.Type.StyleChange,
    QEvent.Type.ParentChange,
)
"""Events after which colours may be others."""


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def muted(widget: QWidget) -> QColor:
    """Return the faintest colour that can be read on a widget."""
    return readable(_ground(widget), widget)


def readable(color: QColor | str, widget: QWidget) -> QColor:
    """Return a colour, brought nearer to that of the text until it can be read.

    Parameters
    ----------
    color
        The colour.
    widget
        On what; its palette has the colours of the theme once it was shown.
    """
    ink = widget.palette().color(QPalette.ColorRole.WindowText)
    names = (QColor(color).name(), _ground(widget).name(), ink.name())
    return QColor(_readable(*names))


def mute(label: QLabel) -> None:
    """Have the text of a label step back, in whatever theme."""
    _Muting(label, "color")


def mute_placeholder(field: QLineEdit) -> None:
    """Have what an empty field says step back no further than can be read."""
    _Muting(field, "placeholder-text-color")


def is_dressing(event: QEvent | None) -> bool:
    """Tell whether colours of a widget may be others after an event."""
    return event is not None and event.type() in _DRESSED


class _Muting(QObject):
    """Keeps a property of a widget in the muted colour of what is behind its text."""

    def __init__(self, widget: QLabel | QLineEdit, name: str) -> None:
        super().__init__(widget)
        self._widget = widget
        self._name = name
        self._ink = ""
        self._busy = False
        widget.installEventFilter(self)
        self._match()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the theme."""
        # While it is dressed here, its colours come and go.
        if watched is self._widget and not self._busy and is_dressing(event):
            self._match()
        return False

    def _match(self) -> None:
        # What colours a label colours its palette, too.
        own = self._name != "color"
        around = self._widget if own else self._widget.parentWidget()
        ink = muted(around).name() if around is not None else self._ink
        if ink != self._ink:
            self._ink = ink
            # Of this class alone: its tooltip is a label, too.
            kind = type(self._widget).__name__
            self._busy = True
            self._widget.setStyleSheet(f".{kind} {{ {self._name}: {ink}; }}")
            self._busy = False


def _ground(widget: QWidget) -> QColor:
    return widget.palette().color(QPalette.ColorRole.Window)


@cache
def _readable(color: str, ground: str, ink: str) -> str:
    """Return the first colour on the way to `ink` with enough contrast."""
    begin, end, below = QColor(color), QColor(ink), QColor(ground)
    for percent in range(101):
        part = percent / 100
        channels = (
            round(one + part * (other - one))
            for one, other in zip(begin.getRgb()[:3], end.getRgb()[:3], strict=True)
        )
        mixed = QColor(*channels)
        if contrast(mixed, below) >= ENOUGH:
            return mixed.name()
    return ink


def _luminance(color: QColor) -> float:
    """Return the relative luminance of an sRGB colour, 0 to 1."""
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4
        for one in (color.redF(), color.greenF(), color.blueF())
    )
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)
