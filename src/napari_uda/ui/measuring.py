"""The measurement of a review's slices: how far it is, and an end to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.qt.threading import thread_worker
from qtpy.QtCore import QObject, Signal

from .check_pairs import measure
from .listening import Latest
from .progress import Count
from .review import Item

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from .review import Review


class Measuring(QObject):
    """Measures all slices of a review in a worker, one review at a time.

    Parameters
    ----------
    panel
        The widget that shows the review; measuring ends with it.
    """

    identified = Signal()
    """An image is known by its fingerprint, and with it what was decided about it."""
    learned = Signal(object)
    """The scores of an `Item` are known."""
    said = Signal(str)
    """Why slices could not be measured, or that it was stopped."""
    ended = Signal()
    """All slices are measured, or no more will be."""
    busy_changed = Signal()
    """`busy` changed."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        self._work = Latest(self)
        self._review: Review | None = None
        self._count = Count(0)
        self.far = ""
        """How far it is, in words."""

    @property
    def busy(self) -> bool:
        """Whether slices are being measured."""
        return self._work.busy

    def start(self, review: Review) -> None:
        """Measure a review; the one before is measured no further."""
        self._review = review
        self._count = Count(len(review.items))
        self.far = f"0 of {len(review.items):,}"
        self._work.start(
            thread_worker(measure)(review.pairs), self._on_told, self._on_ended
        )
        self.busy_changed.emit()

    def stop(self) -> None:
        """Measure no more; what was measured stays."""
        self._work.stop()
        self._on_ended()
        self.said.emit("Measuring was stopped; what was measured stays.")

    def _on_told(self, told: Any) -> None:
        review = self._review
        assert review is not None
        match told:
            case str():
                self.said.emit(told)
            case (int() as pair, str() as pixels):
                review.identify(pair, pixels)
                self.identified.emit()
            case (int() as pair, int() as z, dict() as scores):
                review.learn(item := Item(pair, z), scores)
                self.far = self._count.next()
                self.learned.emit(item)

    def _on_ended(self) -> None:
        self._work.done()
        self.ended.emit()
        self.busy_changed.emit()
