"""Layers of ours for one predicted image: made once, and used again by the next run.

What a layer shows of which image stands in its metadata, so that it is found again by
a dock that was closed and opened. A mask that the user has painted on is never
replaced: until it is saved it stays as it is, and the next run gets another layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels

from .changing import change
from .session import METADATA_KEY, role_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari.layers import Layer
    from napari.viewer import Viewer
    from numpy.typing import NDArray


EARLIER = "{name} (earlier)"
"""What a layer is called until the next run uses it, or for good if it is kept."""
LAST = ("metadata", "visible")
"""What a layer that is used again keeps, and what it gets when all else is right."""


class Shelf:
    """The layers that show one image, by what they show of it.

    Parameters
    ----------
    viewer
        Where they are.
    of
        What the image is known by, from `known_by`.
    """

    def __init__(self, viewer: Viewer, of: str) -> None:
        self.kept: list[str] = []
        """Names of layers that stay, since the user has painted on them."""
        self._viewer = viewer
        self._of = of
        self._free: dict[str, Labels | Image] = {}
        for layer in viewer.layers:
            about = layer.metadata.get(METADATA_KEY, {})
            ours = role_of(layer) == "prediction" and about.get("of") == of
            if ours and about.get("part") and isinstance(layer, Labels | Image):
                self._free[about["part"]] = layer
                layer.visible = False
                # The next run may need its name.
                layer.name = EARLIER.format(name=layer.name)

    def labels(self, part: str, data: NDArray[Any], kwargs: dict[str, Any]) -> Labels:
        """Show labels, by a layer that is there already or by a new one.

        Parameters
        ----------
        part
            What the layer shows of the image.
        data, kwargs
            What `viewer.add_labels` takes.
        """
        layer = self._take(part, data.ndim)
        if isinstance(layer, Labels):
            _dress(layer, data, kwargs)
        else:
            layer = self._viewer.add_labels(data, **kwargs)
            watch(layer)
        layer.metadata[METADATA_KEY] = self._about(part, "labels")
        return layer

    def image(self, part: str, data: NDArray[Any], kwargs: dict[str, Any]) -> Image:
        """Show an image; as `labels` does."""
        layer = self._take(part, data.ndim)
        if isinstance(layer, Image):
            _dress(layer, data, kwargs)
        else:
            layer = self._viewer.add_image(data, **kwargs)
        layer.metadata[METADATA_KEY] = self._about(part, "image")
        return layer

    def clear(self, *beginnings: str) -> None:
        """Remove layers of an earlier prediction whose part begins so."""
        for part in [one for one in self._free if one.startswith(beginnings)]:
            if (layer := self._take(part, -1)) is not None:
                self._viewer.layers.remove(layer)

    def has(self, beginning: str) -> bool:
        """Tell whether there are layers of an earlier prediction to use again."""
        return any(part.startswith(beginning) for part in self._free)

    def _take(self, part: str, ndim: int) -> Labels | Image | None:
        """Return the layer to use again; one that cannot be is removed or kept."""
        layer = self._free.pop(part, None)
        if layer is None or layer not in self._viewer.layers:
            return None
        about = layer.metadata[METADATA_KEY]
        if about.get("unsaved"):
            about["part"] = ""
            self.kept.append(layer.name)
            return None
        if ndim >= 0 and (about.get("painted") or layer.ndim != ndim):
            # napari would undo old strokes in the new mask.
            self._viewer.layers.remove(layer)
            return None
        return layer

    def _about(self, part: str, kind: str) -> dict[str, str]:
        return {"role": "prediction", "kind": kind, "of": self._of, "part": part}


def known_by(image: Image | None, path: Path | None) -> str:
    """Return what an image is known by: its file, or else its layer."""
    if image is not None:
        about = image.metadata.get(METADATA_KEY, {})
        return str(about.get("path") or image.unique_id)
    return str(path)


def opened_from(
    viewer: Viewer, path: Path | None, shape: tuple[int, ...]
) -> Image | None:
    """Return the layer that the Data or the Predict tab has made of a file, if any."""
    for layer in viewer.layers:
        if type(layer) is Image and not layer.multiscale and path is not None:
            about = layer.metadata.get(METADATA_KEY, {})
            if about.get("path") == str(path) and layer.data.shape == shape:
                return layer
    return None


def watch(layer: Labels) -> None:
    """Notice from now on when the user paints on a layer of ours."""
    layer.events.paint.connect(_on_painted)
    layer.events.data.connect(_on_painted)


def saved(layer: Labels) -> None:
    """Take note that what was painted is on the disk."""
    layer.metadata[METADATA_KEY].pop("unsaved", None)


def _on_painted(event: Any) -> None:
    event.source.metadata[METADATA_KEY].update(painted=True, unsaved=True)


def _dress(layer: Layer, data: NDArray[Any], kwargs: dict[str, Any]) -> None:
    """Give a layer other pixels, another name and look; it is out of sight so far."""
    layer.data = data
    change(layer, **{key: kwargs[key] for key in kwargs if key not in LAST})
    change(layer, visible=kwargs.get("visible", True))
