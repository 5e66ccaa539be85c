"""The list of all runs, and what can be done with one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.qt.threading import thread_worker
from qtpy.QtCore import Qt, QUrl, Signal
from qtpy.QtGui import QDesktopServices, QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QInputDialog,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_uda.core.errors import UserError

from .jobs import gone_text
from .run_summary import (
    LIVING,
    RESUMABLE,
    delete_run,
    summarise_runs,
)
from .run_tree import RunTree
from .section import Section

if TYPE_CHECKING:
    from napari_uda.core.spec.events import Event
    from napari_uda.core.spec.run import RunFolder

    from .run_summary import RunSummary
    from .session import Session

NARROWEST = 56
"""Pixels of a button: four of them would fit into a narrow dock."""
KEYS = {
    "Open": "Return",
    "Compare": "Alt+M",
    "Resume": "F9",
    "Rename": "F2",
    "Reveal": "Alt+E",
    "Delete": "Delete",
    "Folder": "Alt+O",
}
"""Keys of the buttons; they work while the list has the focus."""


class RunList(QWidget):
    """Lists the runs of a session.

    Parameters
    ----------
    session
        The session.
    """

    resume_asked = Signal(object)
    """The user wants this run to go on."""
    queue_asked = Signal(object)
    """The user wants this run to go on when those before it have ended."""
    attach_asked = Signal(object)
    """The user wants to follow this run, which trains already."""
    compare_asked = Signal(object)
    """The user wants to see the curves of this run (or None) beside those shown."""
    listed = Signal(list)
    """The runs were read: a summary of each."""
    noted = Signal(str)
    """Something was done that the user may not expect, in one sentence."""
    problem = Signal(str)
    """Something could not be done, in one sentence."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._reader: Any = None
        self._outdated = False
        self._said: list[tuple[RunFolder, list[Event]]] = []
        self._summaries: dict[str, RunSummary] = {}
        self._deleter: Any = None
        self._deleting = ""
        self._rival = ""

        self.tree = RunTree()
        self.tree.itemSelectionChanged.connect(self._enable)
        self.tree.itemDoubleClicked.connect(self._on_open)

        self.open_button = self._button("Open")
        self.resume_button = self._button("Resume")
        self.compare_button = self._button("Compare")
        self.compare_button.setCheckable(True)
        self.rename_button = self._button("Rename", "\N{HORIZONTAL ELLIPSIS}")
        self.reveal_button = self._button("Reveal")
        self.delete_button = self._button("Delete", "\N{HORIZONTAL ELLIPSIS}")
        self.open_button.clicked.connect(self._on_open)
        self.resume_button.clicked.connect(self._on_resume)
        self.compare_button.clicked.connect(self._on_compare)
        self.rename_button.clicked.connect(self._on_rename)
        self.reveal_button.clicked.connect(self._on_reveal)
        self.delete_button.clicked.connect(self._on_delete)
        self.folder_button = self._button("Folder", "\N{HORIZONTAL ELLIPSIS}")
        self.folder_button.clicked.connect(self._on_folder)

        self.section = Section("Runs", bold=True, open=True)
        self.section.beside.addWidget(self.folder_button)
        buttons = QGridLayout()
        shown = (
            self.open_button, self.compare_button, self.resume_button,
            self.rename_button, self.reveal_button, self.delete_button,
        )  # fmt: skip
        for index, button in enumerate(shown):
            buttons.addWidget(button, *divmod(index, 3))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.section)
        self.section.content.setSpacing(4)
        self.section.content.addWidget(self.tree)
        self.section.content.addLayout(buttons)

        session.runs_changed.connect(self.refresh)
        session.job_changed.connect(self.refresh)
        session.job_changed.connect(self._enable)
        session.run_selected.connect(self._on_run_selected)
        session.queue.changed.connect(self._redress)
        session.queue.dropped.connect(self._on_dropped)
        self._enable()
        self.refresh()

    def refresh(self) -> None:
        """Read the runs folder again, in a worker."""
        kept = f"Runs are kept in {self._session.runs_folder}"
        self._set(self.folder_button, "", kept)
        if self._reader is not None:
            self._outdated = True
            return
        self._outdated = False
        self._said = []
        self._reader = thread_worker(summarise_runs)(self._session.runs_folder)
        self._reader.returned.connect(self._on_read)
        self._reader.finished.connect(self._on_reader_finished)
        self._reader.start()

    def add(self, run: RunFolder, events: list[Event]) -> None:
        """Take in what the run of a job has said; reads no file."""
        if self._reader is not None:
            self._said.append((run, events))
        before = self._summaries.get(run.id)
        if before is None or before.run.path != run.path:
            return
        self._summaries[run.id] = now = before.after(events)
        self._dress(now)
        if now.state != before.state:
            self._enable()

    def selected(self) -> RunSummary | None:
        """Return the run that is selected in the list."""
        return self._summaries.get(self.tree.chosen)

    def is_gone(self, run: RunFolder) -> bool:
        """Tell whether the folder of a run was removed; that is said, and listed."""
        if run.exists:
            return False
        self.problem.emit(gone_text(run))
        self.refresh()
        return True

    def _chosen(self) -> RunSummary | None:
        """Return the run that is selected, unless its folder is gone."""
        summary = self.selected()
        return None if summary is None or self.is_gone(summary.run) else summary

    def _is_trained(self, summary: RunSummary) -> bool:
        """Tell whether a run trains, or is about to."""
        job = self._session.job
        own = job is not None and job.run.path == summary.run.path
        return own or summary.state in LIVING

    def set_rival(self, run: RunFolder | None) -> None:
        """Show which run the one on display is compared with."""
        self._rival = run.id if run else ""
        self._redress()

    def name_of(self, run: RunFolder) -> str:
        """Return what a run is called, as far as the list knows."""
        summary = self._summaries.get(run.id)
        return summary.name if summary else run.id

    def _redress(self) -> None:
        for summary in self._summaries.values():
            self._dress(summary)
        self._enable()

    def _dress(self, summary: RunSummary) -> None:
        place = self._session.queue.place(summary.run)
        self.tree.dress(summary, place, summary.run.id == self._rival)

    def _button(self, name: str, more: str = "") -> QPushButton:
        button = QPushButton(f"{name}{more}")
        button.setObjectName(name)
        button.setMinimumWidth(NARROWEST)
        if name in KEYS:
            key = QShortcut(QKeySequence(KEYS[name]), self)
            # Elsewhere in napari, Delete and Return are for other things.
            key.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            key.activated.connect(button.click)
        return button

    def _set(self, button: QPushButton, reason: str, tip: str) -> None:
        """Enable a button, or say why it cannot be pressed."""
        button.setEnabled(not reason)
        button.setToolTip(reason or f"{tip} ({KEYS[button.objectName()]})")

    def _on_read(self, summaries: list[RunSummary]) -> None:
        chosen = self.tree.chosen
        if not chosen and self._session.selected_run is not None:
            chosen = self._session.selected_run.id
        self._summaries = {summary.run.id: summary for summary in summaries}
        # The reader may have missed what was said while it read.
        for run, events in self._said:
            if run.id in self._summaries:
                self._summaries[run.id] = self._summaries[run.id].after(events)
        self.tree.blockSignals(True)
        self.tree.list_runs(list(self._summaries))
        for summary in self._summaries.values():
            self._dress(summary)
        self.tree.choose(chosen)
        self.tree.blockSignals(False)
        self.tree.fit_height()
        self._count()
        self._enable()
        self.listed.emit(summaries)

    def _count(self) -> None:
        """Say beside the title how many runs there are, or which one is deleted."""
        count = f"{len(self._summaries):,}" if self._summaries else ""
        deleting = f"{self._deleting} \N{HORIZONTAL ELLIPSIS}"
        self.section.note = deleting if self._deleting else count

    def _on_reader_finished(self) -> None:
        self._reader = None
        if self._outdated:
            self.refresh()

    def _enable(self) -> None:
        summary = self.selected()
        job = self._session.job
        reason = "" if summary else "Select a run in the list first"
        living = summary is not None and summary.state in LIVING
        busy = summary is not None and self._is_trained(summary)
        trained = "It is being trained: stop it first" if busy else ""
        self._set(self.open_button, reason, "Show its curves and previews")
        self._set(self.rename_button, reason, "Give it a title; its folder stays")
        self._set(self.reveal_button, reason, "Show its folder")
        waits = reason or trained or self._deleting
        self._set(self.delete_button, waits, "Remove it from the disk")
        self._enable_compare(summary, reason)
        self.resume_button.setText("Attach" if living else "Resume")
        tip = "Follow it again" if living else "Go on from its last checkpoint"
        if not reason and summary is not None:
            own = job is not None and job.run.path == summary.run.path
            if own:
                reason = "It is running here"
            elif job is not None and living:
                reason = "Another run is under way"
            elif summary.state not in (*LIVING, *RESUMABLE):
                reason = "It is finished"
            elif job is not None and self._session.queue.place(summary.run):
                self.resume_button.setText("Unqueue")
                tip = "Let it wait no longer; it stays in this list"
            elif job is not None:
                self.resume_button.setText("Queue")
                tip = "Train it when the runs before it have ended"
            elif summary.state == "prepared":
                self.resume_button.setText("Start")
                tip = "Train it: it has never been started"
        self._set(self.resume_button, reason, tip)

    def _enable_compare(self, summary: RunSummary | None, reason: str) -> None:
        compared = summary is not None and summary.run.id == self._rival
        shown = self._session.selected_run
        tip = "Draw its curves, thin and dotted, into the plots above"
        if compared:
            tip = "Take its curves out of the plots again"
        elif shown is None:
            reason = reason or "Open a run first: this one is drawn beside it"
        elif summary is not None and summary.run.path == shown.path:
            reason = "It is the run that is shown"
        self.compare_button.setChecked(compared)
        self._set(self.compare_button, reason, tip)

    def _on_run_selected(self, run: RunFolder | None) -> None:
        # A new run is listed, and then selected, with the next reading.
        self.tree.choose(run.id if run is not None else "")
        self._enable()

    def _on_compare(self) -> None:
        if summary := self._chosen():
            compared = summary.run.id == self._rival
            self.compare_asked.emit(None if compared else summary.run)
        self._enable()

    def _on_rename(self) -> None:
        if (summary := self._chosen()) is None:
            return
        title, given = QInputDialog.getText(
            self,
            "Rename run",
            f"Title of {summary.run.id} (empty: its own name again)",
            text=summary.name,
        )
        if given:
            try:
                summary.run.rename(title)
            except UserError as error:
                self.problem.emit(str(error))
            self._session.runs_changed.emit()

    def _on_open(self) -> None:
        if summary := self._chosen():
            self._session.stage.expect("train")
            self._session.selected_run = summary.run

    def _on_resume(self) -> None:
        if summary := self._chosen():
            if summary.state in LIVING:
                self.attach_asked.emit(summary.run)
            elif self._session.job is None:
                self.resume_asked.emit(summary.run)
            elif self._session.queue.place(summary.run):
                self._session.queue.remove(summary.run)
            else:
                self.queue_asked.emit(summary.run)

    def _on_dropped(self, runs: list[RunFolder]) -> None:
        names = ", ".join(map(self.name_of, runs))
        where = "It stays" if len(runs) == 1 else "They stay"
        words = f"Will not start, since the run before was stopped: {names}."
        self.noted.emit(f"{words} {where} in the list of runs.")

    def _on_reveal(self) -> None:
        if summary := self._chosen():
            path = summary.run.path
            if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
                self.problem.emit(f"No file manager was found. The run is in {path}")

    def _on_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self, "Folder for runs", str(self._session.runs_folder)
        )
        if folder:
            self._session.runs_folder = Path(folder)

    def _on_delete(self) -> None:
        summary = self.selected()
        if summary is None or self._deleter is not None:
            return
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self,
            "Delete run",
            f"Delete {summary.name} with its checkpoints, previews and predictions?\n"
            f"{summary.run.path}\nThis cannot be undone.",
            buttons.Yes | buttons.No,
            buttons.No,
        )
        if answer != buttons.Yes:
            return
        if self._is_trained(summary):  # its turn came while the question stood
            self.problem.emit(f"{summary.name} is being trained: stop it first.")
            return
        if (shown := self._session.selected_run) and shown.id == summary.run.id:
            self._session.selected_run = None
        if summary.run.id == self._rival:
            self.compare_asked.emit(None)
        self._session.queue.remove(summary.run)
        self._deleter = thread_worker(delete_run)(summary.run)
        self._deleter.returned.connect(self._on_deleted)
        self._deleter.start()
        self._deleting = f"Deleting {summary.name}"
        self._count()
        self._enable()

    def _on_deleted(self, problem: str) -> None:
        self._deleter, self._deleting = None, ""
        self._count()
        self._enable()
        if problem:
            self.problem.emit(problem)
        self._session.runs_changed.emit()
