"""What some work has to say, or how far it is, in one place that never moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from .device_combo import PROCESSOR
from .steady_label import SteadyLabel

if TYPE_CHECKING:
    from qtpy.QtWidgets import QAbstractButton

    from .child import Failure
    from .device_combo import DeviceCombo


class News(QWidget):
    """A message, and instead of it a progress bar while something is done.

    `fix`: does again what has failed, so that it may succeed; seen only then.

    Parameters
    ----------
    lines
        Lines that a message has room for.
    """

    def __init__(self, lines: int) -> None:
        super().__init__()
        self.message = SteadyLabel(lines)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(True)
        self._pages = QStackedWidget()
        for widget in (self.message, self.bar):
            self._pages.addWidget(widget)
        self.fix = QPushButton("Try on the processor")
        self.fix.setToolTip("Do the same again on cpu, which takes longer")
        self.fix.hide()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._pages)
        column.addWidget(self.fix, 0, Qt.AlignmentFlag.AlignLeft)

    def mend(self, device: DeviceCombo, action: QAbstractButton) -> None:
        """Have `fix` choose the processor and press the button of the work again."""

        def again() -> None:
            device.choose(PROCESSOR)
            action.click()

        self.fix.clicked.connect(again)

    def begin(self, what: str) -> None:
        """Show the bar, at its beginning."""
        self.bar.setValue(0)
        self.bar.setFormat(what)
        self._pages.setCurrentWidget(self.bar)

    def end(self) -> None:
        """Show the message again."""
        self._pages.setCurrentWidget(self.message)

    def say(self, text: str, detail: str = "") -> None:
        """Have a message; the detail stands in its tooltip."""
        self.message.setText(text)
        self.message.setToolTip(detail)
        self.fix.hide()

    def fail(self, failure: Failure) -> None:
        """Say why some work has failed, and offer what may mend it."""
        self.say(failure.message, failure.detail)
        self.fix.setVisible(failure.device_full)
