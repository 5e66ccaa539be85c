"""A button that resamples both domains, or takes that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QPushButton

from .shared_key import SharedKey
from .steady_label import place_kept
from .words import size_text

if TYPE_CHECKING:
    from napari_uda.core.data.inspection import Problem

    from .session import Session


class ResampleButton(QPushButton):
    """Hidden, but in its place, where there is nothing to resample.

    Parameters
    ----------
    session
        The session whose data it resamples.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._problem: Problem | None = None
        self.setSizePolicy(place_kept(self.sizePolicy()))
        self.hide()
        self.clicked.connect(self._on_clicked)
        SharedKey("Ctrl+Return", self)

    def offer(self, problem: Problem | None, unit: str | None) -> None:
        """Offer what mends a problem, or to undo what was done.

        Parameters
        ----------
        problem
            A problem with a fix; None without.
        unit
            Unit of the source's voxel size.
        """
        self._problem, resampled = problem, self._session.voxel_size
        self.setVisible(problem is not None or resampled is not None)
        if problem is not None:
            size = size_text(problem.settings["voxel_size"], unit)
            self.setText(f"Resample to {size}")
            self.setToolTip(
                "Train on both domains at this voxel size; files and layers stay as "
                "they are, and results come back on the grid of each image "
                "(Ctrl+Return)."
            )
        elif resampled is not None:
            self.setText("Undo resampling")
            self.setToolTip(
                f"Both domains are resampled to {size_text(resampled, unit)} for "
                "training; click to train on them as they are (Ctrl+Return)."
            )

    def _on_clicked(self) -> None:
        problem = self._problem
        size = None if problem is None else tuple(problem.settings["voxel_size"])
        self._session.resample(size)
