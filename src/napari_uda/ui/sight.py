"""Where the camera is put, and whether it shows anything there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .layers import camera_of
from .session import role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari import Viewer
    from napari.layers import Layer
    from numpy.typing import NDArray


FILLED = 0.95
"""How much of the canvas is filled by what the camera is moved to, as in napari."""


@dataclass(frozen=True, eq=False)
class Sight:
    """What the camera was fitted to, and where that put it."""

    low: NDArray[Any]
    """Least y and x of the layers, in world units."""
    high: NDArray[Any]
    """Greatest y and x of the layers, in world units."""
    camera: tuple[float, ...]
    """Where the camera was then."""
    alone: bool
    """Whether it was fitted to these layers alone, and not to all there are."""

    @classmethod
    def of(cls, viewer: Viewer, layers: Sequence[Layer], alone: bool) -> Sight:
        """Return what a camera that has just been fitted shows."""
        return cls(*box_of(layers), _camera(viewer), alone)

    def is_exceeded_by(self, low: NDArray[Any], high: NDArray[Any]) -> bool:
        """Tell whether a box is not within that of the layers."""
        # What is lost of a pixel in rounding is no growth.
        slack = 1e-6 * (self.high - self.low)
        return bool((low < self.low - slack).any() or (high > self.high + slack).any())

    def was_left(self, viewer: Viewer) -> bool:
        """Tell whether the camera was moved since."""
        return not np.allclose(_camera(viewer), self.camera)


def look_at(viewer: Viewer, layers: Sequence[Layer]) -> None:
    """Move the camera to layers, and nothing but these."""
    able = bool(layers) and hasattr(viewer, "fit_to_view")  # not in every napari
    # napari 0.9.2 cannot fit the view to layers of fewer axes than the viewer has.
    flat = able and max(layer.ndim for layer in layers) < viewer.dims.ndim
    if not able or (flat and viewer.dims.ndisplay == 3):
        viewer.reset_view()
    elif not flat:
        viewer.fit_to_view(layers=layers)
    else:
        low, high = box_of(layers)
        size = high - low + np.abs(layers[0].scale[-2:])  # to the rims of the pixels
        camera = camera_of(viewer)
        camera.center = (*camera.center[:-2], *(low + high) / 2)
        camera.zoom = float(FILLED * np.min(viewer.canvas.size / size))


def box_of(layers: Sequence[Layer]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return least and greatest y and x of layers, in world units."""
    boxes = np.stack([layer.extent.world[:, -2:] for layer in layers])
    return boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)


def can_be_seen(viewer: Viewer, layers: Iterable[Layer]) -> bool:
    """Tell whether any of layers is on the canvas; True where nobody can tell."""
    camera = camera_of(viewer)
    tilted = viewer.dims.ndisplay == 3 or not np.allclose(
        camera.angles, type(camera)().angles
    )
    if tilted or not hasattr(viewer, "canvas"):  # before napari 0.9 there was none
        return True
    half = np.array(viewer.canvas.size) / (2 * camera.zoom)
    center = np.array(camera.center[-2:])
    seen = [one for one in layers if one.visible and role_of(one) != "caption"]
    boxes = [layer.extent.world[:, -2:] for layer in seen if layer.ndim >= 2]
    return any(
        (box[0] < center + half).all() and (box[1] > center - half).all()
        for box in boxes
    )


def _camera(viewer: Viewer) -> tuple[float, ...]:
    """Return zoom, angles, and y and x of the centre in pixels of the canvas."""
    camera = camera_of(viewer)
    center = (camera.zoom * part for part in camera.center[-2:])
    return (camera.zoom, *camera.angles, *center)
