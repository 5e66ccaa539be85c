"""The fixed images on which a run is judged and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from napari_uda.core.inference.tiled import tile_windows
from napari_uda.core.spec.domain import IGNORE

from .selection import dice_scores, information, morphology
from .translated import measure_translations

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_uda.core.data.load import LoadedSample
    from napari_uda.core.method import Method
    from napari_uda.core.spec.domain import DomainName
    from napari_uda.core.spec.methods import MethodConfig

SIDE = 256
"""Largest side of a gallery image in pixels."""
SHOWN = 3
"""Images of each domain in a preview."""
JUDGED = 6
"""Images of each domain that scores are computed on."""


@dataclass(frozen=True)
class Views:
    """Crops of equal shape from one domain.

    Attributes
    ----------
    images
        (N, 1, *spatial).
    labels
        (N, [K,] *spatial), 255 where not labelled.
    """

    images: Tensor
    labels: Tensor

    def first(self, count: int) -> Views:
        """Return the first views."""
        return Views(self.images[:count], self.labels[:count])


class Judgement(NamedTuple):
    """What a method is worth on the fixed images; the fields of a Validation."""

    scores: dict[str, float]
    """Scores that use no target labels."""
    truth: dict[str, float]
    """Dice on the truth, where there is any."""
    shares: dict[str, float]
    """Share of each structure among the pixels predicted in target images."""
    translations: dict[str, dict[str, float]]
    """Measures of translations by the look they got."""


def cut_views(
    samples: list[LoadedSample],
    config: MethodConfig,
    masks: int,
    *,
    prefer_labelled: bool,
    device: torch.device,
) -> Views:
    """Cut evenly spread crops of equal shape from samples.

    Parameters
    ----------
    samples
        Where to cut.
    config
        Settings of the method: 2D or 3D and the patch shape.
    masks
        Number of structures where they overlap, else 0.
    prefer_labelled
        Take crops that contain structures, if there are enough of them.
    device
        Where the views shall live.
    """
    shape = _view_shape(samples, config)
    places: list[tuple[LoadedSample, tuple[int | slice, ...]]] = []
    for sample in samples:
        planes = _planes(sample, config.dims)
        for plane in planes:
            spatial = sample.image.shape[len(plane) :]
            places += [
                (sample, (*plane, *window))
                for window in tile_windows(spatial, shape, 0)
            ]
    if prefer_labelled:
        rich = [place for place in places if _has_structures(*place)]
        places = rich if len(rich) >= SHOWN else places
    count = min(JUDGED, len(places))
    picks = np.linspace(0, len(places) - 1, count).round().astype(int)
    chosen = [places[i] for i in picks]
    images = np.stack([np.asarray(s.image[where], np.float32) for s, where in chosen])
    labels = np.stack([_labels(s, where, shape, masks) for s, where in chosen])
    return Views(
        torch.from_numpy(images).unsqueeze(1).to(device),
        torch.from_numpy(labels).to(device),
    )


class Gallery:
    """Judges and shows a method on fixed images of both domains.

    Parameters
    ----------
    source
        Labelled views held out from training.
    target
        Views of training images: label-free scores look at these only.
    tested
        Views of test images, whose labels only the scores marked as truth use.
    shown
        Source views for previews; target previews are those of `tested`.
    structures
        Names of the structures.
    overlapping
        Whether structures may overlap.
    expected
        Share of each structure among the source's labelled pixels.
    """

    def __init__(
        self,
        source: Views,
        target: Views,
        tested: Views,
        shown: Views,
        structures: tuple[str, ...],
        overlapping: bool,
        expected: Tensor,
    ) -> None:
        self._source = source
        self._target = target
        self._tested = tested
        self._shown = {"source": shown.first(SHOWN), "target": tested.first(SHOWN)}
        self._structures = structures
        self._overlapping = overlapping
        self._expected = expected

    @torch.inference_mode()
    def judge(self, method: Method[MethodConfig]) -> Judgement:
        """Score a method, and measure what shows that it is in trouble."""
        source = self._decide(self._chance(method, "source", self._source))
        chance = self._chance(method, "target", self._target)
        target = self._decide(chance)
        mutual, confidence = self._information(chance)
        mirrored = self._chance(method, "target", self._target, mirror=True)
        shares = self._shares(target)
        scores = {
            "source_dice": _mean(self._dice(source, self._source.labels)),
            "information": mutual,
            "confidence": confidence,
            "consistency": _mean(self._dice(self._decide(mirrored), target)),
            "morphology": morphology(shares, self._expected),
        }
        translations = {}
        if "target" in method.translates:
            fakes = Views(
                _translated(method, self._source.images, "target"), self._source.labels
            )
            there = self._decide(self._chance(method, "target", fakes))
            scores["cycle_dice"] = _mean(self._dice(there, fakes.labels))
            translations["target"] = self._measured(
                self._source.images, fakes.images, self._target.images
            )
        if "source" in method.translates:
            images = self._target.first(SHOWN).images
            back = _translated(method, images, "source")
            translations["source"] = self._measured(images, back, self._source.images)
        named = dict(zip(self._structures, shares.tolist(), strict=True))
        return Judgement(scores, self._truth(method), named, translations)

    @property
    def expected(self) -> dict[str, float]:
        """Share of each structure among the source's labelled pixels, by name."""
        return dict(zip(self._structures, self._expected.tolist(), strict=True))

    def _truth(self, method: Method[MethodConfig]) -> dict[str, float]:
        """Return Dice on the truth by structure, empty where there is none."""
        if not bool((self._tested.labels != IGNORE).any()):
            return {}
        tested = self._decide(self._chance(method, "target", self._tested))
        truth = self._dice(tested, self._tested.labels)
        named = dict(zip(self._structures, truth, strict=True))
        known = {name: value for name, value in named.items() if value == value}
        return {**known, "mean": _mean(truth)}

    def _measured(
        self, originals: Tensor, translations: Tensor, real: Tensor
    ) -> dict[str, float]:
        """Measure the first few translations (N, 1, *spatial)."""
        return measure_translations(
            *(
                self._middle(images[:SHOWN, 0].float()).cpu().numpy()
                for images in (originals, translations, real)
            )
        )

    @torch.inference_mode()
    def preview(self, method: Method[MethodConfig]) -> dict[str, NDArray[np.generic]]:
        """Return what the method makes of the shown images, as (n, y, x) arrays."""
        arrays: dict[str, Tensor] = {}
        for name, views in self._shown.items():
            arrays[name] = views.images[:, 0].half()
            if bool((views.labels != IGNORE).any()):
                arrays[f"{name}_label"] = views.labels.byte()
            chance = self._chance(method, name, views)
            arrays[f"{name}_prediction"] = self._decide(chance).byte()
            arrays |= _translations(method, name, views.images)
        return {
            name: self._middle(array).cpu().numpy() for name, array in arrays.items()
        }

    def _middle(self, array: Tensor) -> Tensor:
        """Take the middle slice of volumes."""
        volumes = self._source.images.ndim == 5
        return array[..., array.shape[-3] // 2, :, :] if volumes else array

    def _chance(
        self,
        method: Method[MethodConfig],
        domain: str,
        views: Views,
        *,
        mirror: bool = False,
    ) -> Tensor:
        segment = method.segment_source if domain == "source" else method.segment
        results = []
        for image in views.images:
            batch = image.unsqueeze(0)
            logits = segment(batch.flip(-1)).flip(-1) if mirror else segment(batch)
            logits = logits.float()
            results.append(logits.sigmoid() if self._overlapping else logits.softmax(1))
        return torch.cat(results)

    def _dice(self, prediction: Tensor, truth: Tensor) -> list[float]:
        count = len(self._structures)
        return dice_scores(prediction, truth, count, self._overlapping)

    def _shares(self, labels: Tensor) -> Tensor:
        """Return the share of each structure among all pixels."""
        masks = [
            labels[:, i] == 1 if self._overlapping else labels == i + 1
            for i in range(len(self._structures))
        ]
        return torch.stack([mask.float().mean() for mask in masks]).cpu()

    def _decide(self, chance: Tensor) -> Tensor:
        return (chance >= 0.5).byte() if self._overlapping else chance.argmax(1)

    def _information(self, chance: Tensor) -> tuple[float, float]:
        if not self._overlapping:
            return information(chance.transpose(0, 1).flatten(1))
        pairs = [
            information(torch.stack([one.flatten(), 1 - one.flatten()]))
            for one in chance.unbind(1)
        ]
        return _mean([p[0] for p in pairs]), _mean([p[1] for p in pairs])


def _translations(
    method: Method[MethodConfig], name: str, images: Tensor
) -> dict[str, Tensor]:
    """Return images (N, 1, *spatial) in the other look, and the source's way back."""
    to: DomainName = "target" if name == "source" else "source"
    if to not in method.translates:
        return {}
    fakes = _translated(method, images, to)
    arrays = {f"to_{to}": fakes[:, 0].half()}
    if name == "source" and "source" in method.translates:
        arrays["cycle"] = _translated(method, fakes, "source")[:, 0].half()
    return arrays


def _translated(method: Method[MethodConfig], images: Tensor, to: DomainName) -> Tensor:
    return torch.cat([method.translate(one, to) for one in images.unsqueeze(1)])


def structure_shares(
    samples: list[LoadedSample], structures: int, overlapping: bool
) -> Tensor:
    """Return the share of each structure among the labelled pixels of samples."""
    inside, total = np.zeros(structures), 0
    for sample in samples:
        if sample.labels is None:
            continue
        for i in range(structures):
            labels = sample.labels[i] if overlapping else sample.labels
            inside[i] += np.count_nonzero(labels == (1 if overlapping else i + 1))
        first = sample.labels[0] if overlapping else sample.labels
        total += int(np.count_nonzero(first != IGNORE))
    return torch.from_numpy(inside / max(1, total)).float()


def _mean(values: list[float]) -> float:
    known = [value for value in values if value == value]
    return sum(known) / len(known) if known else 0.0


def _view_shape(samples: list[LoadedSample], config: MethodConfig) -> tuple[int, ...]:
    dims = config.dims
    limits = (SIDE, SIDE) if dims == 2 else config.patch_shape
    shapes = [sample.image.shape[-dims:] for sample in samples]
    return tuple(min(limit, *(s[i] for s in shapes)) for i, limit in enumerate(limits))


def _planes(sample: LoadedSample, dims: int) -> list[tuple[int, ...]]:
    if sample.image.ndim == dims:
        return [()]
    depth = sample.image.shape[0]
    return [(int(z),) for z in np.unique(np.linspace(0, depth - 1, 7).round()[1:-1])]


def _has_structures(sample: LoadedSample, where: tuple[int | slice, ...]) -> bool:
    if sample.labels is None:
        return False
    leading = (slice(None),) * (sample.labels.ndim - sample.image.ndim)
    crop = sample.labels[(*leading, *where)]
    return bool(((crop > 0) & (crop != IGNORE)).any())


def _labels(
    sample: LoadedSample,
    where: tuple[int | slice, ...],
    shape: tuple[int, ...],
    masks: int,
) -> NDArray[np.uint8]:
    if sample.labels is None:
        return np.full(((masks,) if masks else ()) + shape, IGNORE, np.uint8)
    leading = (slice(None),) * (sample.labels.ndim - sample.image.ndim)
    crop: NDArray[np.uint8] = np.ascontiguousarray(sample.labels[(*leading, *where)])
    return crop
