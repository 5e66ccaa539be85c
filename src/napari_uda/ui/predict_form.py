"""The widgets of the Predict tab and their places; what they do is elsewhere."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from .narrow_combo import NarrowCombo
from .overlays import VIEWS, View
from .run_choice import RunCombo
from .score_table import ScoreTable
from .words import DIFFERENCE_WORDS

HINTS: dict[View, str] = {
    "fill": "Prediction filled, truth as a contour (C goes to the next).",
    "contour": "Prediction and truth as contours, so that the image is seen (C).",
    "difference": "Found, invented and missed pixels in their own colours (C).",
}
"""What each view shows."""


class PredictForm(QWidget):
    """Run, images, actions, views and scores in one column.

    Parameters
    ----------
    inputs
        Widget that chooses the images.
    """

    def __init__(self, inputs: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_widgets()
        self._lay_out(inputs)

    def view_button(self, view: View) -> QPushButton:
        """Return the button of a view."""
        return self._view_buttons[VIEWS.index(view)]

    def _make_widgets(self) -> None:
        self.run = RunCombo()
        self.checkpoint = QComboBox()
        self.checkpoint.addItems(["best", "last"])
        self.checkpoint.setToolTip(
            "best: the checkpoint with the best label-free scores; last: the newest."
        )
        self.baseline = NarrowCombo()
        self.baseline.setToolTip(
            "A run to compare with, usually one trained on the source only; it "
            "predicts the same images."
        )
        self.probability = QCheckBox("probability")
        self.probability.setToolTip("Also show the probability of every structure.")
        self.uncertainty = QCheckBox("uncertainty")
        self.uncertainty.setToolTip("Also show where the model is undecided, 0 to 1.")
        self.predict = QPushButton("Predict")
        self.cancel = QPushButton("Cancel")
        self.cancel.setShortcut("Escape")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(True)
        self.bar.hide()
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.hide()
        self.views = QButtonGroup(self)
        self._view_buttons: list[QPushButton] = []
        for number, name in enumerate(VIEWS):
            button = QPushButton(name)
            button.setCheckable(True)
            button.setToolTip(HINTS[name])
            self.views.addButton(button, number)
            self._view_buttons.append(button)
        self.legend = QLabel(
            " &nbsp; ".join(
                f"<span style='color:{color}'>\N{BLACK SQUARE}</span> {name}"
                for name, color in DIFFERENCE_WORDS.items()
            )
        )
        self.legend.hide()
        self.scores = ScoreTable()
        self.copy = QPushButton("Copy")
        self.copy.setShortcut("Ctrl+Shift+K")
        self.copy.setToolTip("Copy the table, for a spreadsheet (Ctrl+Shift+K).")
        self.csv = QPushButton("CSV…")
        self.csv.setShortcut("Ctrl+Shift+E")
        self.csv.setToolTip(
            "Save the scores of every image and class as CSV (Ctrl+Shift+E)."
        )
        self.save = QPushButton("Save masks…")
        self.save.setShortcut("Ctrl+Shift+M")
        self.save.setToolTip(
            "Save the masks as they are now, corrections included, as TIFF or NIfTI "
            "with the geometry of their image (Ctrl+Shift+M)."
        )

    def _lay_out(self, inputs: QWidget) -> None:
        form = QGridLayout()
        form.setHorizontalSpacing(6)
        form.setVerticalSpacing(4)
        form.setColumnStretch(1, 1)
        form.addWidget(QLabel("Run"), 0, 0)
        form.addWidget(self.run, 0, 1)
        form.addWidget(self.checkpoint, 0, 2)
        form.addWidget(QLabel("On"), 1, 0, Qt.AlignmentFlag.AlignTop)
        form.addWidget(inputs, 1, 1, 1, 2)
        form.addWidget(QLabel("Compare"), 2, 0)
        form.addWidget(self.baseline, 2, 1, 1, 2)
        extras = QHBoxLayout()
        extras.addWidget(QLabel("Also"))
        extras.addWidget(self.probability)
        extras.addWidget(self.uncertainty)
        extras.addStretch()
        actions = QHBoxLayout()
        actions.addWidget(self.predict, 1)
        actions.addWidget(self.cancel)
        self.show_row = QWidget()
        show = QHBoxLayout(self.show_row)
        show.setContentsMargins(0, 0, 0, 0)
        show.setSpacing(3)
        show.addWidget(QLabel("Show"))
        for button in self._view_buttons:
            show.addWidget(button, 1)
        keep = QWidget()
        line = QHBoxLayout(keep)
        line.setContentsMargins(0, 0, 0, 0)
        line.addStretch()
        line.addWidget(self.copy)
        line.addWidget(self.csv)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(2, 2, 6, 2)
        column.setSpacing(8)
        column.addLayout(form)
        column.addLayout(extras)
        column.addLayout(actions)
        for widget in (self.bar, self.message, self.show_row, self.legend):
            column.addWidget(widget)
        column.addWidget(self.scores, 1)
        column.addWidget(keep)
        column.addWidget(self.save)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(scroll)
