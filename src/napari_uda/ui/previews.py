"""What the model sees, in the viewer: one layer per kind of picture, over all steps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from napari.qt.threading import thread_worker
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from napari_uda.core.spec.events import Preview, Resumed

from .captions import Captions, below
from .layers import class_colormap, look_at
from .mosaics import GAP, Mosaic, load_mosaics
from .session import FOLLOWING, METADATA_KEY, role_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari import Viewer
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_uda.core.spec.domain import Structure
    from napari_uda.core.spec.events import Event
    from napari_uda.core.spec.run import RunFolder

    from .session import Session

KEY = "Alt+S"
"""Shows the previews."""
FASTEST = 1000
"""Milliseconds between two previews at least: redrawing costs training its speed."""
BETWEEN_DOMAINS = 3 * GAP
"""Additional pixels between what began as source and what began as target."""
MARGIN = 0.04
"""Space between the user's data and the previews, as part of their height."""


class Previews(QWidget):
    """A slider over the previews of a run, and their layers in the viewer.

    Parameters
    ----------
    session
        The session of the viewer that shows the layers.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._run: RunFolder | None = None
        self._structures: tuple[Structure, ...] = ()
        self._steps: list[int] = []
        self._wanted: int | None = None
        self._loaded = 0
        self._worker: Any = None
        self._unshown: list[tuple[Mosaic, float]] = []
        self._origin: tuple[float, float, float] | None = None
        self._fitted: _View | None = None
        self._loaded_at = 0.0
        self._captions = Captions(session.viewer, "preview captions")
        self._placed: list[tuple[Mosaic, float]] = []

        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setToolTip("Step of the previews shown in the viewer")
        self.slider.valueChanged.connect(self._on_slid)
        self.step_label = QLabel("none yet")
        self.step_label.setMinimumWidth(56)
        self.live = QCheckBox("live")
        self.live.setToolTip("Always show the newest preview")
        self.live.setChecked(True)
        self.live.toggled.connect(self._on_live)
        self.show_button = QPushButton("Show")
        self.show_button.setMinimumWidth(48)
        self.show_button.setToolTip(
            f"Show the previews, and move the camera to them ({KEY})"
        )
        self.show_button.setShortcut(KEY)
        self.show_button.clicked.connect(self._on_show)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(QLabel("Preview"))
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.step_label)
        layout.addWidget(self.live)
        layout.addWidget(self.show_button)

        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._load)
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._show_next)
        self._enable()

    def open(self, run: RunFolder | None, structures: tuple[Structure, ...]) -> None:
        """Show the previews of another run; `add` tells which there are."""
        self._run, self._structures = run, structures
        self._steps, self._wanted, self._unshown = [], None, []
        self._origin = None
        self._enable()

    def add(self, events: Iterable[Event]) -> None:
        """Take in what a run has said; the newest preview is shown if `live`."""
        before = len(self._steps)
        for event in events:
            if isinstance(event, Resumed):
                self._steps = [step for step in self._steps if step <= event.step]
            elif isinstance(event, Preview) and event.step not in self._steps:
                self._steps.append(event.step)
        if len(self._steps) != before:
            self._enable()
            if self.live.isChecked() and self._steps:
                self._want(self._steps[-1])

    def layers(self) -> dict[str, Layer]:
        """Return the preview layers in the viewer by key."""
        return {
            layer.metadata[METADATA_KEY]["key"]: layer
            for layer in self._session.viewer.layers
            if role_of(layer) == "preview"
        }

    def _enable(self) -> None:
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(self._steps) - 1))
        if self.live.isChecked():
            self.slider.setValue(self.slider.maximum())
        self.slider.blockSignals(False)
        self.slider.setEnabled(len(self._steps) > 1)
        self.show_button.setEnabled(bool(self._steps))
        if not self._steps:
            self.step_label.setText("none yet")

    def _on_slid(self, index: int) -> None:
        self.live.setChecked(index == len(self._steps) - 1)
        if self._steps:
            self._want(self._steps[index])

    def _on_live(self, live: bool) -> None:
        if live:
            self.slider.setValue(self.slider.maximum())

    def _on_show(self) -> None:
        shown = self.layers()
        layers = [shown[one.key] for one, _ in self._placed if one.key in shown]
        for layer in layers:
            layer.visible = True
        look_at(self._session.viewer, layers)

    def _want(self, step: int) -> None:
        self._wanted = step
        self.step_label.setText(f"{step:,}")
        self._load()

    def _load(self) -> None:
        """Read the wanted preview, one at a time and not too often while live."""
        if self._wanted is None or self._worker is not None or self._run is None:
            return
        wait = FASTEST - int(1000 * (time.monotonic() - self._loaded_at))
        if self.live.isChecked() and wait > 0:
            self._patience.start(wait)
            return
        self._loaded_at = time.monotonic()
        step = self._loaded = self._wanted
        self._wanted = None
        self._worker = thread_worker(_load)(self._run.previews / f"{step:06d}.npz")
        self._worker.returned.connect(self._on_loaded)
        self._worker.start()

    def _on_loaded(self, mosaics: list[Mosaic]) -> None:
        if mosaics:
            self._lay_out(mosaics)
            self._show_next()
        else:
            self._go_on()

    def _lay_out(self, mosaics: list[Mosaic]) -> None:
        """Find the places of pictures side by side, in which they are to be shown."""
        left, domain, places = 0.0, "", []
        for mosaic in mosaics:
            if domain and mosaic.domain != domain:
                left += BETWEEN_DOMAINS
            places.append(left)
            left, domain = left + mosaic.data.shape[1] + GAP, mosaic.domain
        size = (max(mosaic.data.shape[0] for mosaic in mosaics), left - GAP)
        if self._origin is None or self._is_covered(*size):
            self._origin = self._place(*size)
        if not self._session.viewer.layers:
            self._fitted = None  # napari moves the camera to the first layer itself
        self._hide_others({mosaic.key for mosaic in mosaics})
        self._placed = list(zip(mosaics, places, strict=True))
        self._unshown = list(self._placed)

    def _show_next(self) -> None:
        """Show pictures at once, but make one layer per turn of the event loop.

        A redraw costs more than all new pictures (with one layer per turn, turns took
        twice as long); a new layer takes napari long.
        """
        while self._unshown:
            mosaic, place = self._unshown.pop(0)
            if self._show(mosaic, place) and self._unshown:
                self._next.start()
                return
        self._describe()
        self._fit()
        self._go_on()

    def _go_on(self) -> None:
        self._worker = None
        self._load()

    def _describe(self, _event: Any = None) -> None:
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

    def _fit(self) -> None:
        """Show everything: at first, and as previews grow, unless the user moved."""
        viewer = self._session.viewer
        boxes = [layer.extent.world for layer in self.layers().values()]
        low = np.min([box[0] for box in boxes], axis=0)
        high = np.max([box[1] for box in boxes], axis=0)
        before = self._fitted
        if before is not None:
            # What is lost of a pixel in rounding is no growth.
            slack = 1e-6 * (before.high - before.low)
            grown = (low < before.low - slack).any() or (
                high > before.high + slack
            ).any()
            if not grown or not np.allclose(_camera(viewer), before.camera):
                return
        viewer.reset_view()
        self._fitted = _View(low, high, _camera(viewer))

    def _show(self, mosaic: Mosaic, left: float) -> bool:
        """Show a picture in its layer; tell whether that had to be made."""
        assert self._origin is not None
        top, start, pixel = self._origin
        options: dict[str, Any] = {
            "name": mosaic.caption(self._loaded),
            "scale": (pixel, pixel),
            "translate": (top, start + left * pixel),
        }
        layer = self.layers().get(mosaic.key)
        if layer is None:
            self._add_layer(mosaic, options)
            return True
        # Images and truth stay the same all along; only what is predicted changes.
        if not np.array_equal(layer.data, mosaic.data):
            _replace(layer, mosaic.data)
        # Even a layer that is visible already would be laid out again, at some cost.
        if not layer.visible:
            layer.visible = True
        about = layer.metadata[METADATA_KEY]
        # What the user has renamed keeps that name.
        if layer.name == about["name"] != options["name"]:
            layer.name = options["name"]
            about["name"] = layer.name
        for name in ("scale", "translate"):
            if not np.allclose(getattr(layer, name), options[name]):
                setattr(layer, name, options[name])
        if (
            isinstance(layer, Labels)
            and layer.metadata["structures"] != self._structures
        ):
            layer.metadata["structures"] = self._structures
            layer.colormap = class_colormap(dict(enumerate(self._structures, 1)))
        return False

    def _add_layer(self, mosaic: Mosaic, options: dict[str, Any]) -> None:
        viewer = self._session.viewer
        kind = "labels" if mosaic.is_labels else "image"
        options["metadata"] = {
            METADATA_KEY: {"role": "preview", "kind": kind, "key": mosaic.key}
        }
        selected = set(viewer.layers.selection)
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
        viewer.add_layer(layer)
        layer.metadata[METADATA_KEY]["name"] = layer.name
        layer.events.visible.connect(self._describe)
        # The user's selection is the user's.
        if selected:
            viewer.layers.selection = selected

    def _is_covered(self, height: float, width: float) -> bool:
        """Tell whether a user's layer that can be seen lies where the strip does."""
        assert self._origin is not None
        *corner, pixel = self._origin
        low, high = np.array(corner), corner + np.array((height, width)) * pixel
        return any(
            (low < box[1] - pixel).all() and (box[0] < high - pixel).all()
            for layer in self._user_layers()
            if layer.visible
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
        return [
            layer
            for layer in self._session.viewer.layers
            if role_of(layer) not in FOLLOWING and layer.ndim >= 2
        ]

    def _hide_others(self, keys: set[str]) -> None:
        for key, layer in self.layers().items():
            if key not in keys and layer.visible:
                layer.visible = False


@dataclass(frozen=True, eq=False)
class _View:
    """What the camera was fitted to, and where that put it."""

    low: NDArray[Any]
    """Least y and x of the previews, in world units."""
    high: NDArray[Any]
    """Greatest y and x of the previews, in world units."""
    camera: tuple[float, ...]
    """What `_camera` returned then."""


def _replace(layer: Image | Labels, data: NDArray[Any]) -> None:
    """Give a layer other pixels.

    In the array that is there, where they fit in: napari then leaves alone what follows
    from the shape, of this and of all layers, which takes half of the time.
    """
    old = layer.data
    kind = (data.shape, data.dtype)
    if isinstance(old, np.ndarray) and (old.shape, old.dtype) == kind:
        old[...] = data
        layer.refresh(extent=False)
    else:
        layer.data = data


def _camera(viewer: Viewer) -> tuple[float, ...]:
    """Return zoom, angles, and y and x of the centre in pixels of the canvas."""
    scene = getattr(viewer, "scene", viewer)  # before napari 0.9 there was no scene
    camera = scene.camera
    center = (camera.zoom * part for part in camera.center[-2:])
    return (camera.zoom, *camera.angles, *center)


def _load(file: Path) -> list[Mosaic]:
    try:
        return load_mosaics(file)
    except (OSError, ValueError):
        # The run was deleted or is being copied: there is simply nothing to show.
        return []
