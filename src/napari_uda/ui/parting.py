"""The end of a widget whose dock was closed."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QWidget

_LEAVING: set[QWidget] = set()


class Parting(QObject):
    """Ends a widget that napari has taken out of its dock.

    napari lets go of the widget of a dock that is closed, and nothing more. It would
    stay, unseen, listen to the session and do all that the others do, until Python's
    garbage collector ends it: at any time, also while a method of one of its children
    runs. Here it ends as soon as the event loop has nothing else to do.

    Parameters
    ----------
    widget
        What is docked. Who takes it out of its dock to keep it must give it another
        parent, or show it, at once.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Notice that the widget has no parent any more."""
        left = event is not None and event.type() == QEvent.Type.ParentChange
        if left and isinstance(watched, QWidget) and watched.parent() is None:
            # Held until it has ended: the collector shall not be faster.
            if watched not in _LEAVING:
                _LEAVING.add(watched)
                watched.destroyed.connect(partial(_LEAVING.discard, watched))
            QTimer.singleShot(0, self._end)
        return False

    def _end(self) -> None:
        widget = self.parent()
        if not isinstance(widget, QWidget):
            return
        if widget.parent() is None and not widget.isVisible():
            widget.deleteLater()
        else:
            _LEAVING.discard(widget)
