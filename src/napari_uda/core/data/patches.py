"""Deterministic patches, cut and augmented on the training device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

from napari_uda.core.errors import UserError
from napari_uda.core.method import Patch
from napari_uda.core.spec.domain import IGNORE

from .appearance import AS_IT_IS, Appearance
from .augment import Augmentation

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_uda.core.spec.methods import MethodConfig

    from .load import LoadedSample

MOST_SEEDS = 20_000
"""Foreground voxels remembered per structure and sample for balanced sampling."""


class PatchSampler:
    """Cuts random patches; a batch depends only on the seed, its index and the rank.

    Parameters
    ----------
    samples
        What to sample from; all labelled voxels of all samples are equally likely.
    config
        Patch shape, batch size, augmentation.
    outputs
        Channels of labels where structures overlap, else 0.
    seed, stream
        Batches of different streams are independent.
    device
        Where images are kept; memory-mapped ones stay on disk.
    augment_intensity
        Strength of the intensity augmentation, in [0, 1].
    appearance
        How patches are made to look otherwise, after that.
    labelled_fraction
        Part of the patches taken from labelled samples, where only some are labelled;
        0: as many as their size gives.

    Raises
    ------
    UserError
        If an image has fewer axes than a patch.
    """

    def __init__(
        self,
        samples: list[LoadedSample],
        config: MethodConfig,
        *,
        outputs: int,
        seed: int,
        stream: int,
        device: torch.device,
        augment_intensity: float = 0.0,
        appearance: Appearance = AS_IT_IS,
        labelled_fraction: float = 0.0,
    ) -> None:
        flat = [s.name for s in samples if s.image.ndim < config.dims]
        if flat:
            raise UserError(
                f"sample '{flat[0]}' is a 2D image, but dims = 3 trains on volumes: "
                "set method.dims=2."
            )
        self._config = config
        self._seed = (seed, stream)
        self._outputs = outputs
        self._device = device
        self._augment = Augmentation(
            flip=config.flip, rotate=config.rotate, intensity=augment_intensity
        )
        self._appearance = appearance
        self._images = [_resident(sample.image, device) for sample in samples]
        self._labels = [
            None if sample.labels is None else _resident(sample.labels, device)
            for sample in samples
        ]
        self._labelled = any(labels is not None for labels in self._labels)
        self._foreground = [_foreground(sample) for sample in samples]
        sizes = np.array([sample.image.size for sample in samples], float)
        labelled = np.array([sample.labels is not None for sample in samples])
        self._chance = _weights(sizes, labelled, labelled_fraction)

    def batch(self, index: int, rank: int = 0) -> Patch:
        """Return batch number `index` of a worker."""
        random = np.random.default_rng([*self._seed, index, rank])
        pairs = [self._one(random) for _ in range(self._config.batch_size)]
        images = torch.stack([image for image, _ in pairs]).unsqueeze(1)
        labels = torch.stack([label for _, label in pairs])
        images = self._augment.intensities(images, random)
        return Patch(self._appearance(images, random), labels, self._labelled)

    def _one(self, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        number = int(random.choice(len(self._images), p=self._chance))
        image, labels = self._images[number], self._labels[number]
        plane: tuple[int, ...] = ()
        centre = None
        seeds = self._foreground[number]
        if seeds and random.random() < self._config.foreground:
            structure = seeds[int(random.integers(len(seeds)))]
            centre = structure[int(random.integers(len(structure)))]
        if self._config.dims == 2 and image.ndim == 3:
            depth = image.shape[0]
            z = int(random.integers(depth)) if centre is None else int(centre[0])
            plane = (z,)
            centre = None if centre is None else centre[1:]
        shape = self._config.patch_shape
        where = _window(random, image.shape[len(plane) :], shape, centre)
        patch = _to(_cut(image, (*plane, *where)), self._device, torch.float32)
        if labels is None:
            leading = (self._outputs,) if self._outputs else ()
            label = patch.new_full((*leading, *patch.shape), IGNORE, dtype=torch.uint8)
        else:
            masks = (slice(None),) * (labels.ndim - image.ndim)
            cut = _cut(labels, (*masks, *plane, *where))
            label = _to(cut, self._device, torch.uint8)
        patch, label = _pad(patch, shape, None), _pad(label, shape, IGNORE)
        return self._augment.geometry(patch, label, random)


def _weights(
    sizes: NDArray[np.float64], labelled: NDArray[np.bool_], fraction: float
) -> NDArray[np.float64]:
    """Return the chance of each sample; `fraction` of it goes to the labelled ones."""
    if fraction > 0 and labelled.any() and not labelled.all():
        chance = np.where(
            labelled,
            fraction * sizes / sizes[labelled].sum(),
            (1 - fraction) * sizes / sizes[~labelled].sum(),
        )
        return np.asarray(chance / chance.sum(), np.float64)
    return np.asarray(sizes / sizes.sum(), np.float64)


def _resident(
    array: NDArray[np.generic], device: torch.device
) -> Tensor | NDArray[np.generic]:
    if isinstance(array, np.memmap):
        return array
    kind = torch.float16 if device.type == "cuda" else None
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor.to(device, kind if tensor.is_floating_point() else None)


def _cut(
    array: Tensor | NDArray[np.generic], where: tuple[int | slice, ...]
) -> Tensor | NDArray[np.generic]:
    cut: Tensor | NDArray[np.generic] = array[where]
    return cut


def _to(
    values: Tensor | NDArray[np.generic], device: torch.device, kind: torch.dtype
) -> Tensor:
    if isinstance(values, np.ndarray):
        values = torch.from_numpy(np.array(values))
    return values.to(device, kind)


def _foreground(sample: LoadedSample) -> list[NDArray[np.int64]]:
    """Return voxel coordinates of each structure of a sample, at most MOST_SEEDS."""
    if sample.labels is None:
        return []
    overlapping = sample.labels.ndim > sample.image.ndim
    if overlapping:
        masks = [mask == 1 for mask in sample.labels]
    else:
        present = np.unique(sample.labels)
        masks = [sample.labels == i for i in present if 0 < i < IGNORE]
    seeds = []
    for mask in masks:
        flat = np.flatnonzero(mask)
        if len(flat):
            flat = flat[:: -(-len(flat) // MOST_SEEDS)]
            seeds.append(np.stack(np.unravel_index(flat, mask.shape), axis=1))
    return seeds


def _window(
    random: np.random.Generator,
    shape: tuple[int, ...],
    size: tuple[int, ...],
    centre: NDArray[np.int64] | None,
) -> tuple[slice, ...]:
    window = []
    for axis, (side, wanted) in enumerate(zip(shape, size, strict=True)):
        room = max(0, side - wanted)
        if centre is None:
            start = int(random.integers(room + 1))
        else:
            jitter = int(random.integers(-(wanted // 4), wanted // 4 + 1))
            start = min(room, max(0, int(centre[axis]) - wanted // 2 + jitter))
        window.append(slice(start, min(side, start + wanted)))
    return tuple(window)


def _pad(patch: Tensor, shape: tuple[int, ...], value: int | None) -> Tensor:
    """Pad a patch of a small image: by its edge, or by `value`."""
    missing = [
        wanted - side
        for side, wanted in zip(patch.shape[-len(shape) :], shape, strict=True)
    ]
    if not any(missing):
        return patch
    padding = [x for gap in reversed(missing) for x in (gap // 2, gap - gap // 2)]
    if value is not None:
        return F.pad(patch, padding, value=value)
    return F.pad(patch[None, None], padding, mode="replicate")[0, 0]
