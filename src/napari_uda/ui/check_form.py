"""The widgets that choose what to check and their places; what they do is elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from .device_combo import DeviceCombo
from .image_files import FileDrop, ImageFiles
from .narrow_combo import NarrowCombo
from .pair_row import LayerCombo
from .run_choice import RunCombo

if TYPE_CHECKING:
    from napari_uda.core.spec.domain import DomainName

LOOKS: tuple[DomainName, ...] = ("target", "source")
"""Looks in the order of their box."""
LAYERS, FILES, COMPARE = range(3)
"""Rows of the box that says what to do."""


class CheckForm(FileDrop):
    """Run, images, look and judge; or two layers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make_widgets()
        self._lay_out()
        self.show_rows()

    @property
    def uses_files(self) -> bool:
        """Whether files are translated."""
        return self.origin.currentIndex() == FILES

    @property
    def compares_layers(self) -> bool:
        """Whether two layers are compared, without a run."""
        return self.origin.currentIndex() == COMPARE

    def show_rows(self) -> None:
        """Show the rows that what is to be done needs."""
        compare, files = self.compares_layers, self.uses_files
        for box, visible in (
            (self.run, not compare),
            (self.look, not compare),
            (self.judge, not compare),
            (self.image, not files),
            (self.files, files),
            (self.translated, compare),
            (self.device, not compare and self.device.offers),
        ):
            box.setVisible(visible)
            self._captions[box].setVisible(visible)
        self.checkpoint.setVisible(not compare)
        self._captions[self.image].setText("Original" if compare else "Image")

    def _make_widgets(self) -> None:
        self.origin = QComboBox()
        self.origin.addItems(
            ["translate layers", "translate files", "compare two layers"]
        )
        self.origin.setToolTip(
            "Translate layers or files with a run and look at the result, or look at "
            "two layers that are there already."
        )
        self.run = RunCombo()
        self.checkpoint = QComboBox()
        self.checkpoint.addItems(["best", "last"])
        self.checkpoint.setToolTip(
            "best: the checkpoint with the best label-free scores; last: the newest."
        )
        self.image = LayerCombo("choose")
        self.files = ImageFiles("translate")
        self.look = NarrowCombo()
        self.look.addItems(["", *(f"of the {domain}" for domain in LOOKS)])
        self.look.setToolTip(
            "The look that images shall have: source images get that of the target, "
            "target images that of the source, unless you choose."
        )
        self.judge = NarrowCombo()
        self.judge.setToolTip(
            "Whose segmenter says whether masks are kept. Labelled source images: "
            "their labels against its masks of the translation (mask Dice). Others: "
            "its masks of the original against those of the translation (mask "
            "agreement); no truth is involved."
        )
        self.translated = LayerCombo("choose")
        self.device = DeviceCombo()
        self.device.found.connect(self.show_rows)

    def _lay_out(self) -> None:
        rows: tuple[tuple[str, QWidget, QWidget | None], ...] = (
            ("Do", self.origin, None),
            ("Run", self.run, self.checkpoint),
            ("Image", self.image, None),
            ("Images", self.files, None),
            ("Look", self.look, None),
            ("Masks by", self.judge, None),
            ("Translated", self.translated, None),
            ("Device", self.device, None),
        )
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(6)
        layout.setVerticalSpacing(4)
        layout.setColumnStretch(1, 1)
        self._captions = {}
        for number, (caption, box, extra) in enumerate(rows):
            label = QLabel(caption)
            if box is self.files:
                label.setAlignment(Qt.AlignmentFlag.AlignTop)
                label.setContentsMargins(0, 4, 0, 0)
            self._captions[box] = label
            layout.addWidget(label, number, 0)
            layout.addWidget(box, number, 1, 1, 1 if extra else 2)
            if extra is not None:
                layout.addWidget(extra, number, 2)
