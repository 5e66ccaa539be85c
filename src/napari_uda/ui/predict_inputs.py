"""What to predict: layers of the viewer, or files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget
from superqt.utils import signals_blocked

from napari_uda.core.io import stem_of

from .child import ImageInput
from .choice import LayerPair
from .file_samples import typed_for
from .image_files import FileDrop, ImageFiles
from .layers import from_layer_axes, images_in, kind_of, labels_in
from .pair_row import LayerCombo
from .session import Session, role_of
from .snapshot import default_axes, layer_data
from .words import count_text

if TYPE_CHECKING:
    from pathlib import Path

    from napari.layers import Image, Labels


@dataclass(frozen=True, eq=False)
class Chosen:
    """An image to predict, and the layers it belongs to."""

    input: ImageInput
    """What to predict."""
    image: Image | None = None
    """Layer of the image; None for a file."""
    axes: str = "zyx"
    """Letters of that layer's axes."""
    truth: Labels | None = None
    """Layer of the truth."""

    def truth_array(self) -> Any:
        """Return the truth (z,) y, x as it is now, perhaps lazy; None without."""
        if self.truth is None:
            return None
        data = self.truth.data[0] if self.truth.multiscale else self.truth.data
        return from_layer_axes(data, self.axes)


class PredictInputs(FileDrop):
    """Choose a layer, or files, and the truth to compare with."""

    valueChanged = Signal()
    truthChanged = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._truth_chosen = False
        self._left_alone = True
        self._suggested: Image | None = None
        self._folder: Path | None = None
        self.origin = QComboBox()
        self.origin.addItems(["layers", "files"])
        self.origin.setToolTip("Predict a layer of this viewer, or image files.")
        self.image = LayerCombo("all target layers")
        self.truth = LayerCombo("none")
        self.truth.setToolTip("Labels to compare the prediction with.")
        self.files = ImageFiles("predict")
        self._truth_caption = QLabel("truth")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(6)
        layout.setVerticalSpacing(4)
        layout.setColumnStretch(1, 1)
        layout.addWidget(self.origin, 0, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.image, 0, 1)
        layout.addWidget(self.files, 0, 1)
        layout.addWidget(self._truth_caption, 1, 0)
        layout.addWidget(self.truth, 1, 1)
        self._show_page()

        self.origin.currentIndexChanged.connect(self._on_origin_changed)
        self.image.activated.connect(self._on_image_chosen)
        self.image.currentIndexChanged.connect(self._on_image_changed)
        self.truth.currentIndexChanged.connect(self.truthChanged)
        self.truth.activated.connect(self._on_truth_chosen)
        self.files.valueChanged.connect(self._on_files_changed)
        self.dropped.connect(self.set_files)

    def refresh(self) -> None:
        """Offer the layers of the viewer."""
        layers = list(self._session.viewer.layers)
        first = self.image.count() <= 1
        self.image.setLayers(images_in(layers))
        self.truth.setLayers(labels_in(layers))
        pairs = self._pairs()
        target = [pair.image for pair in pairs]
        several = f"all {count_text(len(target), 'target layer')}"
        text = "the target layer" if len(target) == 1 else several
        self.image.setItemText(0, text if target else "choose")
        now = self.image.layer()
        if (first and now is None) or (now is not None and now is self._suggested):
            own = [layer for layer in images_in(layers) if role_of(layer) == "target"]
            likely = target or own or images_in(layers)[-1:]
            self._suggested = likely[0] if len(likely) == 1 else None
            if self._suggested is not now:
                self.image.setLayer(self._suggested)
        if not self._truth_chosen and self.truth.layer() is None:
            self.truth.setLayer(self._likely_truth())
        self._name_no_truth()
        if self._left_alone:
            self._offer_folder()
        self.valueChanged.emit()

    def keep(self) -> None:
        """Have the image that is chosen by now stay, whichever layers come."""
        self._suggested = None

    def set_files(self, paths: list[Path]) -> None:
        """Choose image files, or folders of them; `problem` says what is wrong."""
        self._left_alone = False
        with signals_blocked(self.files), signals_blocked(self.origin):
            self.origin.setCurrentIndex(1)
            self.files.setValue(paths)
        self._show_page()
        self.valueChanged.emit()

    def uses_files(self) -> bool:
        """Tell whether files are chosen, not layers."""
        return self.origin.currentIndex() == 1

    def problem(self) -> str:
        """Say why there is nothing to predict; empty if there is."""
        if self.uses_files():
            return self.files.problem()
        if self.image.layer() is None and not self._pairs():
            return "Choose an image layer first."
        return ""

    def value(self) -> list[Chosen]:
        """Return what to predict.

        Raises
        ------
        UserError
            If a layer cannot be predicted.
        """
        if self.uses_files():
            files = self.files.value()
            typed = typed_for(files, self._session)
            return [
                Chosen(ImageInput(stem_of(file), path=file, typed=typed))
                for file in files
            ]
        image: Image | None = self.image.layer()
        if image is None:
            return [self._chosen(pair, pair.labels) for pair in self._pairs()]
        return [self._chosen(self._pair(image), self.truth.layer())]

    def _chosen(self, pair: LayerPair, truth: Any) -> Chosen:
        axes = pair.axes or default_axes(pair.image) or ""
        data = layer_data(replace(pair, labels=None))
        labels = truth[0] if isinstance(truth, tuple) else truth
        item = ImageInput(pair.image.name, layer=data)
        return Chosen(item, pair.image, axes, labels)

    def _pairs(self) -> tuple[LayerPair, ...]:
        return self._session.choices["target"].layers

    def _pair(self, image: Image) -> LayerPair:
        for choice in self._session.choices.values():
            for pair in choice.layers:
                if pair.image is image:
                    return pair
        return LayerPair(image)

    def _likely_truth(self) -> Labels | None:
        image: Image | None = self.image.layer()
        if image is None:
            return None
        pair = self._pair(image)
        if pair.labels is not None:
            return pair.labels[0] if isinstance(pair.labels, tuple) else pair.labels
        shape = image.level_shapes[0] if image.multiscale else image.data.shape
        for layer in labels_in(self._session.viewer.layers):
            fits = tuple(layer.data.shape) == tuple(shape[: image.ndim])
            same = role_of(layer) is not None and role_of(layer) == role_of(image)
            if fits and same and kind_of(layer) in ("truth", "labels"):
                return layer
        return None

    def _show_page(self) -> None:
        files = self.uses_files()
        for widget in (self.image, self._truth_caption, self.truth):
            widget.setVisible(not files)
        self.files.setVisible(files)

    def _offer_folder(self) -> None:
        """Begin with the folder of the target, as long as nothing else is chosen."""
        choice = self._session.choices["target"]
        folder = None if choice.layers else choice.folder
        if folder != self._folder:
            self._folder = folder
            with signals_blocked(self.files), signals_blocked(self.origin):
                self.origin.setCurrentIndex(0 if folder is None else 1)
                self.files.setValue([] if folder is None else [folder])
            self._show_page()

    def _on_origin_changed(self, _index: int) -> None:
        self._left_alone = False
        self._show_page()
        choice = self._session.choices["target"]
        if self.uses_files() and not self.files.value() and choice.folder is not None:
            self.set_files([choice.folder])
        self.valueChanged.emit()

    def _on_image_chosen(self, _index: int) -> None:
        self._left_alone = False
        self.keep()

    def _on_files_changed(self) -> None:
        self._left_alone = False
        self.valueChanged.emit()

    def _on_image_changed(self, _index: int) -> None:
        several = self.image.layer() is None
        self._truth_chosen = False
        self.truth.setEnabled(not several)
        self._name_no_truth()
        if several:
            with signals_blocked(self.truth):
                self.truth.setLayer(None)
        else:
            self.truth.setLayer(self._likely_truth())
        self.valueChanged.emit()

    def _name_no_truth(self) -> None:
        several = self.image.layer() is None and bool(self._pairs())
        self.truth.setItemText(0, "that of each" if several else "none")

    def _on_truth_chosen(self, _index: int) -> None:
        self._truth_chosen = True
