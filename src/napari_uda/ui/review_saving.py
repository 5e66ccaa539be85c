"""A review saved: as a page, or as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.qt.threading import thread_worker
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from .asking import ask_file
from .check_saving import write_page, write_verdicts
from .listening import Latest
from .shared_key import SharedKey

if TYPE_CHECKING:
    from .review import Review

REPORT_HINT = (
    "One page with pictures of the worst and of the rejected slices, all scores and "
    "verdicts (Ctrl+Shift+R)."
)
CSV_HINT = "Export scores and verdicts of every slice as a table (Ctrl+Shift+E)."


class SaveRow(QWidget):
    """Buttons that save what was measured and decided."""

    said = Signal(str)
    """How far saving is, what was saved, or why not."""
    busy_changed = Signal()
    """`busy` changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.review: Review | None = None
        self.about: dict[str, str] = {}
        """Facts for the page."""
        self._work = Latest(self)
        self.report = QPushButton("Save report (HTML)…")
        self.report.setShortcut("Ctrl+Shift+R")
        self.csv = QPushButton("Verdicts (CSV)…")
        SharedKey("Ctrl+Shift+E", self.csv)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for button in (self.report, self.csv):
            button.setMinimumWidth(60)
            row.addWidget(button, 1)
        self.report.clicked.connect(self._on_report)
        self.csv.clicked.connect(self._on_csv)
        self.refresh()

    @property
    def busy(self) -> bool:
        """Whether a page is being written."""
        return self._work.busy

    def stop(self) -> None:
        """Write the page no further; there is no file of it then."""
        self._work.stop()
        self.said.emit("Cancelled: no report was written.")
        self._on_busy()

    def open(self, review: Review, about: dict[str, str]) -> None:
        """Take a review, and facts for its page such as run and method."""
        self.review, self.about = review, about
        self.refresh()

    def refresh(self) -> None:
        """Enable what can be saved, and say why the rest cannot."""
        why = ""
        if self.review is None or not self.review.order:
            why = "Nothing is measured yet."
        elif self._work.busy:
            why = "A report is being written."
        for button, hint in ((self.report, REPORT_HINT), (self.csv, CSV_HINT)):
            button.setEnabled(not why)
            button.setToolTip(why or hint)

    def _on_report(self) -> None:
        if self.review is None:
            return
        start = str(self.review.file.with_name("check.html"))
        if path := ask_file(self, "Report", start, "HTML (*.html)"):
            worker = thread_worker(write_page)(self.review, self.about, path)
            self._work.start(worker, self.said.emit, self._on_saved)
            self._on_busy()

    def _on_saved(self) -> None:
        self._work.done()
        self._on_busy()

    def _on_busy(self) -> None:
        self.refresh()
        self.busy_changed.emit()

    def _on_csv(self) -> None:
        if self.review is None:
            return
        if path := ask_file(self, "Verdicts", "verdicts.csv", "CSV (*.csv)"):
            self.said.emit(write_verdicts(self.review, path))
