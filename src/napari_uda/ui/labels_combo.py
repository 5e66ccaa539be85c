"""Choosing the labels of an image: one layer, or one mask per overlapping structure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import signals_blocked

from .narrow_combo import NarrowCombo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from napari.layers import Labels

    Chosen: TypeAlias = Labels | tuple[Labels, ...] | None

SEVERAL = "overlapping masks…"
HINT = (
    "Layers of labels. Masks that napari opened as an image become labels by a right "
    "click on their layer: Convert to Labels."
)


class LabelsCombo(NarrowCombo):
    """A box of labels layers; its last entry asks for several of them.

    Parameters
    ----------
    nothing
        Text of the entry for no labels.
    """

    edited = Signal()
    """Emitted when the user or a vanished layer changed the choice."""

    def __init__(self, nothing: str) -> None:
        super().__init__()
        self._nothing = nothing
        self._layers: tuple[Labels, ...] = ()
        self._chosen: Chosen = None
        self._entries: list[Chosen | str] = []
        self.setMinimumWidth(60)
        self._fill()
        self.activated.connect(self._on_activated)

    def labels(self) -> Chosen:
        """Return the chosen layer, the chosen masks, or None."""
        return self._chosen

    def setLabels(self, labels: Chosen) -> None:
        """Choose a layer or several masks, silently, if they are offered."""
        several = labels if isinstance(labels, tuple) else (labels,)
        known = all(any(one is layer for layer in self._layers) for one in several)
        self._chosen = labels if known else None
        self._fill()

    def setLayers(self, layers: Sequence[Labels]) -> None:
        """Offer these layers, and tell if the choice is no longer among them."""
        before = self._chosen
        self._layers = tuple(layers)
        self.setLabels(before)
        if self._chosen is not before:
            self.edited.emit()

    def _fill(self) -> None:
        with signals_blocked(self):
            chosen = self._chosen
            self._entries = [None, *self._layers]
            texts = [self._nothing, *(layer.name for layer in self._layers)]
            if isinstance(chosen, tuple):
                self._entries.append(chosen)
                texts.append(f"{len(chosen)} masks")
            if len(self._layers) > 1:
                self._entries.append(SEVERAL)
                texts.append(SEVERAL)
            self.clear()
            self.addItems(texts)
            places = (i for i, one in enumerate(self._entries) if one is chosen)
            self.setCurrentIndex(next(places))
        several = chosen if isinstance(chosen, tuple) else (chosen,)
        names = [layer.name for layer in several if layer is not None]
        self.setToolTip("\n".join(names) or HINT)

    def _on_activated(self, index: int) -> None:
        chosen = self._entries[index]
        if isinstance(chosen, str):
            dialog = MasksDialog(self._layers, self._chosen, self)
            accepted = dialog.exec() == QDialog.DialogCode.Accepted
            masks = dialog.masks()
            dialog.deleteLater()
            if not accepted:
                self._fill()
                return
            chosen = masks if len(masks) > 1 else next(iter(masks), None)
        self.setLabels(chosen)
        self.edited.emit()


class MasksDialog(QDialog):
    """Tick the layers of which each is the mask of one structure.

    Parameters
    ----------
    layers
        What can be ticked.
    chosen
        What is ticked already.
    """

    def __init__(
        self,
        layers: Sequence[Labels],
        chosen: Chosen,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Overlapping structures")
        text = QLabel(
            "Tick one layer per structure. Every value but 0 belongs to the structure, "
            "and a pixel may belong to several."
        )
        text.setWordWrap(True)
        self.list = QListWidget()
        several = chosen if isinstance(chosen, tuple) else (chosen,)
        for layer in layers:
            item = QListWidgetItem(layer.name)
            ticked = any(layer is one for one in several)
            item.setCheckState(
                Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
            )
            self.list.addItem(item)
        self._layers = tuple(layers)
        ok, cancel = (
            QDialogButtonBox.StandardButton.Ok,
            QDialogButtonBox.StandardButton.Cancel,
        )
        buttons = QDialogButtonBox(ok | cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (text, self.list, buttons):
            layout.addWidget(widget)

    def masks(self) -> tuple[Labels, ...]:
        """Return the ticked layers, in their order in the viewer."""
        return tuple(
            layer
            for row, layer in enumerate(self._layers)
            if (item := self.list.item(row)) is not None
            and item.checkState() == Qt.CheckState.Checked
        )
