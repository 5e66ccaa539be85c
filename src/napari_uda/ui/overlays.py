"""Predictions and truth as layers: filled, as contours, or their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from qtpy.QtGui import QColor

from .layers import (
    aligned,
    difference_colormap,
    labels_kwargs,
    placed,
    to_layer_axes,
)
from .session import METADATA_KEY
from .words import DIFFERENCE_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from napari.layers import Image, Labels
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_uda.core.spec.domain import Structure

    from .predicting import PredictResult

View = Literal["fill", "contour", "difference"]
VIEWS: tuple[View, ...] = ("fill", "contour", "difference")
CONTOUR = 2
"""Width of a contour in pixels."""


class Overlay:
    """The layers that show one predicted image; the user's own are left alone.

    Parameters
    ----------
    viewer
        Where to show them.
    result
        The prediction.
    image
        Layer of the image, or None if it is a file and has to be shown, too.
    axes
        Letters of that layer's axes.
    visible
        Whether to show the layers; otherwise `show` does.
    """

    def __init__(
        self,
        viewer: Viewer,
        result: PredictResult,
        image: Image | None,
        axes: str,
        visible: bool = True,
    ) -> None:
        self.is_of_file = image is None
        """Whether the image is a layer made here."""
        self._visible = visible
        self._maps: list[Image] = []
        self._maps_seen: list[Image] = []
        self._viewer = viewer
        self._view: View = "fill"
        self._axes = axes
        self._truth: list[Labels] = []
        self._difference: list[Labels] = []
        shape = result.volume.data.shape
        if image is None:
            self._place = placed(result.volume.header.geometry, len(shape))
            self._axes = "zyx"[-len(shape) :]
            image = viewer.add_image(
                result.volume.data,
                name=result.input.name,
                visible=visible,
                metadata={METADATA_KEY: {"kind": "image"}},
                **self._place,
            )
        else:
            in_layer = [shape["zyx"[-len(shape) :].index(axis)] for axis in axes]
            self._place = aligned(image, tuple(in_layer))
        self.image = image
        self.result = result
        self._labels = self._add(
            result.labels,
            result.classes,
            f"{result.input.name} \N{MIDDLE DOT} {result.run}",
        )
        for name, probability in result.probability.items():
            self._add_image(probability, f"{result.input.name} probability of {name}")
        if result.uncertainty is not None:
            self._add_image(result.uncertainty, f"{result.input.name} uncertainty")
        self.apply("fill")

    @property
    def axes(self) -> str:
        """Letters of the layers' axes."""
        return self._axes

    @property
    def labels(self) -> list[Labels]:
        """The layers of the prediction: one, or one per overlapping structure."""
        return self._labels

    def set_truth(
        self, truth: NDArray[Any] | None, difference: NDArray[np.uint8] | None
    ) -> None:
        """Show truth (in the label values of the prediction) and the difference map."""
        self._remove(self._truth)
        self._remove(self._difference)
        self._truth, self._difference = [], []
        if truth is None or difference is None:
            self.apply(self._view)
            return
        name = self.result.input.name
        light = {
            value: item.model_copy(update={"color": _lighter(item.color)})
            for value, item in self.result.classes.items()
        }
        self._truth = self._add(truth, light, f"{name} \N{MIDDLE DOT} truth")
        data = to_layer_axes(difference, self._axes)
        kwargs = labels_kwargs(f"{name} \N{MIDDLE DOT} difference", {}, self._place)
        kwargs["colormap"] = difference_colormap()
        kwargs["features"] = {
            "index": range(len(DIFFERENCE_WORDS) + 1),
            "class": ["background", *DIFFERENCE_WORDS],
        }
        self._difference = [self._viewer.add_labels(data, visible=False, **kwargs)]
        self.apply(self._view)

    def apply(self, view: View) -> None:
        """Show the prediction filled, as contour, or where it differs from truth."""
        if view == "difference" and not self._difference:
            view = "fill"
        self._view = view
        # napari draws contours in 2D only.
        flat = self._viewer.dims.ndisplay == 2
        shown = self._visible
        for layer in self._labels:
            layer.visible = shown and view != "difference"
            layer.contour = CONTOUR if view == "contour" and flat else 0
            layer.opacity = 1.0 if view == "contour" and flat else 0.5
        for layer in self._truth:
            layer.visible = shown and view != "difference" and flat
            layer.contour = CONTOUR if flat else 0
            layer.opacity = 1.0
        for layer in self._difference:
            layer.visible = shown and view == "difference"

    def is_alive(self) -> bool:
        """Tell whether the prediction is still among the viewer's layers."""
        return any(layer in self._viewer.layers for layer in self._labels)

    def show(self) -> None:
        """Show every layer of ours that the view asks for, and the maps seen before."""
        self._visible = True
        if self.is_of_file:
            self.image.visible = True
        for layer in self._maps_seen:
            layer.visible = True
        self._maps_seen = []
        self.apply(self._view)

    def hide(self, but: Image | None = None) -> None:
        """Hide every layer of ours, until `show`; `but` stays as it is."""
        if self._visible:
            self._maps_seen = [layer for layer in self._maps if layer.visible]
        self._visible = False
        drawn = (*self._labels, *self._truth, *self._difference, *self._maps)
        for layer in (*drawn, *[self.image] * self.is_of_file):
            if layer is not but:
                layer.visible = False

    def _add(
        self, labels: NDArray[Any], classes: Mapping[int, Structure], name: str
    ) -> list[Labels]:
        if not self.result.overlapping:
            data = to_layer_axes(labels, self._axes)
            kwargs = labels_kwargs(name, classes, self._place)
            return [self._viewer.add_labels(data, visible=self._visible, **kwargs)]
        layers = []
        for mask, item in zip(labels, classes.values(), strict=True):
            data = to_layer_axes(mask, self._axes)
            kwargs = labels_kwargs(f"{name}, {item.name}", {1: item}, self._place)
            visible = self._visible
            layers.append(self._viewer.add_labels(data, visible=visible, **kwargs))
        return layers

    def _add_image(self, data: NDArray[np.float32], name: str) -> None:
        layer = self._viewer.add_image(
            to_layer_axes(data, self._axes),
            name=name,
            colormap="viridis",
            contrast_limits=(0.0, 1.0),
            blending="additive",
            visible=False,
            metadata={METADATA_KEY: {"role": "prediction", "kind": "image"}},
            **self._place,
        )
        self._maps.append(layer)

    def _remove(self, layers: list[Labels]) -> None:
        for layer in layers:
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)


def _lighter(color: str) -> str:
    """Mix a colour with white, so that truth differs from the prediction under it."""
    mixed = QColor(color)
    parts = (mixed.red(), mixed.green(), mixed.blue())
    return "#" + "".join(f"{round(0.45 * part + 0.55 * 255):02x}" for part in parts)
