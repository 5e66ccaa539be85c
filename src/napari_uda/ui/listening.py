"""Connections and workers that end with the widget they belong to."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from qtpy.QtCore import QObject
    from qtpy.QtWidgets import QWidget


class Listener:
    """Connections of a widget's methods to napari's events.

    napari calls a method as long as its object lives in Python, even if Qt has
    destroyed the widget already.

    Parameters
    ----------
    widget
        When it is destroyed, the connections end.
    """

    def __init__(self, widget: QWidget) -> None:
        self._links: list[tuple[Any, WeakMethod[Any]]] = []
        widget.destroyed.connect(self.stop)

    def connect(self, emitter: Any, slot: Callable[..., None]) -> None:
        """Call a method of the widget at every event of an emitter."""
        emitter.connect(slot)
        self._links.append((emitter, WeakMethod(slot)))

    def stop(self, *_: Any) -> None:
        """End all connections."""
        links, self._links = self._links, []
        for emitter, reference in links:
            if (slot := reference()) is not None:
                with suppress(ValueError, RuntimeError):
                    emitter.disconnect(slot)


class Latest:
    """The latest of several workers; each one replaces the one before.

    Parameters
    ----------
    owner
        When it is destroyed, the worker is told to quit.
    """

    def __init__(self, owner: QObject) -> None:
        self._worker: Any = None
        self._give_up: Callable[[], None] | None = None
        owner.destroyed.connect(self.stop)

    @property
    def busy(self) -> bool:
        """Whether a worker is at work."""
        return self._worker is not None

    def start(
        self,
        worker: Any,
        yielded: Callable[[Any], None],
        ended: Callable[[], None] | None = None,
        give_up: Callable[[], None] | None = None,
    ) -> None:
        """Start a worker in place of the one before.

        Parameters
        ----------
        worker
            A generator worker of napari, not started.
        yielded, ended
            Methods of the owner, called with what it yields and when it is done.
        give_up
            Called to make it end soon.
        """
        self.stop()
        self._worker, self._give_up = worker, give_up
        worker.yielded.connect(yielded)
        if ended is not None:
            worker.returned.connect(ended)
        worker.start()

    def done(self) -> None:
        """Forget a worker that has ended."""
        self._worker = self._give_up = None

    def stop(self, *_: Any) -> None:
        """Tell the worker to quit; nothing it still says is heard."""
        worker, give_up = self._worker, self._give_up
        self.done()
        if give_up is not None:
            give_up()
        if worker is not None:
            for signal in (worker.yielded, worker.returned):
                with suppress(RuntimeError, TypeError):
                    signal.disconnect()
            # Nobody resumes it then, and napari keeps every worker until it closes:
            # a generator left where it stands would keep all that it looked at.
            worker.aborted.connect(partial(_close, worker._gen))
            worker.quit()


def _close(generator: Generator[Any, Any, Any]) -> None:
    generator.close()
