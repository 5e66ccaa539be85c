"""The line above the score table: whose scores they are, and which one is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget
from superqt import QElidingLabel

from .score_table import HINTS, MEASURES
from .words import SEVERITY_COLORS, SEVERITY_SIGNS

if TYPE_CHECKING:
    from .score_table import Measure

STALE = "not of the run that is chosen: predict again"


class ScoreHead(QWidget):
    """Names the run of the scores below, and chooses one score of two runs."""

    measureChosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.caption = QElidingLabel()
        self.caption.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.warning = QLabel(
            f"<span style='color:{SEVERITY_COLORS['warning']}'>"
            f"{SEVERITY_SIGNS['warning']}</span> {STALE}"
        )
        self.warning.setWordWrap(True)
        self.warning.hide()
        self.measure = QComboBox()
        self.measure.addItems(list(MEASURES))
        for number, measure in enumerate(MEASURES):
            self.measure.setItemData(
                number, HINTS[measure], Qt.ItemDataRole.ToolTipRole
            )
        self.measure.setToolTip(
            "The score in the columns of both runs; Copy and CSV have all of them."
        )
        self.measure.hide()
        line = QHBoxLayout()
        line.addWidget(self.caption, 1)
        line.addWidget(self.measure)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self.warning)
        self.measure.currentTextChanged.connect(self.measureChosen)

    @property
    def chosen(self) -> Measure:
        """The score that is chosen."""
        return MEASURES[self.measure.currentIndex()]

    def name(self, run: str, checkpoint: str, images: str, two: bool) -> None:
        """Say what was scored.

        Parameters
        ----------
        run, checkpoint
            Of which run; best or last.
        images
            Name or number of the images.
        two
            Whether there is a baseline to compare with.
        """
        where = f"{images}, checkpoint {checkpoint}"
        self.caption.setText(f"On {where}")
        self.caption.setToolTip(f"Scores of {run} on {where}")
        self.measure.setVisible(two)

    def set_stale(self, stale: bool) -> None:
        """Say that another run is chosen by now."""
        self.warning.setVisible(stale)
