"""The table of samples with its title, and what is said of the chosen row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from .heights import fit_height
from .muted import mute
from .sample_layers import TO_SHOW, SampleLayers
from .sample_table import SampleTable
from .steady_label import Part, SteadyLabel, marked
from .words import memory_text

QWIDGETSIZE_MAX = 2**24 - 1
LINES = 3
"""Lines that what is said of a row has room for."""
FEWEST_ROWS = 3
"""Rows that there is room for while the first look is under way."""
TO_READ = "Select a sample to read what was found."

if TYPE_CHECKING:
    from qtpy.QtGui import QHideEvent

    from napari_uda.core.data.inspection import Inspection, SampleReport

    from .session import Session


class SamplesBox(QWidget):
    """What was understood of every sample; a row says what is wrong with it.

    Parameters
    ----------
    session
        The session, whose viewer shows the sample of a row.
    """

    againClicked = Signal()
    """The data shall be looked at again."""
    stopClicked = Signal()
    """Looking shall end before all samples were looked at."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stage = session.stage
        self.table = SampleTable()
        self.layers = SampleLayers(session, self.table)
        self.again = QToolButton()
        self.again.setText("\N{CLOCKWISE OPEN CIRCLE ARROW}")
        self.again.setAutoRaise(True)
        self.again.setToolTip("Look at the data again (F5).")
        self.stop = QToolButton()
        self.stop.setText("stop")
        self.stop.setAutoRaise(True)
        self.stop.setShortcut("Escape")
        self.stop.setToolTip("Stop looking at the data; F5 looks again (Esc).")
        self.stop.hide()
        self.note = SteadyLabel(LINES)
        self.note.setText(TO_READ)
        self._memory = QLabel()
        mute(self._memory)
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(QLabel("<b>Samples</b>"))
        head.addWidget(self._memory)
        head.addStretch()
        head.addWidget(self.stop)
        head.addWidget(self.again)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(3)
        box.addWidget(self._head)
        box.addWidget(self.table, 1)
        box.addWidget(self.note)
        selection = self.table.selectionModel()
        assert selection is not None
        selection.currentRowChanged.connect(self._on_row_changed)
        self.layers.problem.connect(self.note.setText)
        self.again.clicked.connect(self.againClicked)
        self.stop.clicked.connect(self.stopClicked)
        self._fit(FEWEST_ROWS)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Leave the canvas to others, as soon as they have something to show."""
        self._stage.release("data")
        super().hideEvent(event)

    def clear(self) -> None:
        """Forget all samples."""
        self.table.samples.clear()

    def append(self, report: SampleReport) -> None:
        """Add a sample as soon as it was looked at."""
        self.table.samples.append(report)
        self.table.fit()

    def show_inspection(self, inspection: Inspection, structures: int) -> None:
        """Show all samples; `structures` is how many classes there are."""
        self.table.samples.setReports(inspection.samples, structures)
        self._fit(self.table.samples.rowCount())
        self._memory.setText(f"{memory_text(inspection.memory)} in memory")
        self._on_row_changed()

    def _fit(self, rows: int) -> None:
        self.table.fit()
        side = self.table.verticalHeader()
        assert side is not None
        fit_height(self.table, rows, side.defaultSectionSize())
        self._limit_height()

    def _limit_height(self) -> None:
        """Take no more than the whole table needs, which no layout sees to."""
        parts = [self._head.sizeHint().height(), self.table.maximumHeight()]
        parts.append(self.note.sizeHint().height())
        layout = self.layout()
        assert layout is not None
        height = sum(parts) + layout.spacing() * (len(parts) - 1)
        self.setMaximumHeight(min(height, QWIDGETSIZE_MAX))

    def _on_row_changed(self, *_rows: Any) -> None:
        report = self.table.samples.report(self.table.currentIndex().row())
        problems = report.problems if report else ()
        parts = [marked(item.level, item.message) for item in problems]
        self.note.setParts(*parts, Part(TO_SHOW if report else TO_READ))
