"""The list of all runs, and what can be done with one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.qt.threading import thread_worker
from qtpy.QtCore import Qt, QUrl, Signal
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMessageBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_uda.core.spec.events import Validation
from napari_uda.core.spec.run import RunFolder, list_runs

if TYPE_CHECKING:
    from napari_uda.core.spec.run import State

    from .session import Session

NARROWEST = 56
"""Pixels of a button: four of them fit into a narrow dock."""
LIVING = ("running", "paused")
RESUMABLE = ("prepared", "stopped", "failed", "dead")
STATE_WORDS = {"dead": "interrupted", "prepared": "not started"}


@dataclass(frozen=True)
class RunSummary:
    """What the list says about a run."""

    run: RunFolder
    """The run."""
    state: State
    """Where it stands."""
    step: int
    """Last step that was heard of."""
    truth: float | None
    """Latest mean Dice on target truth, if there is any."""


def summarise_runs(folder: Path) -> list[RunSummary]:
    """Read what the list shows of every run; for a worker."""
    return [_summary(run) for run in list_runs(folder)]


def delete_run(run: RunFolder) -> str:
    """Remove a run from the disk; return why it could not be, or an empty text."""
    if run.owner() is not None:
        return f"{run.id} is being trained: stop it first."
    try:
        shutil.rmtree(run.path)
    except OSError as error:
        return f"{run.path} could not be removed completely ({error.strerror})."
    return ""


class RunList(QWidget):
    """Lists the runs of a session.

    Parameters
    ----------
    session
        The session.
    """

    resume_asked = Signal(object)
    """The user wants this run to go on."""
    attach_asked = Signal(object)
    """The user wants to follow this run, which trains already."""
    listed = Signal(list)
    """The runs were read: a summary of each."""
    problem = Signal(str)
    """Something could not be done, in one sentence."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._reader: Any = None
        self._outdated = False
        self._summaries: dict[str, RunSummary] = {}
        self._deleter: Any = None

        self.tree = QTreeWidget()
        self.tree.setColumnCount(4)
        self.tree.setHeaderLabels(["run", "state", "step", "Dice"])
        head = self.tree.headerItem()
        if head is not None:
            head.setToolTip(3, "Mean Dice on target truth, not used for selection")
        self.tree.setRootIsDecorated(False)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setFixedHeight(120)
        header = self.tree.header()
        if header is not None:
            header.setStretchLastSection(False)
            header.setMinimumSectionSize(36)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            for column in (1, 2, 3):
                header.setSectionResizeMode(
                    column, QHeaderView.ResizeMode.ResizeToContents
                )
        self.tree.itemSelectionChanged.connect(self._enable)
        self.tree.itemDoubleClicked.connect(self._on_open)

        self.open_button = self._button("Open", "Show its curves and previews")
        self.resume_button = self._button("Resume", "")
        self.reveal_button = self._button("Reveal", "Show its folder")
        self.delete_button = self._button("Delete\N{HORIZONTAL ELLIPSIS}", "Remove it")
        self.open_button.clicked.connect(self._on_open)
        self.resume_button.clicked.connect(self._on_resume)
        self.reveal_button.clicked.connect(self._on_reveal)
        self.delete_button.clicked.connect(self._on_delete)
        self.folder_button = self._button("Folder\N{HORIZONTAL ELLIPSIS}", "")
        self.folder_button.clicked.connect(self._on_folder)

        top = QHBoxLayout()
        title = QLabel("Runs")
        top.addWidget(title)
        top.addStretch()
        top.addWidget(self.folder_button)
        buttons = QGridLayout()
        for column, button in enumerate(
            (
                self.open_button,
                self.resume_button,
                self.reveal_button,
                self.delete_button,
            )
        ):
            buttons.addWidget(button, 0, column)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.tree)
        layout.addLayout(buttons)

        session.runs_changed.connect(self.refresh)
        session.job_changed.connect(self.refresh)
        session.run_selected.connect(self._on_run_selected)
        self.refresh()

    def refresh(self) -> None:
        """Read the runs folder again, in a worker."""
        self.folder_button.setToolTip(f"Runs are kept in {self._session.runs_folder}")
        if self._reader is not None:
            self._outdated = True
            return
        self._outdated = False
        self._reader = thread_worker(summarise_runs)(self._session.runs_folder)
        self._reader.returned.connect(self._on_read)
        self._reader.finished.connect(self._on_reader_finished)
        self._reader.start()

    def selected(self) -> RunSummary | None:
        """Return the run that is selected in the list."""
        items = self.tree.selectedItems()
        return self._summaries.get(items[0].text(0)) if items else None

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setMinimumWidth(NARROWEST)
        return button

    def _on_read(self, summaries: list[RunSummary]) -> None:
        before = self.selected()
        chosen = before.run.id if before else None
        if chosen is None and self._session.selected_run is not None:
            chosen = self._session.selected_run.id
        self._summaries = {summary.run.id: summary for summary in summaries}
        self.tree.blockSignals(True)
        self.tree.clear()
        for name, summary in self._summaries.items():
            dice = "" if summary.truth is None else f"{summary.truth:.2f}"
            words = STATE_WORDS.get(summary.state, summary.state)
            item = QTreeWidgetItem([name, words, f"{summary.step:,}", dice])
            item.setToolTip(0, str(summary.run.path))
            for column in (2, 3):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
            self.tree.addTopLevelItem(item)
            if name == chosen:
                self.tree.setCurrentItem(item)
        self.tree.blockSignals(False)
        self._enable()
        self.listed.emit(summaries)

    def _on_reader_finished(self) -> None:
        self._reader = None
        if self._outdated:
            self.refresh()

    def _enable(self) -> None:
        summary = self.selected()
        job = self._session.job
        reason = "" if summary else "Select a run in the list first"
        for button, tip in (
            (self.open_button, "Show its curves and previews"),
            (self.reveal_button, "Show its folder"),
            (self.delete_button, "Remove it from the disk"),
        ):
            button.setEnabled(not reason)
            button.setToolTip(reason or tip)
        living = summary is not None and summary.state in LIVING
        self.resume_button.setText("Attach" if living else "Resume")
        tip = "Follow it again" if living else "Go on from its last checkpoint"
        if not reason and summary is not None:
            if job is not None:
                own = job.run.path == summary.run.path
                reason = "It is running here" if own else "Another run is under way"
            elif summary.state not in (*LIVING, *RESUMABLE):
                reason = "It is finished"
        self.resume_button.setEnabled(not reason)
        self.resume_button.setToolTip(reason or tip)
        if living:
            self.delete_button.setEnabled(False)
            self.delete_button.setToolTip("It is being trained: stop it first")

    def _on_run_selected(self, run: RunFolder | None) -> None:
        found = self.tree.findItems(run.id if run else "", Qt.MatchFlag.MatchExactly)
        if found:
            self.tree.setCurrentItem(found[0])

    def _on_open(self) -> None:
        if summary := self.selected():
            self._session.selected_run = summary.run

    def _on_resume(self) -> None:
        if summary := self.selected():
            living = summary.state in LIVING
            (self.attach_asked if living else self.resume_asked).emit(summary.run)

    def _on_reveal(self) -> None:
        if summary := self.selected():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(summary.run.path)))

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
        answer = QMessageBox.question(
            self,
            "Delete run",
            f"Delete {summary.run.id} with its checkpoints, previews and predictions?\n"
            f"{summary.run.path}\nThis cannot be undone.",
        )
        if answer != QMessageBox.StandardButton.Yes:
            return
        if (
            self._session.selected_run
            and self._session.selected_run.id == summary.run.id
        ):
            self._session.selected_run = None
        self._deleter = thread_worker(delete_run)(summary.run)
        self._deleter.returned.connect(self._on_deleted)
        self._deleter.start()

    def _on_deleted(self, problem: str) -> None:
        self._deleter = None
        if problem:
            self.problem.emit(problem)
        self._session.runs_changed.emit()


def _summary(run: RunFolder) -> RunSummary:
    events = run.history()
    truth = None
    for event in events:
        if isinstance(event, Validation) and "mean" in event.truth:
            truth = event.truth["mean"]
    return RunSummary(run, run.state(), events[-1].step if events else 0, truth)
