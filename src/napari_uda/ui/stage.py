"""Whose pictures the viewer shows: those of one tab at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from qtpy.QtCore import QObject, Signal

from .layers import bring_back, camera_of, put_aside
from .session import METADATA_KEY, role_of

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

Owner = Literal["", "data", "train", "predict", "check"]


class Stage(QObject):
    """The viewer as the tabs share it.

    The pictures of a tab are layers of ours, often in one and the same place. Whoever
    takes the stage finds its pictures and the camera as they were, on top of the rest;
    those of the others wait out of sight. What the user has hidden stays hidden.

    Parameters
    ----------
    viewer
        The viewer.
    """

    changed = Signal()
    """Somebody took the stage, or left it."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._cameras: dict[Owner, tuple[Any, ...]] = {}
        self.owner: Owner = ""
        """Whose pictures can be seen; empty: nobody's."""

    def take(self, owner: Owner) -> None:
        """Show the pictures of a tab, and put those of the one before aside."""
        if owner == self.owner:
            return
        self.leave(self.owner)
        self.owner = owner
        ours = self._pictures(owner)
        for layer in ours:
            bring_back(layer)
        self._raise(ours)
        if ours and (camera := self._cameras.pop(owner, None)):
            self._turn(camera)
        self.changed.emit()

    def leave(self, owner: Owner) -> None:
        """Put the pictures of a tab aside, if it is theirs that can be seen."""
        if not owner or owner != self.owner:
            return
        seen = [layer for layer in self._pictures(owner) if layer.visible]
        if seen:
            self._cameras[owner] = self._camera()
        for layer in seen:
            put_aside(layer)
        self.owner = ""
        self.changed.emit()

    def _pictures(self, owner: Owner) -> list[Layer]:
        return [layer for layer in self._viewer.layers if _owner_of(layer) == owner]

    def _raise(self, ours: list[Layer]) -> None:
        """Have pictures above all others, in their order."""
        layers = self._viewer.layers
        seen = [layer for layer in ours if layer.visible]
        if not seen:
            return
        lowest = layers.index(seen[0])
        above = [one for one in layers[lowest:] if one.visible and one not in ours]
        if above:
            layers.move_multiple([layers.index(one) for one in ours], len(layers))

    def _camera(self) -> tuple[Any, ...]:
        camera = camera_of(self._viewer)
        return self._viewer.dims.ndisplay, camera.center, camera.zoom, camera.angles

    def _turn(self, to: tuple[Any, ...]) -> None:
        ndisplay, center, zoom, angles = to
        if ndisplay == self._viewer.dims.ndisplay:
            camera = camera_of(self._viewer)
            camera.center, camera.zoom, camera.angles = center, zoom, angles


def _owner_of(layer: Layer) -> Owner:
    """Return the tab that a picture belongs to; those of Train look after theirs."""
    match role_of(layer):
        case "check":
            return "check"
        case "prediction":
            return "predict"
        case None if layer.metadata.get(METADATA_KEY, {}).get("path"):
            return "predict"  # the image of a file that was predicted
    return ""
