"""Room for what has just appeared, before it is seen squeezed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QScrollArea

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget


def make_room(widget: QWidget) -> None:
    """Let all that is around a widget follow its size now.

    Qt tells of a new size level by level, each in a turn of the event loop, and all are
    painted in between: a form within sections would look squeezed for as long.

    Parameters
    ----------
    widget
        What has another size; what is around it follows up to the next scroll area.
    """
    around: QWidget | None = widget
    while around is not None:
        if (layout := around.layout()) is not None:
            layout.invalidate()
            layout.activate()
        parent = around.parentWidget()
        viewport = parent.parentWidget() if parent is not None else None
        if isinstance(viewport, QScrollArea) and viewport.widget() is around:
            request = QEvent(QEvent.Type.LayoutRequest)
            QCoreApplication.sendEvent(around, request)
            return
        around = None if around.isWindow() else parent
