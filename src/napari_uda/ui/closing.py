"""What happens to a training when its window is closed: the user says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QMainWindow, QMessageBox, QWidget

if TYPE_CHECKING:
    from napari_uda.core.spec.events import Event

    from .jobs import Job
    from .session import Session

Answer = Literal["keep", "stop", "cancel"]


class CloseGuard(QObject):
    """Asks before a window closes in which a training is followed.

    Nothing is asked where nobody could answer: when a script closes the viewer, and
    when the window is hidden.

    Parameters
    ----------
    window
        The window; the guard lives as long as it does, whatever docks come and go.
    session
        The session, which has the job.
    """

    def __init__(self, window: QMainWindow, session: Session) -> None:
        super().__init__(window)
        self._session = session
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Hold the closing of the window until the user has answered."""
        job = self._session.job
        if (
            event is None
            or event.type() != QEvent.Type.Close
            or job is None
            or self._session.closing
            or not isinstance(watched, QMainWindow)
            or not _is_used(watched)
        ):
            return False
        event.ignore()
        answer = ask(watched, job, len(self._session.queue))
        if answer == "stop":
            self._session.queue.hold()
            job.ended.connect(self._close)
            job.stop()
        elif answer == "keep":
            QTimer.singleShot(0, self._close)  # a window that closes cannot be closed
        return True

    def _close(self, _last: Event | None = None) -> None:
        """Close the window; napari, which is not asked by a user now, asks nothing."""
        self._session.closing = True
        window = self.parent()
        if isinstance(window, QMainWindow):
            window.close()


def guard_window(widget: QWidget, session: Session) -> None:
    """See to it that the window of a widget has its guard, if it is in one yet.

    Parameters
    ----------
    widget
        A widget that follows the job; also one in a floating dock.
    session
        The session, which has the job.
    """
    window: QWidget | None = widget.window()
    while window is not None and not isinstance(window, QMainWindow):
        owner = window.parentWidget()  # a floating dock is owned by its window
        window = owner.window() if owner is not None else None
    children = Qt.FindChildOption.FindDirectChildrenOnly
    if window is not None and not window.findChild(CloseGuard, "", children):
        CloseGuard(window, session)


def ask(window: QWidget, job: Job, waiting: int = 0) -> Answer:
    """Ask what is to become of a training; returns the answer.

    Parameters
    ----------
    window
        The window that is to be closed.
    job
        What trains.
    waiting
        Number of runs that wait for it.
    """
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("A training is under way")
    box.setText(
        f"{job.run.title} is being trained (step {job.step:,} at its last report)."
    )
    keep = None
    if job.how == "thread":
        words = "It trains inside napari and cannot go on without it."
    else:
        words = (
            "It can go on in the background: the Train tab offers to follow it when "
            "napari is opened again. If you stop it, all that it has learned is saved "
            "and Resume goes on."
        )
        keep = box.addButton("Keep training", QMessageBox.ButtonRole.AcceptRole)
    if waiting:
        runs = "1 run waits" if waiting == 1 else f"{waiting} runs wait"
        them = "it" if waiting == 1 else "them"
        words += (
            f"\n\n{runs} in the queue. The Train tab offers to go on with {them} when "
            "napari is opened again."
        )
    box.setInformativeText(words)
    stop = box.addButton("Stop and save", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(keep or stop)
    box.exec()
    clicked = box.clickedButton()
    if clicked is None or clicked not in (keep, stop):
        return "cancel"
    return "keep" if clicked is keep else "stop"


def _is_used(window: QMainWindow) -> bool:
    """Whether somebody sees the window; napari empties one that a script closes."""
    inside = window.centralWidget()
    children = inside.findChildren(QWidget) if inside is not None else []
    return window.isVisible() and any(child.isVisible() for child in children)
