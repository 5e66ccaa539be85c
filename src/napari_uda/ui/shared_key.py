"""A key that buttons of several of our widgets have."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QApplication, QDockWidget, QStackedWidget

if TYPE_CHECKING:
    from qtpy.QtWidgets import QAbstractButton, QWidget


class SharedKey(QShortcut):
    """Presses a button from wherever in the window the focus is.

    As tabs of the dock, only one of our widgets is seen, but side by side several are,
    and Qt presses none of several buttons of one key. The key is for the widget in
    which the focus is, or was last.

    Parameters
    ----------
    keys
        The key, such as "Ctrl+Return".
    button
        What it presses, if it is seen and can be pressed.
    """

    def __init__(self, keys: str, button: QAbstractButton) -> None:
        super().__init__(QKeySequence(keys), button)
        self._button = button
        self._used = 0.0
        self.activated.connect(button.click)
        self.activatedAmbiguously.connect(self._on_ambiguous)
        if isinstance(app := QApplication.instance(), QApplication):
            app.focusChanged.connect(self._on_focus)

    def _on_focus(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is not None and self._tab().isAncestorOf(now):
            self._used = monotonic()

    def _tab(self) -> QWidget:
        """Return the widget of ours that the button is in, a tab or a dock."""
        widget: QWidget = self._button
        while (parent := widget.parentWidget()) is not None:
            if isinstance(parent, QDockWidget | QStackedWidget):
                break
            widget = parent
        return widget

    def _on_ambiguous(self) -> None:
        """Press one button; Qt tells one of the keys only, each in its turn."""
        window = self._button.window()
        rivals = window.findChildren(SharedKey) if window is not None else []
        alike = [
            one
            for one in rivals
            if one.key() == self.key()
            and one._button.isVisible()
            and one._button.isEnabled()
        ]
        if alike:
            max(alike, key=lambda one: one._used)._button.click()
