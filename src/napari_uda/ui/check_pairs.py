"""An image and its translation, and what is measured of every slice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_uda.core.errors import UserError

from .array_file import grey
from .choice import LayerPair
from .layers import aligned, layer_volume, placed
from .snapshot import LayerData, default_axes, layer_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from .kept_masks import KeptMasks
    from .translating import Translated

    Slices = tuple[NDArray[Any], NDArray[Any]]

_LOOKED_AT = 8
"""Slices that the contrast of a translation is taken from."""
_LOOKED_AT_SIDE = 128
"""Pixels along a side of these."""
_LIMITS = (0.2, 99.8)
"""Percentiles that become black and white."""


@dataclass(eq=False)
class Pair:
    """An image and its translation, as they were when the check began."""

    name: str
    """Name of the original's layer."""
    axes: str
    """Letters of that layer's axes."""
    original: LayerData
    """Pixels of the original."""
    translated: Any
    """Pixels of the translation (z,) y, x."""
    translation: str
    """What made the translation: run and checkpoint, or its layer's name."""
    to: str
    """Domain whose look it has; empty if not known."""
    place: dict[str, Any]
    """Where layers have to lie to lie on the original."""
    limits: tuple[tuple[float, float], tuple[float, float]]
    """Black and white of the original and of the translation."""
    changes: NDArray[np.uint8] = field(init=False)
    """Map of changes (z, y, x), 255 for one; zero until it is measured."""
    pixels: str = ""
    """Fingerprint of the original, once it is known."""
    masks: KeptMasks | None = None
    """Masks of the translation and what they should be, if they were looked for."""
    window: tuple[float, float] | None = None
    """Intensities of the original that are -1 and 1 to the run; None: there is none."""
    note: str = ""
    """Why there are no masks, though they were looked for."""

    def __post_init__(self) -> None:
        """Reserve the map of changes."""
        shape = self.shape
        self.changes = np.zeros((1, *shape) if len(shape) == 2 else shape, np.uint8)

    @cached_property
    def probe(self) -> Image:
        """A layer in that place, never shown, that tells pixels from the world."""
        return Image(np.zeros((1,) * len(self.axes), np.uint8), **self.place)

    @property
    def shape(self) -> tuple[int, ...]:
        """(z,) y, x."""
        return tuple(self.translated.shape)

    @property
    def count(self) -> int:
        """Number of slices."""
        return self.shape[0] if len(self.shape) == 3 else 1

    def slices(self, z: int) -> Slices:
        """Return slice z of original and translation (y, x), in grey."""
        flat = len(self.shape) == 2
        one = self.original.image if flat else self.original.image[z]
        other = self.translated if flat else self.translated[z]
        first = np.asarray(one)
        return grey(first) if self.original.rgb else first, np.asarray(other)

    def seen(self, z: int) -> Slices:
        """Return slice z of both, the original as far as the run could see it."""
        one, other = self.slices(z)
        return (one if self.window is None else np.clip(one, *self.window)), other

    def slice_at(self, point: Sequence[float]) -> int:
        """Return the number of the slice at a point of the viewer."""
        if self.count == 1:
            return 0
        z = self.probe.world_to_data(point)[self.axes.index("z")]
        return min(max(round(float(z)), 0), self.count - 1)

    def point_of(self, z: int, point: Sequence[float]) -> float:
        """Return where slice z lies on its axis of the viewer, given the rest."""
        at = self.axes.index("z")
        inside = list(self.probe.world_to_data(point))
        inside[at] = z
        return float(self.probe.data_to_world(inside)[at])

    def scaled(self, z: int) -> Slices:
        """Return slice z of both as float32, 0 for black and 1 for white."""
        one, other = (
            (np.asarray(image, np.float32) - low) / max(high - low, 1e-9)
            for image, (low, high) in zip(self.slices(z), self.limits, strict=True)
        )
        return one, other


def pair_of(
    pair: LayerPair,
    translated: Any,
    translation: str,
    to: str | None,
    window: tuple[float, float] | None = None,
) -> Pair:
    """Put a layer and its translation side by side.

    Parameters
    ----------
    pair
        The original.
    translated
        Pixels of the translation (z,) y, x.
    translation, to
        What made it, and whose look it has.
    window
        Intensities of the original that are -1 and 1 to the run that made it. Without
        one, percentiles of either are black and white: what looks different has to be
        different, whatever the limits of the layers.

    Raises
    ------
    UserError
        If the original is no image (z,) y, x, or the shapes differ.
    """
    image = pair.image
    axes = pair.axes or default_axes(image) or ""
    data = layer_data(replace(pair, labels=None))
    shape = tuple(data.image.shape[: data.image.ndim - data.rgb])
    if shape != tuple(translated.shape):
        raise UserError(
            f"'{image.name}' has {_shape(shape)} pixels, its translation "
            f"{_shape(translated.shape)}: choose two images of equal shape."
        )
    in_layer = tuple(shape["zyx"[-len(shape) :].index(axis)] for axis in axes)
    if window is None:
        limits = _contrast(data.image, data.rgb), _contrast(translated)
    else:
        limits = window, (-1.0, 1.0)
    place = aligned(image, in_layer)
    return Pair(
        image.name,
        axes,
        data,
        translated,
        translation,
        to or "",
        place,
        limits,
        window=window,
    )


