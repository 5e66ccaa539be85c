"""Which axis is which in the files of a folder: as found, or as the user says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QComboBox
from superqt.utils import signals_blocked

from .layers import AXES

if TYPE_CHECKING:
    from collections.abc import Iterable

CHOICES = ("yx", "xy", *AXES, "yxc", "cyx", "zyxc", "czyx", "zcyx")
"""What the axes of files can be; c is the colour of RGB images."""
UNCLEAR, MIXED, AS_FOUND = "axes?", "axes differ", "as found"
_TIP = (
    "Which axis of the files is which, in their order (last axis first for NIfTI): z "
    "is depth, c the colour of RGB images; axes of length 1 need no letter. What is "
    "chosen here goes before the files and dataset.yaml, for all these images and "
    "their labels."
)


class AxesBox(QComboBox):
    """The axes that were found in files, and others to choose."""

    def __init__(self) -> None:
        super().__init__()
        self._found = UNCLEAR
        self.setToolTip(_TIP)
        self._offer(CHOICES, None)

    def value(self) -> str | None:
        """Return the axes that the user chose, or None for those found."""
        axes: str | None = self.currentData()
        return axes

    def setValue(self, axes: str | None) -> None:
        """Show what the user chose, silently."""
        if axes != self.value():
            self._offer([self.itemData(at) for at in range(1, self.count())], axes)

    def setFound(self, axes: Iterable[str]) -> None:
        """Show the axes of each file; of one that cannot be read, nothing.

        Where all have the same number of axes, only these are offered.
        """
        found, chosen = set(axes), self.value()
        common = next(iter(found)) if len(found) == 1 else ""
        self._found = common or (MIXED if any(found) else UNCLEAR)
        if chosen is not None:
            self._found = AS_FOUND
        fitting = (one for one in CHOICES if not common or len(one) == len(common))
        self._offer(fitting, chosen)

    def _offer(self, choices: Iterable[str], chosen: str | None) -> None:
        offered = dict.fromkeys((*choices, *([chosen] if chosen else ())))
        with signals_blocked(self):
            self.clear()
            self.addItem(self._found, None)
            for axes in offered:
                self.addItem(axes, axes)
            self.setCurrentIndex(self.findData(chosen) if chosen else 0)
