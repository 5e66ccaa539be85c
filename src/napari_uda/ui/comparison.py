"""Original and translation as layers: side by side, blended, in squares, subtracted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from napari.utils.colormaps import Colormap

from napari_uda.core.metrics.check_words import CHANGE_FLOOR, CHANGE_LIMIT

from .captions import Captions, below
from .changing import change
from .session import METADATA_KEY, role_of
from .sight import look_at
from .sliced import Sliced

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from .check_pairs import Pair

Mode = Literal["side", "blend", "checker", "difference", "changes", "off"]
MODES: tuple[Mode, ...] = ("side", "blend", "checker", "difference", "changes", "off")
GAP = 0.04
"""Space between the two of a pair, as part of their width."""
DARKENED = 0.45
"""Brightness of the original under its changes, which are added to it."""
DIFFERENCE_COLORS = ("#56b4e9", "#e69f00")
"""Darker and brighter in the translation: apart for any colour vision."""

_SHOWN: dict[Mode, tuple[str, ...]] = {
    "side": ("original", "translated"),
    "blend": ("original", "translated"),
    "checker": ("checkerboard",),
    "difference": ("difference",),
    "changes": ("original", "changes"),
    "off": (),
}
_FLAT_ONLY = ("checkerboard", "difference")
_WORDS: dict[Mode, str] = {
    "blend": "original and translation, blended",
    "checker": "original and translation in turn",
    "difference": "translation minus original",
    "changes": "changes of structure, over the original",
}
"""What is written below a picture of both."""


class Comparison:
    """Layers of our own that compare an original with its translation.

    They are made when they are first shown, and used for one pair after the other; the
    user's layers are left alone.

    Parameters
    ----------
    viewer
        Where to show them.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._layers: dict[str, Image] = {}
        self._pair: Pair | None = None
        self._filled: dict[str, Pair] = {}
        self._fitted: tuple[Pair, bool] | None = None
        self._limits: tuple[float, float] | None = None
        self._captions = Captions(viewer, "check: captions", "check")
        self._described = True
        self.mode: Mode = "off"
        self.share = 0.5
        """How much of the translation is in a blend."""
        self.tile = 32
        """Side of a square of the checkerboard in pixels."""
        self.strength = 0.8
        """Opacity of the changes."""
        self.full = 0.25
        """Difference, as a share of the intensity range, that has the full colour."""

    @property
    def pair(self) -> Pair | None:
        """The pair that is shown."""
        return self._pair

    def show(self, pair: Pair | None, mode: Mode) -> None:
        """Show a pair in a mode; hides what is not part of it."""
        self._pair, self.mode = pair, mode
        wanted = _SHOWN[mode] if pair is not None else ()
        if self._viewer.dims.ndisplay != 2:
            wanted = tuple(name for name in wanted if name not in _FLAT_ONLY)
        for name, layer in list(self._layers.items()):
            if layer not in self._viewer.layers:
                del self._layers[name]
                self._filled.pop(name, None)
            elif name not in wanted:
                change(layer, visible=False)
        if pair is None or not wanted:
            self._captions.hide()
        if pair is None:
            return
        # From bottom to top, so that new layers lie right.
        for name in wanted:
            self._fill(name, pair)
        self._stack([self._layers[name] for name in wanted])
        self.adjust()
        for name in wanted:
            change(self._layers[name], visible=True)
        if wanted:
            self._describe(pair)
            self._fit(pair, mode == "side")

    def is_alive(self) -> bool:
        """Tell whether any of our layers is in the viewer."""
        return any(layer in self._viewer.layers for layer in self._layers.values())

    def describe(self, wanted: bool) -> None:
        """Write below the pictures what they are, or leave the canvas to others."""
        self._described = wanted
        if not wanted:
            self._captions.hide()
        elif self._pair is not None and any(
            layer.visible and layer in self._viewer.layers
            for layer in self._layers.values()
        ):
            self._describe(self._pair)

    def adjust(self) -> None:
        """Take over share, tile, strength and full difference."""
        if (pair := self._pair) is None:
            return
        layers = {
            name: layer
            for name, layer in self._layers.items()
            if layer in self._viewer.layers and self._filled.get(name) is pair
        }
        if (translated := layers.get("translated")) is not None:
            beside = self.mode == "side"
            change(translated, opacity=self.share if self.mode == "blend" else 1.0)
            place = np.asarray(pair.place["translate"]) + beside * _beside(pair)
            change(translated, translate=place)
        if (changes := layers.get("changes")) is not None:
            change(changes, opacity=self.strength)
        if (difference := layers.get("difference")) is not None:
            difference.contrast_limits = (-self.full, self.full)
        if (original := layers.get("original")) is not None and not original.rgb:
            low, high = pair.limits[0]
            dark = DARKENED if self.mode == "changes" else 1.0
            limits = (low, low + (high - low) / dark)
            if self._limits != limits:
                self._limits = limits
                original.contrast_limits_range = limits
                original.contrast_limits = limits
        if self.mode == "checker" and "checkerboard" in layers:
            layers["checkerboard"].refresh()

    def measured(self, pair: Pair, z: int, now: int | None) -> None:
        """Show the changes of a slice that has just been measured."""
        if pair is self._pair and self.mode == "changes" and z == now:
            layer = self._layers.get("changes")
            if layer is not None and layer in self._viewer.layers:
                layer.refresh()

    def remove(self) -> None:
        """Take our layers away."""
        for layer in self._layers.values():
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self._captions.remove()
        self._layers, self._filled, self._pair = {}, {}, None

    def _describe(self, pair: Pair) -> None:
        """Write below each picture what it is, in every slice."""
        if not self._described:
            return
        height, width = pair.shape[-2:]
        line, end = below(height)
        spots = [(_WORDS.get(self.mode, "original"), line, -0.5), ("", end, -0.5)]
        if self.mode == "side":
            look = f"translated to the look of the {pair.to}"
            left = (1 + GAP) * width - 0.5
            spots.append((look if pair.to else "translation", line, left))
        corners = [
            [{"z": z, "y": y, "x": x}[letter] for letter in pair.axes]
            for z in range(pair.count)
            for _, y, x in spots
        ]
        side = float(np.asarray(pair.place["scale"])[pair.axes.index("x")])
        texts = [text for text, *_ in spots] * pair.count
        self._captions.show(texts, corners, side * width, pair.place)

    def _fill(self, name: str, pair: Pair) -> None:
        """Make a layer show the pair, unless it does."""
        layer = self._layers.get(name)
        if layer is not None and self._filled.get(name) is pair:
            return
        data, options = self._content(name, pair)
        rgb = name == "original" and pair.original.rgb
        self._filled[name] = pair
        if name == "original":
            self._limits = None
        if layer is not None and (layer.ndim != len(pair.axes) or layer.rgb != rgb):
            self._viewer.layers.remove(layer)
            layer = None
        if layer is None:
            metadata = {METADATA_KEY: {"role": "check", "kind": "image"}}
            active = self._viewer.layers.selection.active
            self._layers[name] = self._viewer.add_image(
                data,
                rgb=rgb,
                name=f"check: {name}",
                metadata=metadata,
                interpolation2d="nearest",
                **options,
                **pair.place,
            )
            # The user's selection is the user's.
            if active is not None and role_of(active) != "check":
                self._viewer.layers.selection.active = active
            return
        layer.data = data
        change(layer, **options, **pair.place)

    def _stack(self, layers: list[Image]) -> None:
        """Put each layer above the one before."""
        highest = -1
        for layer in layers:
            at = self._viewer.layers.index(layer)
            if at < highest:
                self._viewer.layers.move(at, len(self._viewer.layers))
            highest = self._viewer.layers.index(layer)

    def _content(self, name: str, pair: Pair) -> tuple[Any, dict[str, Any]]:
        black, white = pair.limits
        match name:
            case "original":
                options: dict[str, Any] = (
                    {} if pair.original.rgb else {"contrast_limits": black}
                )
                return _in_layer(pair.original.image, pair.axes), options
            case "translated":
                return _in_layer(pair.translated, pair.axes), {"contrast_limits": white}
            case "changes":
                flat = len(pair.shape) == 2
                data = pair.changes[0] if flat else pair.changes
                return _in_layer(data, pair.axes), {
                    "contrast_limits": (255 * CHANGE_FLOOR, 255 * CHANGE_LIMIT),
                    "colormap": "magma",
                    "blending": "additive",
                }
            case "difference":
                return Sliced(partial(_difference, pair), pair.shape, pair.axes), {
                    "contrast_limits": (-1.0, 1.0),
                    "colormap": _diverging(),
                }
        return Sliced(partial(self._checker, pair), pair.shape, pair.axes), {
            "contrast_limits": (0.0, 1.0)
        }

    def _checker(self, pair: Pair, z: int) -> NDArray[np.float32]:
        """Return squares of both in turn."""
        one, other = pair.scaled(z)
        rows, columns = (np.arange(size) // self.tile for size in one.shape)
        odd = (rows[:, np.newaxis] + columns) % 2 == 1
        return np.where(odd, other, one)

    def _fit(self, pair: Pair, beside: bool) -> None:
        """Move the camera where there is something new to see."""
        if self._fitted == (pair, beside) or self._viewer.dims.ndisplay != 2:
            return
        before = self._fitted
        self._fitted = (pair, beside)
        same_place = before is not None and before[1] == beside
        if same_place and before is not None and _same_place(before[0], pair):
            return
        layers = [layer for layer in self._layers.values() if layer.visible]
        look_at(self._viewer, layers)


def _difference(pair: Pair, z: int) -> NDArray[np.float32]:
    """Return translation minus original, each in [0, 1]."""
    one, other = (np.clip(image, 0, 1) for image in pair.scaled(z))
    difference: NDArray[np.float32] = other - one
    return difference


def _in_layer(pixels: Any, axes: str) -> Any:
    """Bring pixels (z,) y, x to the order of a layer's axes, without reading them."""
    order = [letter for letter in "zyx" if letter in axes]
    color = [len(order)] if pixels.ndim > len(order) else []
    return pixels.transpose([order.index(letter) for letter in axes] + color)


def _beside(pair: Pair) -> NDArray[np.float64]:
    """Return the way from a layer to the place at its right."""
    step = np.zeros(len(pair.axes))
    at = pair.axes.index("x")
    step[at] = float(np.asarray(pair.place["scale"])[at]) * pair.shape[-1] * (1 + GAP)
    way: NDArray[np.float64] = np.asarray(pair.place["rotate"]) @ step
    return way


def _same_place(one: Pair, other: Pair) -> bool:
    return one.shape[-2:] == other.shape[-2:] and all(
        np.allclose(one.place[key], other.place[key])
        for key in ("scale", "translate")
        if np.shape(one.place[key]) == np.shape(other.place[key])
    )


def _diverging() -> Colormap:
    darker, brighter = DIFFERENCE_COLORS
    return Colormap([darker, "#101418", brighter], name="darker or brighter")
