"""A piece of body, painted structure by structure and kept as tissues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .fields import fourier_noise, step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]


class Canvas:
    """A piece of body that is painted structure by structure, the outermost first.

    Parameters
    ----------
    rng
        Source of the warp that makes the anatomy of subjects differ.
    shape
        Shape in voxels.
    voxel_size
        Size of a voxel in mm.
    tissue
        What everything is made of at first.
    warp
        Standard deviation of the displacement in mm; it is smooth over `warp_length`.
    warp_length
        Correlation length of the warp in mm.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        shape: tuple[int, ...],
        voxel_size: float,
        tissue: str,
        warp: float = 0.0,
        warp_length: float = 30.0,
    ) -> None:
        self.rng = rng
        self.shape = shape
        self.voxel_size = voxel_size
        middle = np.reshape(np.array(shape) - 1, (-1,) + (1,) * len(shape)) / 2
        self.grid: Array = (voxel_size * (np.indices(shape) - middle)).astype(
            np.float32
        )
        """Coordinates (d, *shape) in mm from the middle, warped."""
        for axis in range(len(shape)):
            self.grid[axis] += warp * self.noise(warp_length)
        self.strokes: list[tuple[str, Array]] = [(tissue, np.ones(shape, np.float32))]
        """Tissues in the order of painting, and how much of each voxel they cover."""
        self.labels = np.zeros(shape, np.uint8)
        """Label of the structure in which the centre of each voxel lies."""

    def noise(self, length: float) -> Array:
        """Draw a smooth field of unit variance with a correlation length in mm."""
        return fourier_noise(self.rng, self.shape, length / self.voxel_size)

    def paint(
        self, tissue: str, depth: Array, label: int | None = 0, part: float = 1.0
    ) -> None:
        """Paint a structure over what is there.

        Parameters
        ----------
        tissue
            What it is made of.
        depth
            Depth in the structure in mm.
        label
            Its label; None leaves the labels as they are.
        part
            How much of its voxels is the tissue; the rest stays as it is.
        """
        self.strokes.append((tissue, part * step(depth / self.voxel_size)))
        if label is not None:
            self.labels[depth > 0] = label

    @property
    def tissues(self) -> list[str]:
        """All tissues, each once, in the order of painting."""
        return list(dict.fromkeys(tissue for tissue, _ in self.strokes))

    def mix(self, values: Mapping[str, float | Array]) -> Array:
        """Give every tissue its value; voxels that hold several get their mixture.

        Parameters
        ----------
        values
            For each tissue a number, or a field of the canvas's shape.
        """
        image = np.zeros(self.shape, np.float32)
        for tissue, weight in self.strokes:
            image += weight * (values[tissue] - image)
        return image
