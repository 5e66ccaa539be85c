"""How a run fares: progress, speed, time left, and what it had to say."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtGui import QFontDatabase
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_uda.core.spec.events import (
    Checkpoint,
    Continued,
    Failed,
    Finished,
    Paused,
    Resumed,
    Started,
    Step,
    Stopped,
    Warned,
)

from .progress import move
from .steady_label import SteadyLabel
from .words import SEVERITY_COLORS, SEVERITY_SIGNS, duration_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_uda.core.spec.events import Event
    from napari_uda.core.spec.run import RunFolder

COMING = {
    "pausing": "Finishing the step, then saving \N{HORIZONTAL ELLIPSIS}",
    "continuing": "Going on \N{HORIZONTAL ELLIPSIS}",
    "stopping": "Finishing the step, then saving \N{HORIZONTAL ELLIPSIS}",
}
QUIET = 15.0
"""Seconds without news of a running trainer after which that is said, at least."""
OVERDUE = 2
"""How many reports may be late until then."""
OFTEN = 10
"""Steps from report to report, until two were heard of."""
LINES = 2
"""Lines that what happens now has room for, in a narrow dock, too."""
MOST_MESSAGES = 8
"""Warnings that are shown at a time, the newest first."""


class RunStatus(QWidget):
    """Progress of a run, its warnings, and its end.

    `progress`: the bar and the line below it, to be placed where they are always seen.
    """

    resume_asked = Signal()
    """The user wants a failed run to go on."""
    fix_asked = Signal(dict)
    """The user wants to try settings that may mend a failure."""

    def __init__(self) -> None:
        super().__init__()
        self._run: RunFolder | None = None
        self._steps = 0
        self._speed = ""
        self._seconds = 0.0
        self._every, self._reported = OFTEN, 0
        self._heard = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._on_time)
        self._failed: Failed | None = None
        self._warnings: list[tuple[str, str]] = []
        self._log = ""
        self.title = QElidingLabel()
        self.title.setElideMode(Qt.TextElideMode.ElideMiddle)
        bold = self.title.font()
        bold.setBold(True)
        self.title.setFont(bold)
        self.bar = QProgressBar()
        self.bar.setTextVisible(True)
        self.line = SteadyLabel(LINES)
        self.messages = QLabel()
        self.messages.setWordWrap(True)
        self.messages.setTextFormat(Qt.TextFormat.RichText)
        self.messages.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self.messages.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )
        self.resume = QPushButton("Resume")
        self.resume.setShortcut("Shift+F9")
        self.resume.setToolTip("Go on from the last checkpoint (Shift+F9)")
        self.resume.clicked.connect(self.resume_asked)
        self.log_button = QPushButton("Show log")
        self.log_button.setShortcut("Alt+G")
        self.log_button.setToolTip("What the trainer wrote last (Alt+G)")
        self.log_button.clicked.connect(self._on_log)
        self.fix = QPushButton()
        self.fix.clicked.connect(self._on_fix)
        buttons = QHBoxLayout()
        buttons.addWidget(self.resume)
        buttons.addWidget(self.log_button)
        buttons.addStretch()
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.progress = QWidget()
        progress = QVBoxLayout(self.progress)
        progress.setContentsMargins(6, 0, 6, 0)
        progress.setSpacing(4)
        progress.addWidget(self.bar)
        progress.addWidget(self.line)
        layout.addWidget(self.title)
        layout.addWidget(self.messages)
        layout.addLayout(buttons)
        layout.addWidget(self.fix, 0, Qt.AlignmentFlag.AlignLeft)
        self.clear()

    def clear(self, name: str = "", run: RunFolder | None = None) -> None:
        """Forget the run; `name` is that of the next one, `run` its folder."""
        self._run = run
        self.name(name)
        self.title.setVisible(bool(name))
        self.bar.setVisible(bool(name))
        self._steps, self._speed, self._failed, self._warnings = 0, "", None, []
        self._seconds = 0.0
        self._every, self._reported = OFTEN, 0
        self._timer.stop()
        self.bar.setRange(0, 1)
        self.bar.setValue(0)
        self.bar.setFormat("")
        self.say("")
        self._show_messages()

    def take(self, progress: QWidget) -> None:
        """Show the progress below the name of the run, and not elsewhere."""
        if self._column.indexOf(progress) < 0:
            self._column.insertWidget(1, progress)

    def name(self, name: str) -> None:
        """Say what the run is called; where that is long, its middle is left out."""
        self.title.setText(name)
        self.title.setToolTip(name)

    def say(self, text: str) -> None:
        """Show a sentence about what happens now."""
        self.line.setText(text)

    def busy(self, text: str) -> None:
        """Show that something of unknown length happens."""
        self._failed = None
        self._show_messages()
        self.bar.setRange(0, 0)
        self.bar.show()
        self.say(text)

    def foretell(self, state: str) -> None:
        """Say what a job is about to do, and while it runs, whether it is heard of."""
        self._heard = monotonic()
        if state == "running":
            self._timer.start()
        else:
            self._timer.stop()
        if state == "starting":
            self.busy("Starting the training process \N{HORIZONTAL ELLIPSIS}")
        elif state in COMING:
            self.say(COMING[state])

    def complain(self, message: str) -> None:
        """Show an error of the window itself."""
        self._tell("error", message)

    def note(self, message: str) -> None:
        """Show what the user may have to know, and is no error."""
        self._tell("note", message)

    def add(self, events: Iterable[Event]) -> None:
        """Take in what a run has said."""
        news = False
        self._heard = monotonic()
        for event in events:
            match event:
                case Started() | Resumed():
                    self._steps = event.steps
                    self._reported = 0
                    self._failed, news = None, True
                    self.say(f"on {event.device}, {event.precision}")
                case Step():
                    self._seconds = 1 / max(event.speed, 1e-9)
                    if 1 < self._reported < event.step:
                        self._every = event.step - self._reported
                    self._reported = event.step
                    self._speed = (
                        f"{_rate(event.speed)}  \N{MIDDLE DOT}  "
                        f"{duration(event.remaining)} left  \N{MIDDLE DOT}  "
                        f"{event.memory:.1f} GB"
                    )
                    self.say(self._speed)
                case Checkpoint():
                    # What was saved has found room.
                    kept = [one for one in self._warnings if one[0] != "disk"]
                    news = news or len(kept) < len(self._warnings)
                    self._warnings = kept
                    continue
                case Paused():
                    self.say("Paused and saved.")
                case Continued():
                    self.say(self._speed or COMING["continuing"])
                case Warned():
                    words = _marked("warning", event.message)
                    self._warnings.append((event.code, words))
                    news = True
                    if event.code == "disk":
                        self.say("Waiting for room on the disk \N{HORIZONTAL ELLIPSIS}")
                case Finished():
                    self.say(f"Finished in {duration(event.seconds)}.")
                case Stopped():
                    self.say("Stopped and saved; it can be resumed.")
                case Failed():
                    self._failed, news = event, True
                    self.say("")
            self._count(event.step)
        if news:
            self._show_messages()

    def _tell(self, severity: str, message: str) -> None:
        self._failed = None
        self._warnings = [("window", _marked(severity, message))]
        self._show_messages()

    def _on_time(self) -> None:
        """Say how long nothing was heard: losses are reported every few steps only."""
        quiet = monotonic() - self._heard
        expected = self._seconds * self._every
        if quiet < max(QUIET, OVERDUE * expected):
            return
        text = f"no news for {duration_text(quiet)}"
        if expected >= 1:
            text += f" (a report is due every {duration_text(expected)})"
        self.say(f"{self._speed}  \N{MIDDLE DOT}  {text}" if self._speed else text)

    def _count(self, step: int) -> None:
        self.bar.setRange(0, max(1, self._steps))
        move(self.bar, step, f"{step:,} / {self._steps:,}" if self._steps else "")

    def _show_messages(self) -> None:
        failed = self._failed
        shown = [words for _, words in reversed(self._warnings[-MOST_MESSAGES:])]
        if failed is not None:
            shown.insert(0, _marked("error", failed.message))
        self.messages.setText("<br>".join(shown))
        self.messages.setVisible(bool(shown))
        # Without its folder a run cannot go on, whatever has failed.
        left = failed is not None and (self._run is None or self._run.exists)
        self.resume.setVisible(left)
        self.log_button.setVisible(left and failed is not None and bool(failed.detail))
        self.fix.setVisible(left and failed is not None and bool(failed.fix))
        if failed is not None and failed.fix:
            words = ", ".join(f"{name} = {value}" for name, value in failed.fix.items())
            self.fix.setText(f"Resume with {words}")
            self.fix.setToolTip("Change these settings of the run, and go on with it")

    def _on_fix(self) -> None:
        if self._failed is not None:
            self.fix_asked.emit(dict(self._failed.fix))

    def _on_log(self) -> None:
        if self._failed is not None:
            name = self.title.text() or self._failed.run
            show_text(f"Log of {name}", self._failed.detail, self)


def show_text(title: str, text: str, parent: QWidget) -> QDialog:
    """Show a long text in a window of its own, to read and to copy."""
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    dialog.resize(760, 420)
    page = QPlainTextEdit(text)
    page.setReadOnly(True)
    page.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.close)
    layout = QVBoxLayout(dialog)
    layout.addWidget(page)
    layout.addWidget(buttons)
    dialog.show()
    return dialog


def duration(seconds: float) -> str:
    """Return a time as `3:05` or `1:02:03`."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def _rate(speed: float) -> str:
    if speed >= 1:
        return f"{speed:.1f} steps per second"
    return f"{1 / max(speed, 1e-9):.1f} seconds per step"


def _marked(severity: str, message: str) -> str:
    sign, color = SEVERITY_SIGNS[severity], SEVERITY_COLORS[severity]
    sentence = message[:1].upper() + message[1:]
    text = sentence.replace("&", "&amp;").replace("<", "&lt;")
    return f'<span style="color:{color}">{sign}</span> {text}'
