"""Choosing the images of one domain: pairs of layers, or a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import signals_blocked

from .axes_box import AxesBox
from .choice import DomainChoice, LayerPair
from .folder_row import FolderRow
from .layers import classes_of, images_in, labels_in
from .muted import mute
from .pair_row import PairRow
from .session import role_of
from .steady_label import place_kept
from .voxel_size_row import VoxelSizeRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Labels, Layer
    from qtpy.QtGui import QDragEnterEvent, QDropEvent

    from napari_uda.core.spec.domain import DomainName

_HINTS = {
    "source": "The images you have labels for.",
    "target": "The images to segment, from the other microscope or scanner.",
}


class DomainPicker(QWidget):
    """Source or target: pairs of layers, or a folder by the folder convention."""

    valueChanged = Signal()

    def __init__(self, domain: DomainName, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._domain = domain
        self._layers: list[Layer] = []
        self._rows: list[PairRow] = []
        self.setAcceptDrops(True)

        title = QLabel(f"<b>{domain.title()}</b>")
        title.setToolTip(_HINTS[domain])
        self.kind = QLabel("labelled" if domain == "source" else "unlabelled")
        mute(self.kind)
        self.origin = QComboBox()
        self.origin.addItems(["layers", "folder"])
        self.origin.setToolTip(
            "Take the images from layers of this viewer, or from a folder with images/ "
            "and labels/ in it; a folder can also be dropped here."
        )
        self.truth_role = QComboBox()
        self.truth_role.addItem("truth: scoring only", "evaluate")
        self.truth_role.addItem("truth: also trains", "train")
        self.truth_role.setToolTip(
            "Target truth never trains unless you say so here (semi-supervised)."
        )
        self.truth_role.hide()
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(title)
        head.addWidget(self.kind)
        head.addStretch()
        head.addWidget(self.origin)

        self.add = QToolButton()
        self.add.setText("+ add")
        self.add.setAutoRaise(True)
        self.add.setToolTip("Add another pair of layers.")
        self.summary = QLabel()
        mute(self.summary)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        truth = "labels" if domain == "source" else "truth (optional)"
        for column, text in enumerate(("image", truth)):
            caption = QLabel(text)
            mute(caption)
            self._grid.addWidget(caption, 0, column)
        below = QHBoxLayout()
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.add)
        below.addStretch()
        below.addWidget(self.truth_role)
        pairs = QWidget()
        box = QVBoxLayout(pairs)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addLayout(self._grid)
        box.addLayout(below)

        self.folder = FolderRow(f"{domain} folder")
        self.voxel_size = VoxelSizeRow()
        for widget in (self.summary, self.voxel_size):
            # What is below stays where it is when something was found.
            widget.setSizePolicy(place_kept(widget.sizePolicy()))
            widget.hide()

        self.axes = AxesBox()
        axes_caption = QLabel("axes")
        mute(axes_caption)
        found = QHBoxLayout()
        found.addWidget(self.summary, 1)
        found.addWidget(axes_caption)
        found.addWidget(self.axes)

        self._pages = ((pairs,), (self.folder, axes_caption, self.axes))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(head)
        layout.addWidget(pairs)
        layout.addWidget(self.folder)
        layout.addLayout(found)
        layout.addWidget(self.voxel_size)

        self._append()
        self._set_origin(folder=False)
        self.origin.activated.connect(self._on_origin_activated)
        self.truth_role.currentIndexChanged.connect(self._on_edited)
        self.add.clicked.connect(self._on_add_clicked)
        self.folder.folderChosen.connect(self.setFolder)

    def value(self) -> DomainChoice:
        """Return what is chosen, without classes."""
        role = self.truth_role.currentData()
        if self.origin.currentIndex() == 1:
            return DomainChoice(folder=self.folder.folder)
        pairs = tuple(pair for row in self._rows if (pair := row.value()) is not None)
        return DomainChoice(layers=pairs, labels_role=role)

    def setValue(self, choice: DomainChoice) -> None:
        """Show a choice, silently."""
        with signals_blocked(self):
            self._set_origin(choice.folder is not None)
            self.folder.setFolder(choice.folder)
            if choice.folder is None:
                while len(self._rows) > max(1, len(choice.layers)):
                    self._drop(self._rows[-1])
                while len(self._rows) < len(choice.layers):
                    self._append()
                if not choice.layers:
                    self._rows[0].image.setLayer(None)
                    self._rows[0].labels.setLabels(None)
                for row, pair in zip(self._rows, choice.layers, strict=False):
                    row.setValue(pair)
            index = self.truth_role.findData(choice.labels_role)
            self.truth_role.setCurrentIndex(index)
            self._refresh()

    def setLayers(self, layers: Sequence[Layer]) -> None:
        """Offer the layers of the viewer."""
        self._layers = list(layers)
        for row in self._rows:
            self._offer(row)
        self._refresh()

    def setFolder(self, folder: Path) -> None:
        """Choose a folder."""
        self.folder.setFolder(folder)
        self._set_origin(folder=True)
        self._refresh()
        self.valueChanged.emit()

    def setSummary(self, text: str) -> None:
        """Say in a few words what was found; nothing, where nothing was."""
        self.summary.setText(text)
        for widget in (self.summary, self.voxel_size):
            widget.setVisible(bool(text))
        if not text:
            self.axes.setFound(())

    def setTruth(self, known: bool) -> None:
        """Say whether images of the target have labels."""
        if self._domain == "target":
            self.kind.setText("with truth" if known else "unlabelled")

    def suggestion(self) -> DomainChoice:
        """Return the pairs of layers that say in their metadata they belong here."""
        ours = [layer for layer in self._layers if role_of(layer) == self._domain]
        labels = labels_in(ours)
        pairs = []
        for image in images_in(ours):
            shape = image.level_shapes[0] if image.multiscale else image.data.shape
            fits = [
                layer
                for layer in labels
                if tuple(layer.data.shape) == tuple(shape[: image.ndim])
            ]
            # Named alike comes first; kinds only tell labels from truth.
            fits.sort(key=lambda layer: not layer.name.startswith(image.name))
            chosen = _one_or_masks(fits)
            pair = LayerPair(image, chosen)
            labels = [layer for layer in labels if layer not in pair.layers]
            pairs.append(pair)
        return replace(DomainChoice(), layers=tuple(pairs))

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Accept a folder."""
        if event and _dropped_folder(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Choose a dropped folder."""
        if event and (folder := _dropped_folder(event)) is not None:
            event.acceptProposedAction()
            self.setFolder(folder)

    def _append(self) -> PairRow:
        row = PairRow("choose" if self._domain == "source" else "none")
        position = self._grid.rowCount()
        for column, widget in enumerate(row.widgets):
            self._grid.addWidget(widget, position, column)
        self._rows.append(row)
        self._offer(row)
        for box in (row.image, row.details, row.level):
            box.currentIndexChanged.connect(self._on_edited)
        row.labels.edited.connect(self._on_edited)
        row.remove.clicked.connect(self._on_remove_clicked)
        return row

    def _drop(self, row: PairRow) -> None:
        self._rows.remove(row)
        for widget in row.widgets:
            self._grid.removeWidget(widget)
            widget.setParent(None)
            widget.deleteLater()

    def _offer(self, row: PairRow) -> None:
        row.image.setLayers(images_in(self._layers))
        row.labels.setLayers(labels_in(self._layers))
        row.refine()

    def _set_origin(self, folder: bool) -> None:
        with signals_blocked(self.origin):
            self.origin.setCurrentIndex(int(folder))
        for index, page in enumerate(self._pages):
            for widget in page:
                widget.setVisible(index == int(folder))

    def _refresh(self) -> None:
        pairs = [pair for row in self._rows if (pair := row.value()) is not None]
        for row in self._rows:
            row.refine()
            row.remove.setVisible(len(self._rows) > 1)
        more = len(images_in(self._layers)) > len(pairs)
        full = len(pairs) == len(self._rows)
        self.add.setEnabled(more and full)
        self.add.setToolTip(
            "Add another pair of layers."
            if more and full
            else "Choose the image of every pair first."
            if not full
            else "Every image layer is chosen already: open more images in napari."
        )
        layers = self.origin.currentIndex() == 0
        truth = any(pair.labels is not None for pair in pairs)
        self.truth_role.setVisible(self._domain == "target" and layers and truth)

    def _on_edited(self) -> None:
        self._refresh()
        self.valueChanged.emit()

    def _on_origin_activated(self, index: int) -> None:
        if index == 1 and self.folder.folder is None and not self.folder.offers:
            self.folder.ask()
            if self.folder.folder is None:
                self._set_origin(folder=False)
            return
        self._set_origin(folder=index == 1)
        self._on_edited()

    def _on_add_clicked(self) -> None:
        used = {id(pair.image) for row in self._rows if (pair := row.value())}
        row = self._append()
        free = [image for image in images_in(self._layers) if id(image) not in used]
        if free:
            row.image.setLayer(free[0])
        self._on_edited()

    def _on_remove_clicked(self) -> None:
        for row in self._rows:
            if row.remove is self.sender():
                self._drop(row)
                break
        self._on_edited()


def same_choice(one: DomainChoice, other: DomainChoice) -> bool:
    """Tell whether two choices are of the same data, whatever their classes."""

    def key(choice: DomainChoice) -> object:
        if choice.folder is not None:
            return choice.folder
        pairs = [
            (
                id(pair.image),
                [id(layer) for layer in pair.layers],
                pair.axes,
                pair.level,
            )
            for pair in choice.layers
        ]
        return choice.labels_role, pairs

    return key(one) == key(other)


def _one_or_masks(fits: list[Labels]) -> Labels | tuple[Labels, ...] | None:
    """Return the first layer, or the first mask of every structure that has its own."""
    if not fits:
        return None
    masks: dict[str, Labels] = {}
    for layer in fits:
        classes = list(classes_of(layer).values())
        if len(classes) != 1:
            return fits[0]
        masks.setdefault(classes[0].name, layer)
    return tuple(masks.values()) if len(masks) > 1 else fits[0]


def _dropped_folder(event: QDragEnterEvent | QDropEvent) -> Path | None:
    data = event.mimeData()
    if data is None:
        return None
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return next((path for path in paths if path.is_dir()), None)
