"""What an estimate needs to know of a run: its settings and the shapes of its data."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from .config import Config
from .experiment import Training
from .methods import AnyMethod

Shapes = tuple[tuple[int, ...], ...]


class Workload(Config):
    """A run without its pixels: what memory and time depend on."""

    method: AnyMethod
    """Method and its settings."""
    training: Training
    """How training runs."""
    source: Annotated[Shapes, Field(min_length=1)]
    """Shapes of the source images."""
    target: Annotated[Shapes, Field(min_length=1)]
    """Shapes of the target images that are trained on."""
    tested: Shapes = ()
    """Shapes of the target images that are only scored on."""
    structures: Annotated[int, Field(ge=1)] = 1
    """Number of structures."""
    overlapping: bool = False
    """Whether they may overlap."""
    truth: bool = False
    """Whether target images have labels to score with."""
    trains_on_target_labels: bool = False
    """Whether some of these train."""

    def with_method(self, **changes: int) -> Workload:
        """Return the same with other settings of the method."""
        method = self.method.model_copy(update=changes)
        return self.model_copy(update={"method": method})

    def image_bytes(self, shapes: Shapes) -> int:
        """Return what normalised images of these shapes take on a processor."""
        return 4 * sum(int(np.prod(shape)) for shape in shapes)

    def label_bytes(self, shapes: Shapes) -> int:
        """Return what their labels take."""
        masks = self.structures if self.overlapping else 1
        return masks * sum(int(np.prod(shape)) for shape in shapes)
