"""One pair of layers to choose: an image and its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QComboBox, QToolButton, QWidget
from superqt.utils import signals_blocked

from .choice import LayerPair
from .labels_combo import LabelsCombo
from .layers import axes_choices
from .narrow_combo import NarrowCombo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Image, Layer


class LayerCombo(NarrowCombo):
    """A box of layers that keeps its choice while layers come, go or are renamed."""

    def __init__(self, nothing: str = "") -> None:
        super().__init__()
        self._nothing = nothing
        self.setMinimumWidth(60)

    def layer(self) -> Layer | None:
        """Return the chosen layer, or None."""
        layer: Layer | None = self.currentData()
        return layer

    def setLayer(self, layer: Layer | None) -> None:
        """Choose a layer; what is not in the box chooses nothing."""
        found = (i for i in range(self.count()) if self.itemData(i) is layer)
        self.setCurrentIndex(next(found, 0 if self._nothing else -1))
        self._explain()

    def setLayers(self, layers: Sequence[Layer]) -> None:
        """Offer these layers, without a word if the choice is among them."""
        chosen = self.layer()
        with signals_blocked(self):
            self.clear()
            if self._nothing:
                self.addItem(self._nothing, None)
            for layer in layers:
                self.addItem(layer.name, layer)
            self.setLayer(chosen)
        if self.layer() is not chosen:
            self.currentIndexChanged.emit(self.currentIndex())

    def _explain(self) -> None:
        layer = self.layer()
        self.setToolTip("" if layer is None else layer.name)


class PairRow:
    """The widgets of one pair: image, labels, axes, resolution level, remove."""

    def __init__(self, nothing: str) -> None:
        self.image = LayerCombo()
        self.image.setPlaceholderText("choose")
        self.labels = LabelsCombo(nothing)
        self.details = QComboBox()
        self.details.setToolTip(
            "Which axis is which, in the order of the array: z is depth."
        )
        self.level = QComboBox()
        self.level.setToolTip("Resolution level to use; 0 is the finest.")
        self.remove = QToolButton()
        self.remove.setText("\N{MINUS SIGN}")
        self.remove.setAutoRaise(True)
        self.remove.setToolTip("Remove this pair; its layers stay.")
        self.refine()

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """Every widget, in the order of the columns."""
        return (self.image, self.labels, self.details, self.level, self.remove)

    def value(self) -> LayerPair | None:
        """Return the pair, or None as long as no image is chosen."""
        image: Image | None = self.image.layer()
        if image is None:
            return None
        axes = self.details.currentText() if self.details.currentIndex() > 0 else None
        level = max(0, self.level.currentIndex())
        return LayerPair(image, self.labels.labels(), axes, level)

    def setValue(self, pair: LayerPair) -> None:
        """Show a pair of layers that are among those offered."""
        self.image.setLayer(pair.image)
        self.labels.setLabels(pair.labels)
        self.refine()
        self.details.setCurrentText(pair.axes or self.details.itemText(0))
        self.level.setCurrentIndex(pair.level)

    def refine(self) -> None:
        """Offer axes and levels where the chosen image leaves a choice."""
        image: Image | None = self.image.layer()
        axes = axes_choices(image) if image is not None else ()
        levels = len(image.data) if image is not None and image.multiscale else 0
        for box, items in (
            (self.details, axes),
            (self.level, [f"level {level}" for level in range(levels)]),
        ):
            if [box.itemText(i) for i in range(box.count())] != list(items):
                with signals_blocked(box):
                    box.clear()
                    box.addItems(list(items))
            box.setVisible(len(items) > 1 and box.parent() is not None)
