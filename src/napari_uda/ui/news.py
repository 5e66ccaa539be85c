"""What some work has to say, or how far it is, in one place that never moves."""

from __future__ import annotations

from qtpy.QtWidgets import QProgressBar, QSizePolicy, QStackedWidget

from .steady_label import SteadyLabel


class News(QStackedWidget):
    """A message, and instead of it a progress bar while something is done.

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
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for widget in (self.message, self.bar):
            self.addWidget(widget)

    def begin(self, what: str) -> None:
        """Show the bar, at its beginning."""
        self.bar.setValue(0)
        self.bar.setFormat(what)
        self.setCurrentWidget(self.bar)

    def end(self) -> None:
        """Show the message again."""
        self.setCurrentWidget(self.message)

    def say(self, text: str, detail: str = "") -> None:
        """Have a message; the detail stands in its tooltip."""
        self.message.setText(text)
        self.message.setToolTip(detail)
