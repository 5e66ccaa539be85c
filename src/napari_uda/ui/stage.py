"""Whose pictures the viewer shows: those of one tab at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from qtpy.QtCore import QObject, Signal

from .layers import bring_back, camera_of, put_aside
from .session import METADATA_KEY, role_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Layer
    from napari.viewer import Viewer

Owner = Literal["", "data", "train", "predict", "check"]


class Stage(QObject):
    """The viewer as the tabs share it.

    The pictures of a tab are layers of ours, often in one and the same place. Whoever
    takes the stage finds its pictures and the camera as they were, on top of the rest;
    those of all others wait out of sight, also where their tab was closed. What the
    user has hidden stays hidden.

    A tab takes the stage when the user does something there. What comes by itself,
    such as previews, is shown if the stage is open to its tab, and waits if not.

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
        self._held = False
        self.owner: Owner = ""
        """Whose pictures can be seen; empty: nobody's."""
        self.turning = False
        """Whether pictures come and go just now; `changed` follows."""

    def take(self, owner: Owner) -> None:
        """Show the pictures of a tab, and put those of all others aside."""
        self._held = True
        if owner == self.owner:
            return
        self.turning = True
        self._clear(layer for layer in self._viewer.layers if owner_of(layer) != owner)
        self.owner = owner
        ours = self.pictures(owner)
        for layer in ours:
            bring_back(layer)
        self._raise(ours)
        seen = any(layer.visible for layer in ours)
        if seen and (camera := self._cameras.pop(owner, None)):
            self._turn(camera)
        self._end_turn()

    def leave(self, owner: Owner) -> None:
        """Put the pictures of a tab aside, if it is theirs that can be seen."""
        if not owner or owner != self.owner:
            return
        self.turning = True
        self._clear(self.pictures(owner))
        self.owner, self._held = "", False
        self._end_turn()

    def release(self, owner: Owner) -> None:
        """Leave the pictures of a tab in sight until another has some to show."""
        if owner == self.owner:
            self._held = False

    def expect(self, owner: Owner) -> None:
        """Open the stage to a tab that the user wants to see pictures of."""
        if owner != self.owner:
            self._held = False

    def is_open_to(self, owner: Owner) -> bool:
        """Tell whether a tab may show what nobody has asked for just now."""
        return owner == self.owner or not self._held

    def tidy(self, owner: Owner) -> None:
        """Put aside what a tab has just made or changed while another has the stage."""
        if self.owner not in ("", owner):
            self._clear(self.pictures(owner))

    def pictures(self, owner: Owner) -> list[Layer]:
        """Return the layers of a tab, whether they can be seen or not."""
        return [layer for layer in self._viewer.layers if owner_of(layer) == owner]

    def _clear(self, layers: Iterable[Layer]) -> None:
        """Put pictures aside; where the camera was belongs to those of the owner."""
        seen = [layer for layer in layers if layer.visible and owner_of(layer)]
        if self.owner and self.owner in map(owner_of, seen):
            self._cameras[self.owner] = self._camera()
        for layer in seen:
            put_aside(layer)

    def _end_turn(self) -> None:
        self.turning = False
        self.changed.emit()

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


def owner_of(layer: Layer) -> Owner:
    """Return the tab that a picture belongs to; empty for what is the user's."""
    about = layer.metadata.get(METADATA_KEY, {})
    match role_of(layer):
        case "preview":
            return "train"
        case "check":
            return "check"
        case "prediction":
            return "predict"
        case "caption":
            owner: Owner = about.get("owner", "")
            return owner
        case None if about.get("path"):
            return "predict"  # the image of a file that was predicted
    return ""
