"""The layers of all predicted images; of images made of files, one is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .overlays import Overlay, Side, View
from .sight import look_at

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from .predict_inputs import Chosen
    from .predicting import PredictResult
    from .scored import Scored
    from .stage import Stage


class PredictedLayers:
    """Overlays by the number of their image.

    Images of files lie on one spot, so that all but one hide; those that are layers of
    the user are shown as the user has arranged them.

    Parameters
    ----------
    viewer
        Where to show them.
    stage
        The viewer as the tabs share it.
    """

    def __init__(self, viewer: Viewer, stage: Stage) -> None:
        self.view: View = "fill"
        """How predictions are shown."""
        self.side: Side = "after"
        """Whose masks are shown: the run's, or the baseline's."""
        self.kept: list[str] = []
        """Names of layers of earlier predictions that the user has painted on."""
        self.shown: int | None = None
        """Number of the image of a file that is shown."""
        self.away = False
        """Whether another tab is in front: what can wait waits."""
        self._viewer = viewer
        self._stage = stage
        self._overlays: dict[int, Overlay] = {}

    def __len__(self) -> int:
        """Return how many images have layers."""
        return len(self._overlays)

    def __contains__(self, number: int) -> bool:
        """Tell whether an image has had layers, removed or not."""
        return number in self._overlays

    def get(self, number: int) -> Overlay | None:
        """Return the overlay of an image, unless it is not there or was removed."""
        overlay = self._overlays.get(number)
        return overlay if overlay is not None and overlay.is_alive() else None

    def start(self) -> None:
        """Begin anew; what is there hides as soon as there is something else."""
        self._overlays, self.shown = {}, None
        self.kept, self.side = [], "after"

    def add(self, number: int, result: PredictResult, chosen: Chosen) -> Overlay:
        """Make the layers of an image; those of the first file are shown."""
        self.take_stage()
        image = chosen.image if chosen.image in self._viewer.layers else None
        if not self._overlays:
            # Of an earlier prediction, maybe in a dock that was closed.
            for layer in self._stage.pictures("predict"):
                if layer is not image:
                    layer.visible = False
        visible = image is not None or self.shown is None
        taken = {one.of for at, one in self._overlays.items() if at != number}
        overlay = Overlay(self._viewer, result, image, chosen.axes, visible, taken)
        overlay.apply(self.view, self.side)
        self._overlays[number] = overlay
        self.kept += overlay.kept
        if image is None and visible:
            self.shown = number
            look_at(self._viewer, [overlay.image])
        return overlay

    @property
    def in_charge(self) -> bool:
        """Whether the tab is in front and has the stage."""
        return not self.away and self._stage.owner == "predict"

    def take_stage(self) -> None:
        """Be what the viewer shows, unless another tab is in front."""
        if not self.away:
            self._stage.take("predict")

    def give_up_stage(self) -> None:
        """Stay in sight until another tab has something to show."""
        self._stage.release("predict")

    def begin_again(self) -> list[int]:
        """Return the images to `add` again, if all layers of all were removed."""
        if self.away or any(one.is_alive() for one in self._overlays.values()):
            return []
        again = [*self._overlays] if self.shown is None else [self.shown]
        self.shown = None
        return again

    def give_truth(self, number: int, scored: Scored) -> None:
        """Add truth and what differs from it to an image, if that has layers."""
        if (overlay := self.get(number)) is not None:
            overlay.set_truth(scored.truth, scored.difference, scored.difference_before)
            self._stage.tidy("predict")

    def apply(self) -> None:
        """Show masks in the chosen view and of the chosen side, or wait for it."""
        self.take_stage()
        if self._stage.owner != "predict":
            return
        selection = self._viewer.layers.selection
        active = selection.active
        for overlay in self._overlays.values():
            ours = active in overlay.shown_labels()
            overlay.apply(self.view, self.side)
            if ours and (masks := overlay.shown_labels()):
                # Nobody shall paint on what is out of sight.
                active = masks[0]
        selection.active = active  # a new layer would be it

    def refresh(self, _event: Any = None) -> None:
        """Apply once more, unless another tab has the stage."""
        if self._stage.owner == "predict":
            self.apply()

    def show(self, number: int) -> None:
        """Show an image and go to it; other images made of files hide."""
        self.take_stage()
        overlay = self._overlays[number]
        if overlay.is_of_file:
            for other in self._overlays.values():
                if other.is_of_file and other is not overlay:
                    other.hide()
            overlay.show()
            self.shown = number
        layers = self._viewer.layers
        if overlay.image in layers:
            look_at(self._viewer, [overlay.image])
        if (labels := overlay.shown_labels()[0]) in layers:
            layers.selection.active = labels
