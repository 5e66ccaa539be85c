"""Pictures of a training side by side in the viewer, a layer for each kind."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels

from .captions import Captions, below
from .changing import change
from .layers import class_colormap, previews_in
from .mosaics import GAP, Mosaic
from .session import FOLLOWING, METADATA_KEY, role_of
from .sight import Sight, box_of, can_be_seen, look_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_uda.core.spec.domain import Structure

    from .session import Session

BETWEEN_DOMAINS = 3 * GAP
"""Additional pixels between what began as source and what began as target."""
MARGIN = 0.04
"""Space between the user's data and the previews, as part of their height."""
TURN = 0.004
"""Seconds after which no other layer is shown in a turn of the event loop."""


class PreviewStrip:
    """Pictures in a row below the user's data, in layers that are used again.

    What is to be shown is laid out at once, and then shown little by little: `work` is
    to be called in turns of the event loop until nothing is left.

    Parameters
    ----------
    session
        The session of the viewer that shows the layers.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._viewer = session.viewer
        self._structures: tuple[Structure, ...] = ()
        self._step = 0
        self._origin: tuple[float, float, float] | None = None
        self._place_before: tuple[float, float, float] | None = None
        self._fitted: Sight | None = None
        self._lost = self._watched = False
        self._placed: list[tuple[Mosaic, float]] = []
        self._unshown: list[tuple[Mosaic, float]] = []
        self._unfinished: list[tuple[Layer, str, bool]] = []
        self._hushed = False
        self._captions = Captions(session.viewer, "preview captions", "train")

    def layers(self) -> dict[str, Layer]:
        """Return the preview layers in the viewer by key."""
        return {
            layer.metadata[METADATA_KEY]["key"]: layer
            for layer in previews_in(self._viewer)
        }

    def renew(self) -> None:
        """Expect other pictures: they find a place of their own and are all shown."""
        self._origin = None
        self._unshown = []
        for layer in self.layers().values():
            if not layer.visible:
                _spare(layer)

    def lay_out(
        self, mosaics: list[Mosaic], step: int, structures: tuple[Structure, ...]
    ) -> None:
        """Find the places of pictures side by side, in which `work` shows them.

        Parameters
        ----------
        mosaics
            The pictures, from left to right.
        step
            Step of the training that they are of.
        structures
            What the values 1, 2, ... of labels mean.
        """
        self._step, self._structures = step, structures
        left, domain, places = 0.0, "", []
        for mosaic in mosaics:
            if domain and mosaic.domain != domain:
                left += BETWEEN_DOMAINS
            places.append(left)
            left, domain = left + mosaic.data.shape[1] + GAP, mosaic.domain
        size = (max(mosaic.data.shape[0] for mosaic in mosaics), left - GAP)
        if self._origin is None or self._is_covered(*size):
            self._origin = self._place(*size)
        if not self._viewer.layers:
            self._fitted = None  # napari moves the camera to the first layer itself
        moved = self._origin != self._place_before
        # Whoever looks at the row, or has nothing else to look at, goes with it.
        self._lost = moved and not self._user_layers()
        self._watched = moved and can_be_seen(self._viewer, self._in_row())
        self._place_before = self._origin
        keys = {mosaic.key for mosaic in mosaics}
        top, start, pixel = self._origin
        for key, layer in self.layers().items():
            if key not in keys:
                if layer.visible:
                    _spare(layer)
                # napari counts what is hidden when the user has it fit the view.
                change(layer, scale=(pixel, pixel), translate=(top, start))
        self._placed = list(zip(mosaics, places, strict=True))
        self._unshown = list(self._placed)

    def work(self) -> bool:
        """Show some of what was laid out; tell whether something is left to do.

        Pictures change together as far as a turn may last, since the redraw after each
        turn costs more than they do; a new layer takes napari long and has a turn of
        its own. Thumbnails and names, which redraw no canvas, follow, as many in a turn
        as there is time for: the window is painted after each.
        """
        end = perf_counter() + TURN
        if self._unshown:
            layers = self.layers()
            while self._unshown:
                mosaic, place = self._unshown.pop(0)
                made = self._show(mosaic, place, layers.get(mosaic.key))
                if self._unshown and (made or perf_counter() > end):
                    return True
            self.describe()
            self._fit()
            return bool(self._unfinished)
        while self._unfinished:
            _finish(*self._unfinished.pop(0))
            if perf_counter() > end:
                break
        return bool(self._unfinished)

    def show_all(self) -> None:
        """Show all of the row, and move the camera there."""
        self._session.stage.take("train")
        layers = self._in_row()
        self._change(layers, _reveal)
        look_at(self._viewer, layers)
        if layers:
            self._fitted = Sight.of(self._viewer, layers, alone=True)

    @property
    def is_there(self) -> bool:
        """Whether any of what was laid out has its layer."""
        return bool(self._in_row())

    def stop(self) -> None:
        """Show nothing more of what was laid out."""
        self._unshown = []

    def retire(self) -> None:
        """Put all out of sight until there are other pictures."""
        self.stop()
        self._change(list(self.layers().values()), _spare)
        self._placed = []

    def describe(self) -> None:
        """Write below each picture that can be seen what it shows."""
        layers = self.layers()
        seen = [
            (mosaic, left)
            for mosaic, left in self._placed
            if mosaic.key in layers and layers[mosaic.key].visible
        ]
        if not seen or self._origin is None:
            self._captions.hide()
            return
        top, start, pixel = self._origin
        place: dict[str, Any] = {"scale": (pixel, pixel), "translate": (top, start)}
        if units := self._session.units.units(2):
            place["units"] = units
        line, end = below(max(mosaic.data.shape[0] for mosaic, _ in seen))
        self._captions.show(
            [*(mosaic.title.replace(" ", "\n") for mosaic, _ in seen), ""],
            [*((line, left - 0.5) for _, left in seen), (end, seen[0][1] - 0.5)],
            pixel * min(mosaic.data.shape[1] for mosaic, _ in seen),
            place,
        )

    def _in_row(self) -> list[Layer]:
        shown = self.layers()
        return [shown[one.key] for one, _ in self._placed if one.key in shown]

    def _change(self, layers: list[Layer], act: Callable[[Layer], None]) -> None:
        """Show or hide layers, and write the captions once."""
        self._hushed = True
        for layer in layers:
            act(layer)
        self._hushed = False
        self.describe()

    def _on_visible(self, event: Any) -> None:
        if event.source.visible:
            for mark in ("aside", "spare"):
                event.source.metadata[METADATA_KEY].pop(mark, None)
        if not self._hushed and not self._session.stage.turning:
            self.describe()

    def _fit(self) -> None:
        """Show all that is seen: at first, and as previews grow, unless the user moved.

        In any case where the user would look at nothing, such as after the row had to
        find another place since what it lay below is gone.
        """
        row = self._in_row()
        before = self._fitted
        wanted = row if self._watched else self._viewer.layers
        lost = self._lost or not can_be_seen(self._viewer, wanted)
        self._lost = self._watched = False
        if before is not None and not lost:
            grown = before.is_exceeded_by(*box_of(row))
            if not grown or before.was_left(self._viewer):
                return
        alone = before is not None and before.alone and not lost
        if alone:
            look_at(self._viewer, row)
        else:
            words = self._captions.layer()  # too small to be shown so far, maybe
            seen = [one for one in self._viewer.layers if one.visible or one is words]
            look_at(self._viewer, seen)
        self._fitted = Sight.of(self._viewer, row, alone)

    def _show(self, mosaic: Mosaic, left: float, layer: Layer | None) -> bool:
        """Show a picture in its layer; tell whether that had to be made."""
        assert self._origin is not None
        top, start, pixel = self._origin
        place = {"scale": (pixel, pixel), "translate": (top, start + left * pixel)}
        name = mosaic.caption(self._step)
        if layer is None:
            self._add_layer(mosaic, {"name": name, **place})
            return True
        # Images and truth stay the same all along; only what is predicted changes.
        changed = not np.array_equal(layer.data, mosaic.data)
        if changed:
            _replace(layer, mosaic.data)
        about = layer.metadata[METADATA_KEY]
        if changed or about["name"] != name:
            self._unfinished.append((layer, name, changed))
        if about.pop("spare", False):
            layer.visible = True
        change(layer, **place)
        if (
            isinstance(layer, Labels)
            and layer.metadata["structures"] != self._structures
        ):
            layer.metadata["structures"] = self._structures
            layer.colormap = class_colormap(dict(enumerate(self._structures, 1)))
        return False

    def _add_layer(self, mosaic: Mosaic, options: dict[str, Any]) -> None:
        kind = "labels" if mosaic.is_labels else "image"
        options["metadata"] = {
            METADATA_KEY: {"role": "preview", "kind": kind, "key": mosaic.key}
        }
        selected = set(self._viewer.layers.selection)
        if units := self._session.units.units(2):
            options["units"] = units
        if mosaic.is_labels:
            options["metadata"]["structures"] = self._structures
            layer = Labels(
                mosaic.data,
                opacity=1,
                colormap=class_colormap(dict(enumerate(self._structures, 1))),
                **options,
            )
        else:
            layer = Image(mosaic.data, contrast_limits=(-1, 1), **options)
        self._viewer.add_layer(layer)
        layer.metadata[METADATA_KEY]["name"] = layer.name
        layer.events.visible.connect(self._on_visible)
        # The user's selection is the user's.
        if selected:
            self._viewer.layers.selection = selected

    def _is_covered(self, height: float, width: float) -> bool:
        """Tell whether a user's layer that can be seen lies where the strip does."""
        assert self._origin is not None
        *corner, pixel = self._origin
        low, high = np.array(corner), corner + np.array((height, width)) * pixel
        return any(
            (low < box[1] - pixel).all() and (box[0] < high - pixel).all()
            for layer in self._user_layers()
            for box in [layer.extent.world[:, -2:]]
        )

    def _place(self, height: float, width: float) -> tuple[float, float, float]:
        """Return top, left and pixel size of a strip below the user's layers."""
        boxes = [layer.extent.world[:, -2:] for layer in self._user_layers()]
        if not boxes:
            return 0.0, 0.0, 1.0
        stacked = np.stack(boxes)
        low, high = stacked[:, 0].min(axis=0), stacked[:, 1].max(axis=0)
        pixel = float((high - low)[1]) / width
        top = float(high[0]) + max(1.0, MARGIN * height) * pixel
        return top, float(low[1]), pixel

    def _user_layers(self) -> list[Layer]:
        """Return what else can be seen."""
        return [
            layer
            for layer in self._viewer.layers
            if layer.visible and role_of(layer) not in FOLLOWING and layer.ndim >= 2
        ]


def _reveal(layer: Layer) -> None:
    change(layer, visible=True)


def _spare(layer: Layer) -> None:
    """Put a layer out of sight until there is something to show in it."""
    layer.visible = False
    layer.metadata[METADATA_KEY].pop("aside", None)
    layer.metadata[METADATA_KEY]["spare"] = True


def _replace(layer: Image | Labels, data: NDArray[Any]) -> None:
    """Give a layer other pixels; its thumbnail is left to `_finish`.

    In the array that is there, where they fit in: napari then leaves alone what follows
    from the shape, of this and of all layers, which takes half of the time.
    """
    old = layer.data
    kind = (data.shape, data.dtype)
    if isinstance(old, np.ndarray) and (old.shape, old.dtype) == kind:
        old[...] = data
        layer.refresh(extent=False, thumbnail=False, highlight=False)
    else:
        layer.data = data


def _finish(layer: Layer, name: str, changed: bool) -> None:
    """Draw the thumbnail of a layer, and name it, unless the user has."""
    if changed:
        layer.refresh(extent=False, data_displayed=False, highlight=False)
    about = layer.metadata[METADATA_KEY]
    if layer.name == about["name"] != name:
        layer.name = name
        about["name"] = layer.name