def pair_of_file(result: Translated, translation: str) -> Pair:
    """Put an image file and its translation side by side.

    Parameters
    ----------
    result
        The translation, with the original's volume.
    translation
        What made it.
    """
    volume = result.volume
    assert volume is not None
    pixels = volume.data
    geometry, name = volume.header.geometry, result.input.name
    size, unit = geometry.voxel_size, geometry.unit
    # napari knows where its corners lie, so that any other layer can take its place.
    empty = np.broadcast_to(np.uint8(0), pixels.shape)
    layer = Image(empty, contrast_limits=(0, 1), **placed(geometry, pixels.ndim))
    return Pair(
        name,
        "zyx"[-pixels.ndim :],
        LayerData(name, pixels, False, (), False, size, unit),
        result.data,
        translation,
        result.to,
        aligned(layer, pixels.shape),
        (result.window, (-1.0, 1.0)),
        window=result.window,
    )


def pair_of_layers(original: LayerPair, translated: Image, to: str | None) -> Pair:
    """Put two layers side by side.

    Raises
    ------
    UserError
        If they are not of equal shape, or not (z,) y, x.
    """
    if translated is original.image:
        raise UserError(
            f"'{translated.name}' is chosen twice: choose the original and another "
            "layer as its translation."
        )
    if translated.ndim != original.image.ndim:
        shapes = [
            _shape(
                one.level_shapes[0][: one.ndim] if one.multiscale else one.data.shape
            )
            for one in (original.image, translated)
        ]
        raise UserError(
            f"'{original.image.name}' has {shapes[0]} pixels, its translation "
            f"'{translated.name}' {shapes[1]}: choose two images of equal shape."
        )
    axes = original.axes or default_axes(original.image)
    data = layer_data(LayerPair(translated, None, axes, original.level))
    pixels: Any = data.image
    if data.rgb:
        pixels = layer_volume(data, pixels).data
    return pair_of(original, pixels, translated.name, to)


def measure(
    pairs: Sequence[Pair],
) -> Iterator[tuple[int, int, dict[str, float]] | tuple[int, str] | str]:
    """Measure all slices in a worker thread, the maps of changes included.

    Parameters
    ----------
    pairs
        Images and translations.

    Yields
    ------
    tuple or str
        Pair and fingerprint before its first slice; then pair, slice and scores. A
        sentence if it fails; nothing comes after.
    """
    # scipy takes a moment to import: opening napari must stay fast.
    from napari_uda.core.metrics.amount import changed_percent
    from napari_uda.core.metrics.structure import compare_slice

    try:
        for index, pair in enumerate(pairs):
            yield index, fingerprint(pair)
            for z in range(pair.count):
                scores, changes = compare_slice(*pair.seen(z))
                np.rint(255 * np.clip(changes, 0, 1), out=changes)
                pair.changes[z] = changes
                scores["changed"] = changed_percent(*pair.scaled(z))
                if pair.masks is not None:
                    flat = len(pair.shape) == 2
                    scores["mask"] = pair.masks.dice(None if flat else z)
                yield index, z, scores
    except Exception as error:
        # What a worker raises would vanish.
        yield f"The translation cannot be measured: {error or type(error).__name__}"


def fingerprint(pair: Pair) -> str:
    """Return what tells the pixels of an original from others."""
    middle = np.ascontiguousarray(pair.slices(pair.count // 2)[0])
    digest = sha256(repr((pair.shape, middle.dtype.str)).encode())
    digest.update(middle.tobytes())
    return digest.hexdigest()[:16]


def _contrast(pixels: Any, rgb: bool = False) -> tuple[float, float]:
    """Return black and white of an image (z,) y, x, from some of its pixels."""
    shape = pixels.shape[:-1] if rgb else pixels.shape
    steps = [slice(None, None, max(1, size // _LOOKED_AT_SIDE)) for size in shape]
    if len(shape) == 3:
        steps[0] = slice(None, None, max(1, shape[0] // _LOOKED_AT))
    found = np.asarray(pixels[tuple(steps)])
    sample = np.asarray(grey(found) if rgb else found, np.float32)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return 0.0, 1.0
    low, high = (float(limit) for limit in np.percentile(sample, _LIMITS))
    return (low, high) if high > low else (low, low + 1.0)


def _shape(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
