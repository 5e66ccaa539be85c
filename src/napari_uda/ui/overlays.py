"""Predictions and truth as layers: filled, as contours, or their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from qtpy.QtGui import QColor

from .changing import change
from .layers import (
    aligned,
    difference_colormap,
    labels_kwargs,
    placed,
    to_layer_axes,
)
from .session import METADATA_KEY, role_of
from .shelf import Shelf, known_by, opened_from, saved
from .words import DIFFERENCE_WORDS

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    import numpy as np
    from napari.layers import Image, Labels
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_uda.core.spec.domain import Structure

    from .predicting import PredictResult

View = Literal["fill", "contour", "difference"]
VIEWS: tuple[View, ...] = ("fill", "contour", "difference")
Side = Literal["before", "after"]
SIDES: tuple[Side, ...] = ("before", "after")
"""The masks of the baseline, and those of the run."""
CONTOUR = 2
"""Width of a contour in pixels."""


class Overlay:
    """The layers that show one predicted image; the user's own are left alone.

    Masks of run and baseline are layers of their own, so that what was corrected in
    either stays while the other is looked at; those of the baseline are made when they
    are first asked for.

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
    taken
        What other images are known by, whose layers must not be used again.
    """

    def __init__(
        self,
        viewer: Viewer,
        result: PredictResult,
        image: Image | None,
        axes: str,
        visible: bool = True,
        taken: Container[str] = (),
    ) -> None:
        self.is_of_file = image is None
        """Whether the image is a layer that the plugin has made."""
        self._visible = visible
        self._maps: list[Image] = []
        self._maps_seen: list[Image] = []
        self._viewer = viewer
        self._view: View = "fill"
        self._side: Side = "after"
        self._axes = axes
        self._truth: list[Labels] = []
        self._maps_of_errors: Mapping[Side, NDArray[np.uint8] | None] = {}
        self._difference: dict[Side, list[Labels]] = {side: [] for side in SIDES}
        shape = result.volume.data.shape
        if image is None:
            self._axes = "zyx"[-len(shape) :]
            image = self._file_layer(result)
        in_layer = [shape["zyx"[-len(shape) :].index(axis)] for axis in self._axes]
        self._place = aligned(image, tuple(in_layer))
        self.image = image
        self.result = result
        self.of = known_by(image, result.input.path)
        """What the image is known by."""
        if self.of in taken:
            self.of = f"{self.of} {image.unique_id}"
        self._shelf = Shelf(viewer, self.of)
        self._masks: dict[Side, list[Labels]] = {side: [] for side in SIDES}
        name = self._named(result.title)
        self._masks["after"] = self._add("after", result.labels, name)
        for name, probability in result.probability.items():
            self._add_map(probability, f"probability of {name}")
        if result.uncertainty is not None:
            self._add_map(result.uncertainty, "uncertainty")
        self._shelf.clear("after", "map", *["before"] * (result.before is None))
        if self._shelf.has("before"):
            self._make_before()
        self.apply("fill")

    @property
    def axes(self) -> str:
        """Letters of the layers' axes."""
        return self._axes

    @property
    def labels(self) -> list[Labels]:
        """The layers of the prediction: one, or one per overlapping structure."""
        return self._masks["after"]

    @property
    def kept(self) -> list[str]:
        """Names of layers of earlier predictions that the user has painted on."""
        return self._shelf.kept

    def shown_labels(self) -> list[Labels]:
        """Return the layers of the masks that are looked at."""
        return self._masks[self._side]

    def masks(self, side: Side) -> list[Labels]:
        """Return the layers of a side; none if all were removed or not yet made."""
        layers = self._masks[side]
        alive = any(layer in self._viewer.layers for layer in layers)
        return layers if alive else []

    def set_truth(
        self,
        truth: NDArray[Any] | None,
        after: NDArray[np.uint8] | None,
        before: NDArray[np.uint8] | None = None,
    ) -> None:
        """Show truth (in the label values of the prediction) and difference maps.

        Parameters
        ----------
        truth
            The truth; None without.
        after, before
            Where the masks of run and baseline differ from it.
        """
        for layers in (self._truth, *self._difference.values()):
            self._remove(layers)
        self._truth, self._difference = [], {side: [] for side in SIDES}
        self._maps_of_errors = {}
        if truth is not None and after is not None:
            light = {
                value: item.model_copy(update={"color": _lighter(item.color)})
                for value, item in self.result.classes.items()
            }
            self._truth = self._add("truth", truth, self._named("truth"), light)
            self._raise_truth()
            self._maps_of_errors = {"after": after, "before": before}
            self._difference["after"] = self._add_difference("after")
            if self._shelf.has("difference before"):
                self._difference["before"] = self._add_difference("before")
        self._shelf.clear("truth", "difference")
        self.apply(self._view)

    def apply(self, view: View, side: Side | None = None) -> None:
        """Show masks filled, as contours, or where they differ from truth.

        Parameters
        ----------
        view
            How to show them.
        side
            Whose to show, those of the run or of the baseline; None for those shown.
        """
        self._view = view
        self._side = side or self._side
        if self._side == "before" and self._visible:
            self._make_before()
            if view == "difference" and not self._difference["before"]:
                self._difference["before"] = self._add_difference("before")
        if view == "difference" and not self._difference[self._side]:
            view = "fill"
        # napari draws contours in 2D only.
        flat = self._viewer.dims.ndisplay == 2
        shown = self._visible
        for whose, layers in self._masks.items():
            for layer in layers:
                here = whose == self._side
                outlined = view == "contour" and flat
                change(
                    layer,
                    visible=shown and here and view != "difference",
                    contour=CONTOUR if outlined else 0,
                    opacity=1.0 if outlined else 0.5,
                )
        for layer in self._truth:
            change(
                layer,
                visible=shown and view != "difference" and flat,
                contour=CONTOUR if flat else 0,
                opacity=1.0,
            )
        for whose, layers in self._difference.items():
            for layer in layers:
                here = whose == self._side
                change(layer, visible=shown and here and view == "difference")

    def is_alive(self) -> bool:
        """Tell whether prediction and image are still among the viewer's layers."""
        if self.is_of_file and self.image not in self._viewer.layers:
            return False
        return bool(self.masks(self._side) or self.masks("after"))

    def show(self) -> None:
        """Show every layer of ours that the view asks for, and the maps seen before."""
        self._visible = True
        if self.is_of_file:
            change(self.image, visible=True)
        for layer in self._maps_seen:
            change(layer, visible=True)
        self._maps_seen = []
        self.apply(self._view)

    def hide(self, but: Image | None = None) -> None:
        """Hide every layer of ours, until `show`; `but` stays as it is."""
        if self._visible:
            self._maps_seen = [layer for layer in self._maps if layer.visible]
        self._visible = False
        masks = [*self._masks.values(), self._truth, *self._difference.values()]
        drawn = (*(layer for layers in masks for layer in layers), *self._maps)
        for layer in (*drawn, *[self.image] * self.is_of_file):
            if layer is not but:
                change(layer, visible=False)

    def note_saved(self, side: Side) -> None:
        """Take note that the masks of a side are on the disk."""
        for layer in self._masks[side]:
            saved(layer)

    def _named(self, what: str) -> str:
        return f"{self.result.input.name} \N{MIDDLE DOT} {what}"

    def _file_layer(self, result: PredictResult) -> Image:
        """Return the layer of a file: one that was opened before, or a new one."""
        data, path = result.volume.data, result.input.path
        place = placed(result.volume.header.geometry, data.ndim)
        image = opened_from(self._viewer, path, data.shape)
        if image is None:
            image = self._viewer.add_image(
                data,
                name=result.input.name,
                visible=self._visible,
                metadata={METADATA_KEY: {"kind": "image"}},
                **place,
            )
            # A layer that was removed meanwhile has no file: it is known by itself.
            image.metadata[METADATA_KEY]["path"] = str(path or image.unique_id)
            return image
        if role_of(image) is None:
            # Made here, not by the Data tab: it shows the file as it is now.
            image.data = data
            change(image, **place)
        change(image, visible=self._visible)
        return image

    def _make_before(self) -> None:
        """Make the layers of the baseline where they are missing."""
        if self.result.before is not None and not self._masks["before"]:
            name = self._named(self.result.baseline)
            self._masks["before"] = self._add("before", self.result.before, name)
            self._raise_truth()

    def _add(
        self,
        part: str,
        labels: NDArray[Any],
        name: str,
        classes: Mapping[int, Structure] | None = None,
    ) -> list[Labels]:
        classes = self.result.classes if classes is None else classes
        if not self.result.overlapping:
            return [self._add_labels(part, labels, name, classes)]
        return [
            self._add_labels(
                f"{part} {item.name}", mask, f"{name}, {item.name}", {1: item}
            )
            for mask, item in zip(labels, classes.values(), strict=True)
        ]

    def _raise_truth(self) -> None:
        """Have the truth's contour over the masks, whichever were made first."""
        layers = self._viewer.layers
        masks = [one for masks in self._masks.values() for one in masks]
        highest = max((layers.index(one) for one in masks if one in layers), default=-1)
        for layer in self._truth:
            if layer in layers and layers.index(layer) < highest:
                layers.move(layers.index(layer), highest + 1)

    def _add_labels(
        self,
        part: str,
        labels: NDArray[Any],
        name: str,
        classes: Mapping[int, Structure],
    ) -> Labels:
        kwargs = labels_kwargs(name, classes, self._place)
        kwargs["visible"] = self._visible
        return self._shelf.labels(part, to_layer_axes(labels, self._axes), kwargs)

    def _add_difference(self, side: Side) -> list[Labels]:
        if (found := self._maps_of_errors.get(side)) is None:
            return []
        # napari leaves out the middle of long names: what differs comes first.
        what = "difference" if side == "after" else "baseline difference"
        name = f"{what} \N{MIDDLE DOT} {self.result.input.name}"
        kwargs = labels_kwargs(name, {}, self._place)
        kwargs["colormap"] = difference_colormap()
        kwargs["features"] = {
            "index": range(len(DIFFERENCE_WORDS) + 1),
            "class": ["background", *DIFFERENCE_WORDS],
        }
        kwargs["visible"] = False
        data = to_layer_axes(found, self._axes)
        return [self._shelf.labels(f"difference {side}", data, kwargs)]

    def _add_map(self, data: NDArray[np.float32], what: str) -> None:
        kwargs = {
            "name": f"{self.result.input.name} {what}",
            "colormap": "viridis",
            "contrast_limits": (0.0, 1.0),
            "blending": "additive",
            "visible": False,
            **self._place,
        }
        data = to_layer_axes(data, self._axes)
        self._maps.append(self._shelf.image(f"map {what}", data, kwargs))

    def _remove(self, layers: list[Labels]) -> None:
        for layer in layers:
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)


def _lighter(color: str) -> str:
    """Mix a colour with white, so that truth differs from the prediction under it."""
    mixed = QColor(color)
    parts = (mixed.red(), mixed.green(), mixed.blue())
    return "#" + "".join(f"{round(0.45 * part + 0.55 * 255):02x}" for part in parts)
