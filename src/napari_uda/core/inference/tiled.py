"""Prediction of images of any size in overlapping, smoothly blended tiles."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from torch import Tensor


def predict_tiled(
    network: Callable[[Tensor], Tensor],
    image: NDArray[np.floating],
    outputs: int,
    tile: tuple[int, ...],
    *,
    overlap: float = 0.25,
    batch_size: int = 4,
    device: torch.device,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """Return the probabilities of an image, blended over overlapping tiles.

    Parameters
    ----------
    network
        Maps (N, 1, *spatial) to probabilities (N, outputs, *spatial).
    image
        Normalised image, shape (*spatial) with the dimension of `tile`.
    outputs
        Channels of the network's result.
    tile
        Shape of a tile; axes of the image that are shorter are taken whole.
    overlap
        Part of a tile shared with its neighbour.
    batch_size
        Tiles per forward pass.
    device
        Where the network is.
    progress
        Called with the number of tiles done and their total.

    Returns
    -------
    NDArray[np.float32]
        Probabilities (outputs, *spatial).
    """
    shape = image.shape
    size = tuple(min(side, wanted) for side, wanted in zip(shape, tile, strict=True))
    windows = list(tile_windows(shape, size, overlap))
    weight = tile_weight(size)
    total = np.zeros((outputs, *shape), np.float32)
    norm = np.zeros(shape, np.float32)
    for start in range(0, len(windows), batch_size):
        group = windows[start : start + batch_size]
        tiles = np.stack([np.asarray(image[where], np.float32) for where in group])
        with torch.inference_mode():
            batch = torch.from_numpy(tiles).unsqueeze(1).to(device)
            results = network(batch).float().cpu().numpy()
        for where, result in zip(group, results, strict=True):
            total[(slice(None), *where)] += result * weight
            norm[where] += weight
        if progress is not None:
            progress(min(start + batch_size, len(windows)), len(windows))
    total /= norm
    return total


def tile_windows(
    shape: tuple[int, ...], tile: tuple[int, ...], overlap: float
) -> Iterator[tuple[slice, ...]]:
    """Yield the windows of tiles that cover a shape, evenly spread."""
    starts = []
    for side, size in zip(shape, tile, strict=True):
        step = max(1.0, size * (1 - overlap))
        count = 1 if side <= size else 1 + int(np.ceil((side - size) / step))
        ends = np.linspace(0, side - size, count) if count > 1 else np.zeros(1)
        starts.append([round(float(end)) for end in ends])
    for corner in itertools.product(*starts):
        yield tuple(
            slice(start, start + size) for start, size in zip(corner, tile, strict=True)
        )


def sample_tiles(
    image: NDArray[np.floating], tile: tuple[int, ...], pixels: int
) -> NDArray[np.float32]:
    """Return evenly spread pieces (N, *half a tile) of an image, of so many pixels."""
    pairs = zip(image.shape, tile, strict=True)
    size = tuple(min(side, max(1, wanted // 2)) for side, wanted in pairs)
    windows = list(tile_windows(image.shape, size, 0))
    count = min(len(windows), max(1, pixels // int(np.prod(size))))
    picks = np.linspace(0, len(windows) - 1, count).round().astype(int)
    return np.stack([np.asarray(image[windows[i]], np.float32) for i in picks])


def tile_weight(tile: tuple[int, ...]) -> NDArray[np.float32]:
    """Return Gaussian weights with a standard deviation of an eighth of the tile."""
    weight = np.ones((1,) * len(tile), np.float32)
    for axis, size in enumerate(tile):
        position = np.arange(size) - (size - 1) / 2
        line = np.exp(-0.5 * (position / max(1.0, size / 8)) ** 2)
        view = [1] * len(tile)
        view[axis] = size
        weight = weight * line.reshape(view).astype(np.float32)
    return np.maximum(weight, 1e-4 * float(weight.max()))
