"""The run whose curves are drawn beside those of the run that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.qt.threading import thread_worker
from qtpy.QtCore import QObject, Signal

from .opening import OpenedRun, open_run

if TYPE_CHECKING:
    from napari_uda.core.spec.run import RunFolder

    from .curves import Curves
    from .run_list import RunList


class Rival(QObject):
    """Reads a run that another one is compared with, and has it drawn.

    Parameters
    ----------
    curves
        Where it is drawn.
    run_list
        The list of runs, which marks it and knows what it is called.
    """

    problem = Signal(str)
    """It cannot be shown as it should, in one sentence."""

    def __init__(self, curves: Curves, run_list: RunList) -> None:
        super().__init__(curves)
        self._curves = curves
        self._list = run_list
        self._opened: OpenedRun | None = None
        self._name = ""
        self.run: RunFolder | None = None
        self.reader: Any = None
        run_list.listed.connect(self._on_listed)

    def compare(self, run: RunFolder | None) -> None:
        """Draw the curves of this run; None ends that."""
        self.run, self.reader, self._opened = run, None, None
        self._list.set_rival(run)
        self._curves.compare("", ())
        if run is not None:
            self.reader = thread_worker(open_run)(run)
            self.reader.returned.connect(self._on_read)
            self.reader.start()

    def _on_read(self, opened: OpenedRun) -> None:
        if self.run is None or self.run.path != opened.run.path:
            return
        self.reader, self._opened, self._name = None, opened, ""
        self._on_listed()
        if opened.problem:
            self.problem.emit(opened.problem)

    def _on_listed(self) -> None:
        """Call it what the list calls it now."""
        if self._opened is None:
            return
        name = self._list.name_of(self._opened.run)
        if name != self._name:
            self._name = name
            self._curves.compare(name, self._opened.history)
