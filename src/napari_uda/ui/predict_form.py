"""The widgets of the Predict tab and their places; what they do is elsewhere."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from .device_combo import DeviceCombo
from .narrow_combo import NarrowCombo
from .news import News
from .page import page_of
from .parting import Parting
from .run_choice import RunCombo
from .score_head import ScoreHead
from .score_table import ScoreTable
from .shared_key import SharedKey
from .steady_label import SteadyLabel
from .view_row import ViewRow

SAVE_HINT = (
    "Save the masks of {run}, which are shown, as they are now, corrections included, "
    "as TIFF or NIfTI with the geometry of their image (Ctrl+Shift+M)."
)
"""What Save masks does, by the run whose masks are shown."""
WHERE_HINT = "As they were predicted, they are in {folder} already."
"""Where the masks of files are."""
GAIN_HINT = (
    "Mean Dice: the mean over the structures of their mean over the images, as in the "
    "table. p is that of the paired Wilcoxon test, image by image: the probability "
    "that runs which are equally good differ so much. It takes images for independent, "
    "but neighbouring slices are alike: of one stack, p is too small. And it is one "
    "training each: another seed may come out otherwise."
)
"""What is compared in the line above the scores."""
LINES = 3
"""Lines that what is said has room for."""


class PredictForm(QWidget):
    """Run, images, actions, views and scores in one column.

    Parameters
    ----------
    inputs
        Widget that chooses the images.
    """

    def __init__(self, inputs: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        Parting(self)
        self._make_widgets()
        self._lay_out(inputs)

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
        self.device = DeviceCombo()
        self.device.found.connect(self._show_device)
        self.predict = QPushButton("Predict")
        self.cancel = QPushButton("Cancel")
        self.cancel.setShortcut("Escape")
        self.news = News(LINES)
        self.message, self.bar = self.news.message, self.news.bar
        self.news.mend(self.device, self.predict)
        self.shown = ViewRow()
        self.head = ScoreHead()
        self.gain = SteadyLabel(LINES)
        self.gain.setToolTip(GAIN_HINT)
        self.gain.hide()
        self.scores = ScoreTable()
        self.copy = QPushButton("Copy")
        self.copy.setShortcut("Ctrl+Shift+K")
        self.copy.setToolTip("Copy the table, for a spreadsheet (Ctrl+Shift+K).")
        self.csv = QPushButton("CSV…")
        SharedKey("Ctrl+Shift+E", self.csv)
        self.csv.setToolTip(
            "Save the scores of every image and class as CSV (Ctrl+Shift+E)."
        )
        self.save = QPushButton("Save masks…")
        self.save.setShortcut("Ctrl+Shift+M")
        self.save.setToolTip(SAVE_HINT.format(run="the run"))

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
        self._device_caption = QLabel("Device")
        form.addWidget(self._device_caption, 3, 0)
        form.addWidget(self.device, 3, 1, 1, 2)
        self._show_device()
        extras = QHBoxLayout()
        extras.addWidget(QLabel("Also"))
        extras.addWidget(self.probability)
        extras.addWidget(self.uncertainty)
        extras.addStretch()
        actions = QHBoxLayout()
        actions.addWidget(self.predict, 1)
        actions.addWidget(self.cancel)
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
        for widget in (self.news, self.shown, self.gain, self.head):
            column.addWidget(widget)
        column.addWidget(self.scores, 1)
        column.addWidget(keep)
        column.addWidget(self.save)
        column.addStretch()
        scroll = page_of(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(scroll)

    def _show_device(self) -> None:
        """Show the box of devices where there is anything to choose."""
        for widget in (self._device_caption, self.device):
            widget.setVisible(self.device.offers)
