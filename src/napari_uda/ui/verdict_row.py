"""Accept, reject and a note; kept at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer, Signal
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_uda.core.metrics.verdicts import Decision, Verdict

from .muted import mute_placeholder
from .steady_label import SteadyLabel

if TYPE_CHECKING:
    from qtpy.QtGui import QHideEvent

    from .review import Item, Review

PATIENCE = 400
"""Milliseconds after which a note is kept."""


class VerdictRow(QWidget):
    """What somebody thinks of the slice that is shown."""

    asked = Signal(object)
    """A verdict is to be given, which `judge` does."""
    decided = Signal()
    """A slice was accepted or rejected, or that was taken back."""
    said = Signal(str)
    """Why a verdict could not be kept."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._review: Review | None = None
        self._item: Item | None = None
        self.accept = QPushButton("Accept")
        self.reject = QPushButton("Reject")
        for button in (self.accept, self.reject):
            button.setCheckable(True)
            button.clicked.connect(self._on_clicked)
        self.note = QLineEdit()
        self.note.setMinimumWidth(60)
        mute_placeholder(self.note)
        self.note.textEdited.connect(self._on_note_edited)
        self.note.editingFinished.connect(self.keep)
        self.tally = SteadyLabel()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PATIENCE)
        self._timer.timeout.connect(self.keep)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.accept)
        row.addWidget(self.reject)
        row.addWidget(self.note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.tally)
        for keys, button in (("Alt+A", self.accept), ("Alt+R", self.reject)):
            QShortcut(QKeySequence(keys), self).activated.connect(button.click)

    def show_item(self, review: Review | None, item: Item | None) -> None:
        """Show what was decided about an item; what was written before is kept."""
        if (review, item) != (self._review, self._item):
            self.keep()
        self._review, self._item = review, item
        if review is None or item is None:
            return
        unit = review.unit_of(item)
        self.note.setPlaceholderText(f"note on this {unit}")
        why = review.trouble
        if not why and not review.pairs[item.pair].pixels:
            why = "The image is being read; verdicts can be given in a moment."
        verdict = review.verdict(item)
        for button, decision, hint in (
            (self.accept, "accepted", f"This {unit} can be used (Alt+A)."),
            (self.reject, "rejected", f"This {unit} cannot be trusted (Alt+R)."),
        ):
            button.setChecked(verdict.decision == decision)
            button.setEnabled(not why)
            button.setToolTip(why or f"{hint} Press again to take it back.")
        if self.note.text() != verdict.note:
            self.note.setText(verdict.note)
        self.note.setEnabled(not why)
        self.note.setToolTip(why or "Kept with the verdict; no need to press anything.")
        accepted, rejected = review.counts()
        total = len(review.items)
        text = f"{accepted} accepted, {rejected} rejected of {total}"
        if before := len(review.kept_before()):
            text += f" \N{MIDDLE DOT} {before} kept before"
        self.tally.setText(text)
        self.tally.setToolTip(
            f"Kept in {review.file}; what was kept before is of other images or "
            "checkpoints, and stands in the table, too."
        )

    def judge(self, verdict: Verdict) -> None:
        """Give a verdict on the item; a note that is being written is kept soon."""
        if self._review is None or self._item is None:
            return
        same = verdict.decision == self._review.verdict(self._item).decision
        self._review.decide(self._item, verdict)
        if same:
            self._timer.start()
            return
        self.keep()
        self.show_item(self._review, self._item)
        self.decided.emit()

    def keep(self) -> None:
        """Write what was decided."""
        self._timer.stop()
        if self._review is not None and (trouble := self._review.save()):
            self.said.emit(trouble)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Keep what was written."""
        self.keep()
        super().hideEvent(event)

    def _on_clicked(self) -> None:
        if self._review is None or self._item is None:
            return
        decision: Decision = ""
        button = self.sender()
        if isinstance(button, QPushButton) and button.isChecked():
            decision = "accepted" if button is self.accept else "rejected"
        self.asked.emit(Verdict(decision, self.note.text()))

    def _on_note_edited(self, text: str) -> None:
        if self._review is not None and self._item is not None:
            decision = self._review.verdict(self._item).decision
            self.asked.emit(Verdict(decision, text))
