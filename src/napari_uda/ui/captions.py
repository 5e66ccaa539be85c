"""Captions in the canvas: words below each picture, of one size at every zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Points
from napari.utils.theme import get_theme

from .layers import camera_of
from .session import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.viewer import Viewer
    from numpy.typing import ArrayLike

    from .stage import Owner

LARGEST, SMALLEST = 9, 6
"""Sizes of the letters in points; where not even the smallest fit, there are none."""
LETTER = 0.85
"""Width of a letter in pixels of the canvas, for each point of its size; half of one is
left free before the next caption."""
GAP, ROOM = 0.01, 0.1
"""Space between a picture and its caption, and what is kept free for that when the view
is fitted, as parts of the picture's height."""


def below(height: float) -> tuple[float, float]:
    """Return where the words for a picture of that height begin and at most end."""
    return height * (1 + GAP) - 0.5, height * (1 + ROOM) - 0.5


class Captions:
    """A layer of ours that only has text: what is where, while it can be read.

    It is made when something is first shown and used again and again. The letters keep
    their size on the screen, get smaller where pictures are small, and go where they
    would run into each other, and in 3D.

    Parameters
    ----------
    viewer
        Where to show them.
    name
        Name of the layer.
    owner
        Tab whose pictures they are below.
    """

    def __init__(self, viewer: Viewer, name: str, owner: Owner) -> None:
        self._viewer = viewer
        self._name = name
        self._owner = owner
        self._texts: tuple[str, ...] = ()
        self._shown: tuple[Any, ...] = ()
        self._width = 0.0
        self._size = 0
        self._wanted = False
        self._camera = camera_of(viewer)
        self._camera.events.zoom.connect(self._on_zoom)
        viewer.dims.events.ndisplay.connect(self._on_zoom)
        viewer.events.theme.connect(self._on_theme)

    def show(
        self,
        texts: Sequence[str],
        corners: ArrayLike,
        width: float,
        place: dict[str, Any],
    ) -> None:
        """Show captions.

        Parameters
        ----------
        texts
            What to say, in one or several lines. An empty one keeps room.
        corners
            (n, ndim) where the words begin: left and below.
        width
            Width of the narrowest picture, in units of the world.
        place
            Scale, translate and so on, as of the pictures.
        """
        points = np.asarray(corners, float)
        self._width, self._wanted = width, True
        layer = self.layer(points.shape[1])
        # napari looks up the text of points that it drew last: while a layer is hidden,
        # of all that there were.
        spare = max(0, len(layer.data) - len(points)) if layer is not None else 0
        points = np.pad(points, ((0, spare), (0, 0)), mode="edge")
        texts = [*texts, *[""] * spare]
        now = (tuple(texts), points.tobytes(), repr(place))
        # Previews come and go by the thousand; what they are called stays.
        if layer is None or now != self._shown:
            self._texts, self._shown = tuple(texts), now
            self._make(points, place)
        self._on_zoom()

    def hide(self) -> None:
        """Show none."""
        self._wanted = False
        if (layer := self.layer()) is not None and layer.visible:
            layer.visible = False

    def remove(self) -> None:
        """Take our layer away."""
        if (layer := self.layer()) is not None:
            self._viewer.layers.remove(layer)
        self._wanted = False

    def layer(self, ndim: int | None = None) -> Points | None:
        """Return our layer, unless it was deleted or has other axes."""
        for layer in self._viewer.layers:
            about = layer.metadata.get(METADATA_KEY, {})
            if about.get("role") == "caption" and about.get("key") == self._name:
                return layer if ndim in (None, layer.ndim) else None
        return None

    def _make(self, points: np.ndarray, place: dict[str, Any]) -> None:
        """Say something else; with the same number of axes in the same layer."""
        layer = self.layer(points.shape[1])
        if layer is None:
            self.remove()
            self._wanted = True
            about = {"role": "caption", "key": self._name, "owner": self._owner}
            layer = Points(
                points,
                name=self._name,
                ndim=points.shape[1],
                size=1e-3,
                face_color="transparent",
                border_color="transparent",
                metadata={METADATA_KEY: about},
                **place,
            )
            layer.text = self._text()
            selected = set(self._viewer.layers.selection)
            self._viewer.add_layer(layer)
            # The user's selection is the user's.
            self._viewer.layers.selection = selected
            return
        layer.text.visible = False
        layer.data = points
        layer.text = self._text()
        # Also what stays: napari finds the extent of a hidden layer anew only then.
        for key, value in place.items():
            setattr(layer, key, value)

    def _text(self) -> dict[str, Any]:
        self._size = self._fitting()
        return {
            "string": list(self._texts),
            "anchor": "lower_left",  # as napari calls what grows to the lower right
            "size": max(self._size, SMALLEST),
            "color": self._color(),
            "blending": "translucent_no_depth",
        }

    def _color(self) -> str:
        return str(get_theme(self._viewer.theme).text.as_hex())

    def _fitting(self) -> int:
        """Return the size of letters that fits; 0 if none does."""
        lines = [line for text in self._texts for line in text.splitlines()]
        longest = max(map(len, lines), default=0)
        room = self._width * self._camera.zoom
        size = min(LARGEST, int(room / (LETTER * (longest + 0.5))))
        return size if size >= SMALLEST else 0

    def _on_zoom(self, _event: Any = None) -> None:
        layer = self.layer()
        if layer is None or not self._shown:
            return
        size = self._fitting()
        if size and size != self._size:
            layer.text.size = size
        self._size = size
        shown = self._wanted and size > 0 and self._viewer.dims.ndisplay == 2
        if layer.visible != shown:
            layer.visible = shown

    def _on_theme(self, _event: Any = None) -> None:
        layer = self.layer()
        if layer is not None and self._texts:
            layer.text = self._text()
