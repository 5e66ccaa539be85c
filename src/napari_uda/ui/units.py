"""The units of our own layers: those of the user's layers, and always the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer
    from napari.viewer import Viewer


class UnitFollower:
    """Gives layers of ours the units of the user's layers.

    Where units cannot be converted into each other, such as pixels and nanometres,
    napari draws without any and says so; it must never do so because of a layer that
    the user did not make.

    Parameters
    ----------
    viewer
        Whose layers; not kept alive.
    is_ours
        Tells the layers that follow from those that are followed.
    """

    def __init__(self, viewer: Viewer, is_ours: Callable[[Layer], bool]) -> None:
        self._layers = viewer.layers
        self._is_ours = is_ours
        viewer.layers.events.inserted.connect(self._on_inserted)
        # napari's own answer to `inserted` comes before ours, draws, and complains of
        # units while it does. The axes learn of the units before that.
        if hasattr(viewer.dims.events, "units"):
            viewer.dims.events.units.connect(self.follow)
        for layer in viewer.layers:
            layer.events.units.connect(self.follow)
        self.follow()

    def units(self, ndim: int) -> tuple[Any, ...] | None:
        """Return the units of the last axes of a layer of ours; None if any will do.

        Without layers of the user's, ours keep the units that they have.

        Parameters
        ----------
        ndim
            Axes of that layer; there may be fewer units.
        """
        deep = [layer for layer in self._layers if layer.ndim >= 2]
        users = [layer for layer in deep if not self._is_ours(layer)]
        known = [layer.units for layer in users or deep]
        if not known:
            return None
        # Axes are counted from the last; what one layer lacks, another may have.
        most = max(known, key=lambda units: min(len(units), ndim))
        return tuple(most[-ndim:])

    def follow(self, _event: Any = None) -> None:
        """Make every layer of ours follow."""
        for layer in self._layers:
            if not self._is_ours(layer):
                continue
            units = self.units(layer.ndim) or ()
            wanted = (*layer.units[: layer.ndim - len(units)], *units)
            if tuple(layer.units) != wanted:
                layer.units = wanted

    def _on_inserted(self, event: Any) -> None:
        if not self._is_ours(event.value):
            event.value.events.units.connect(self.follow)
        self.follow()
