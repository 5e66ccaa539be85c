"""A box of runs, for widgets that use a trained one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from superqt.utils import signals_blocked

from .narrow_combo import NarrowCombo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_uda.core.spec.run import RunFolder


class RunCombo(NarrowCombo):
    """A box of runs that keeps its choice, or follows the run selected elsewhere.

    Runs are called by their titles, as in the list of runs.
    """

    def __init__(self) -> None:
        super().__init__()
        self._followed: Path | None = None

    def run(self) -> RunFolder | None:
        """Return the chosen run, or None."""
        run: RunFolder | None = self.currentData()
        return run

    def setRuns(
        self, runs: Sequence[RunFolder], selected: RunFolder | None = None
    ) -> None:
        """Offer these runs; emits `currentIndexChanged` only if the choice changes.

        Parameters
        ----------
        runs
            Runs to offer.
        selected
            The run that is selected elsewhere: chosen once, if it is among them.
        """
        chosen = self.run()
        paths = [run.path for run in runs]
        wanted = [one.path for one in (selected, chosen) if one is not None]
        if selected is not None and selected.path == self._followed:
            wanted.reverse()  # what was chosen here since stays
        if selected is None or selected.path in paths:
            self._followed = None if selected is None else selected.path
        index = next((paths.index(path) for path in wanted if path in paths), 0)
        with signals_blocked(self):
            self.clear()
            for number, run in enumerate(runs):
                self.addItem(run.title, run)
                tip = str(run.path)
                self.setItemData(number, tip, Qt.ItemDataRole.ToolTipRole)
            self.setCurrentIndex(index if runs else -1)
        now = self.run()
        if (now and now.path) != (chosen and chosen.path):
            self.currentIndexChanged.emit(self.currentIndex())


def has_checkpoint(run: RunFolder) -> bool:
    """Tell whether a run can predict."""
    return any((run.checkpoints / f"{name}.pt").exists() for name in ("best", "last"))
