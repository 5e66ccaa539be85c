"""A key of the viewer, which works wherever in the window the focus is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

from qtpy.compat import isalive

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer


class ViewerKey:
    """A key that does something while it is held.

    Parameters
    ----------
    viewer
        The viewer whose key it is.
    key
        The key, as napari calls it.
    act
        What it does, a method of a widget, which is not kept alive.
    """

    def __init__(self, viewer: Viewer, key: str, act: Callable[[], None]) -> None:
        self._viewer = viewer
        self._key = key
        self._act = WeakMethod(act)
        self._held = False

    def hold(self) -> None:
        """Take the key, whoever has it."""
        if self._held:
            return
        method = self._act

        def act(_viewer: Any) -> None:
            found = method()
            # Qt may have destroyed a widget that Python still holds.
            if found and isalive(found.__self__):  # type: ignore[no-untyped-call, attr-defined]
                found()

        self._viewer.bind_key(self._key, act, overwrite=True)
        self._held = True

    def release(self) -> None:
        """Give the key back."""
        if self._held:
            self._viewer.bind_key(self._key, None)
            self._held = False
