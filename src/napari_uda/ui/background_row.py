"""A run that trains without being watched: napari was closed, or has crashed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from .run_summary import LIVING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_uda.core.spec.run import RunFolder

    from .run_summary import RunSummary
    from .session import Session


class BackgroundRow(QWidget):
    """Offers to follow a run of the runs folder that trains and that nobody follows.

    Parameters
    ----------
    session
        The session; while it has a job, nothing is offered.
    """

    attach_asked = Signal(object)
    """The user wants to follow this run."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._living: list[RunSummary] = []
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.follow = QPushButton("Follow")
        self.follow.setToolTip("Show its curves and previews, and be able to stop it")
        self.follow.clicked.connect(self._on_follow)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.follow)
        session.job_changed.connect(self._on_job_changed)
        self.hide()

    @property
    def living(self) -> RunFolder | None:
        """The newest run that trains and that nobody follows."""
        return self._living[0].run if self._living else None

    def show_runs(self, runs: Iterable[RunSummary]) -> None:
        """Offer the newest of the runs that train, if there is one."""
        self._living = [run for run in runs if run.state in LIVING]
        self._refresh()

    def _on_job_changed(self) -> None:
        # What the list knew of a run that was followed here is out of date.
        self._living = []
        self._refresh()

    def _refresh(self) -> None:
        offered = bool(self._living) and self._session.job is None
        if offered:
            first, *others = self._living
            doing = "is being trained" if first.state == "running" else "is paused"
            more = f", and {len(others)} more" if others else ""
            text = f"{first.name} {doing} in the background, step {first.step:,}"
            self.words.setText(f"{text}{more}.")
        self.setVisible(offered)

    def _on_follow(self) -> None:
        if self._living:
            self.attach_asked.emit(self._living[0].run)
