"""A queue whose window was closed: offered to go on, never started unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QWidget

from .run_summary import RESUMABLE
from .steady_label import SteadyLabel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_uda.core.spec.run import RunFolder

    from .run_summary import RunSummary
    from .session import Session


class QueueOffer(QWidget):
    """Offers to go on with the runs that waited when napari was closed.

    Parameters
    ----------
    session
        The session, which knows them.
    """

    go_on_asked = Signal(list)
    """The user wants these runs to be trained, one after another."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._runs: list[RunFolder] = []
        self.words = SteadyLabel(lines=2)
        self.go_on = QPushButton("Go on")
        self.go_on.setToolTip("Train them one after another, in this order")
        self.go_on.clicked.connect(self._on_go_on)
        self.forget = QToolButton()
        self.forget.setText("\N{MULTIPLICATION SIGN}")
        self.forget.setAutoRaise(True)
        self.forget.setToolTip("Do not offer this again; they stay in the list of runs")
        self.forget.clicked.connect(self._on_forget)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.go_on)
        layout.addWidget(self.forget)
        self.hide()

    def show_runs(self, runs: Iterable[RunSummary]) -> None:
        """Offer those that waited and can be trained, of the runs there are."""
        known = {run.run.path: run for run in runs if run.state in RESUMABLE}
        waited = [known[path] for path in self._session.left_queue() if path in known]
        waited = [one for one in waited if not self._session.queue.place(one.run)]
        self._runs = [one.run for one in waited]
        names = ", ".join(one.name for one in waited)
        count = f"{len(waited)} runs" if len(waited) > 1 else "1 run"
        self.words.setText(f"{count} waited when napari was closed: {names}")
        self.setVisible(bool(waited))

    def _on_go_on(self) -> None:
        runs, self._runs = self._runs, []
        self._on_forget()
        self.go_on_asked.emit(runs)

    def _on_forget(self) -> None:
        self._session.forget_left_queue()
        self.hide()
