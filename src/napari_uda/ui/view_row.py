"""How predictions are shown, and whose: buttons, a legend, and keys of the viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from .overlays import SIDES, VIEWS, Side, View
from .viewer_key import ViewerKey
from .words import DIFFERENCE_WORDS

if TYPE_CHECKING:
    from napari.viewer import Viewer

SQUARE = "\N{BLACK SQUARE}"
HINTS: dict[View, str] = {
    "fill": "Prediction filled, truth as a contour (C goes to the next).",
    "contour": "Prediction and truth as contours, so that the image is seen (C).",
    "difference": "Found, invented and missed pixels in their own colours (C).",
}
"""What each view shows."""
SIDE_NAMES: dict[Side, str] = {"before": "baseline", "after": "run"}
"""What the button of each side says."""
SIDE_HINTS: dict[Side, str] = {
    "before": "The masks of {run}, the run to compare with (Shift+C: run or baseline).",
    "after": "The masks of {run}, the run chosen above (Shift+C: run or baseline).",
}
"""Whose masks each side is."""
LEGENDS: dict[View, str] = {
    "fill": "filled: predicted, pale outline: truth",
    "contour": "strong outline: predicted, pale outline: truth",
    "difference": " &nbsp; ".join(
        f"<nobr><span style='color:{color}'>{SQUARE}</span> {name}</nobr>"
        for name, color in DIFFERENCE_WORDS.items()
    ),
}
"""What is what in each view of masks that have a truth."""


class ViewRow(QWidget):
    """Chooses a view, and the masks of the run or of the baseline."""

    viewChosen = Signal(str)
    sideChosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._views, self._view_buttons = self._group(VIEWS)
        self._sides, self._side_buttons = self._group(SIDES)
        self._runs = dict.fromkeys(SIDES, "")
        for view, hint in HINTS.items():
            self.button(view).setToolTip(hint)
        self.button("fill").setChecked(True)
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self._truth = False
        self.whose = QElidingLabel()
        self.whose.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.sides = QWidget()
        self.sides.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        views = QWidget()
        column.addWidget(_line(views, "Show", *self._view_buttons.values()))
        masks = _line(self.sides, "Masks", *self._side_buttons.values())
        layout = self.sides.layout()
        assert isinstance(layout, QHBoxLayout)
        layout.addWidget(self.whose, 2)
        column.addWidget(masks)
        column.addWidget(self.legend)
        self.set_runs("", "")
        self._explain()
        self._views.idClicked.connect(self._on_view_clicked)
        self._sides.idClicked.connect(self._on_side_clicked)

    @property
    def view(self) -> View:
        """The view that is chosen."""
        return VIEWS[self._views.checkedId()]

    @property
    def side(self) -> Side:
        """Whose masks are chosen."""
        return SIDES[self._sides.checkedId()]

    @property
    def run(self) -> str:
        """Run and checkpoint of the masks that are chosen."""
        return self._runs[self.side]

    def button(self, name: View | Side) -> QPushButton:
        """Return the button of a view or a side."""
        return {**self._view_buttons, **self._side_buttons}[name]

    def set_runs(self, before: str, after: str) -> None:
        """Name baseline and run; without a baseline there is nothing to swap."""
        self._runs = {"before": before, "after": after}
        self.sides.setVisible(bool(before))
        for side, run in self._runs.items():
            self.button(side).setToolTip(SIDE_HINTS[side].format(run=run))
        self.show_side("after")

    def set_truth(self, known: bool) -> None:
        """Say whether there is truth to differ from."""
        self._truth = known
        difference = self.button("difference")
        difference.setEnabled(known)
        difference.setToolTip(
            HINTS["difference"]
            if known
            else "Choose the truth first: there is nothing to compare."
        )
        self._explain()

    def show_view(self, view: View) -> None:
        """Have a view chosen, silently."""
        self.button(view).setChecked(True)
        self._explain()

    def _explain(self) -> None:
        self.legend.setText(LEGENDS[self.view])
        self.legend.setVisible(self._truth)

    def show_side(self, side: Side) -> None:
        """Have the masks of a side chosen, silently."""
        self.button(side).setChecked(True)
        self.whose.setText(f"of {self._runs[side]}")
        self.whose.setToolTip(self._runs[side])

    def next_view(self) -> None:
        """Go on from fill to contour to difference to fill."""
        names = [name for name in VIEWS if self.button(name).isEnabled()]
        at = names.index(self.view) if self.view in names else -1
        self.viewChosen.emit(names[(at + 1) % len(names)])

    def swap(self) -> None:
        """Go from the masks of the run to those of the baseline, or back."""
        if self._runs["before"]:
            self.sideChosen.emit("after" if self.side == "before" else "before")

    def bind_keys(self, viewer: Viewer) -> None:
        """Make its keys work wherever in the window of a viewer the focus is."""
        for key, act in (("C", self.next_view), ("Shift-C", self.swap)):
            ViewerKey(viewer, key, act).hold()

    def _group(
        self, names: tuple[Any, ...]
    ) -> tuple[QButtonGroup, dict[Any, QPushButton]]:
        group, buttons = QButtonGroup(self), {}
        for number, name in enumerate(names):
            buttons[name] = QPushButton(SIDE_NAMES.get(name, name))
            buttons[name].setCheckable(True)
            group.addButton(buttons[name], number)
        return group, buttons

    def _on_view_clicked(self, number: int) -> None:
        self.viewChosen.emit(VIEWS[number])

    def _on_side_clicked(self, number: int) -> None:
        self.sideChosen.emit(SIDES[number])


def _line(widget: QWidget, title: str, *buttons: QPushButton) -> QWidget:
    line = QHBoxLayout(widget)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(3)
    line.addWidget(QLabel(title))
    for button in buttons:
        line.addWidget(button, 1)
    return widget
