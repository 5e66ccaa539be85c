"""What the four scores of a translation say of changes whose harm is known.

    python benchmarks/trust.py

Slices of every built-in sample pair are changed as a good translation would (contrast
alone) and as a bad one would (noise, blur, shift, a moved structure, another image).
The thresholds of `core/metrics/trust.py` lie between. A segmenter that reads a changed
image perfectly finds the labels changed alike: its mask Dice is that of labels and
changed labels, whose outlines are a pixel off, as those of a good segmenter are. The
last columns are of the map of changes: what 95 % of its pixels stay below, the part of
them that is drawn, and that part near the border of the image.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation, gaussian_filter

from napari_uda.core.metrics.check_words import CHANGE_FLOOR
from napari_uda.core.metrics.check_words import STRUCTURE_SCORES as SCORES
from napari_uda.core.metrics.overlap import count
from napari_uda.core.metrics.structure import change_map, structure_scores
from napari_uda.core.metrics.trust import AGREES
from napari_uda.samples import SAMPLES, domains

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Image = NDArray[np.float64]
    Masks = dict[str, NDArray[np.bool_]]

PER_DOMAIN = 8
"""Slices of each domain."""
SHIFT, MOVED = 4, 8
"""Pixels by which an image is shifted, and its largest structure moved."""
EVERY = 4
"""Of the maps of changes, every so many pixels along each side are looked at."""
BORDER = 3
"""Pixels from the border of an image that count as near it."""
FEWEST = 60
"""Pixels of a structure that is to be moved."""


def slices() -> Iterator[tuple[str, Image, Masks]]:
    """Yield the sample, the slice scaled to [0, 1] and its masks."""
    for name in SAMPLES:
        for domain in domains(name):
            count_ = min(PER_DOMAIN, len(domain.images))
            for at in np.linspace(0, len(domain.images) - 1, count_).astype(int):
                image = np.asarray(domain.images[at], float)
                where = len(image) // 2 if image.ndim == 3 else ...
                masks: Masks = {}
                for key, stack in domain.stacks():
                    labels = np.asarray(stack[at])[where]
                    values = [1] if key else list(domain.classes)
                    for value in values:
                        mask = labels > 0 if key else labels == value
                        if mask.any():
                            masks[f"{key}{value}"] = mask
                flat = image[where]
                low, high = np.percentile(flat, (0.5, 99.5))
                if high > low:
                    yield name, np.clip((flat - low) / (high - low), 0, 1), masks


def changes(
    image: Image, masks: Masks, other: Image, other_masks: Masks
) -> Iterator[tuple[str, Image, Masks]]:
    """Yield each change, the image and the masks after it."""
    random = np.random.default_rng(0)
    spread = image.std()
    yield "none", image, masks
    yield "darker (gamma 2)", image**2, masks
    yield "brighter (gamma 0.5)", np.sqrt(image), masks
    bias = 1 + 0.4 * np.linspace(-1, 1, image.shape[1])
    yield "uneven brightness", image * bias, masks
    yield "inverted", 1 - image, masks
    for part in (0.1, 0.3):
        noise = random.normal(0, part * spread, image.shape)
        yield f"noise, {part:g} of the spread", image + noise, masks
    yield "blurred by 2 px", gaussian_filter(image, 2), masks
    yield f"shifted by {SHIFT} px", *_rolled(image, masks, SHIFT)
    if masks and max(mask.sum() for mask in masks.values()) >= FEWEST:
        yield f"structure moved by {MOVED} px", *_moved(image, masks)
    if other.shape == image.shape:
        yield "another image", other, other_masks


def _rolled(image: Image, masks: Masks, by: int) -> tuple[Image, Masks]:
    rolled = {key: np.roll(mask, by, axis=1) for key, mask in masks.items()}
    return np.roll(image, by, axis=1), rolled


def _moved(image: Image, masks: Masks) -> tuple[Image, Masks]:
    """Cut out the largest structure, close the gap and paste it elsewhere."""
    key = max(masks, key=lambda one: masks[one].sum())
    mask = masks[key]
    changed = image.copy()
    rim = binary_dilation(mask, iterations=3) & ~mask
    changed[mask] = np.median(image[rim]) if rim.any() else image.mean()
    there = np.roll(mask, MOVED, axis=1)
    changed[there] = np.roll(image, MOVED, axis=1)[there]
    return changed, {**masks, key: there}


def mask_dice(masks: Masks, found: Masks) -> float:
    """Return the mean Dice, the found outlines being a pixel off."""
    empty = np.zeros_like(next(iter(masks.values()))) if masks else None
    scores = [
        count(binary_dilation(found.get(key, empty)), mask).dice
        for key, mask in masks.items()
    ]
    return float(np.mean(scores)) if scores else float("nan")


def main() -> None:
    """Measure, and print a table in Markdown."""
    found: dict[str, dict[str, list[float]]] = {}
    maps: dict[str, list[Image]] = {}
    borders: dict[str, list[Image]] = {}
    all_slices = list(slices())
    for at, (name, image, masks) in enumerate(all_slices):
        same = [i for i, (other, *_) in enumerate(all_slices) if other == name]
        far = same[(same.index(at) + len(same) // 2 + 1) % len(same)]
        for what, changed, after in changes(image, masks, *all_slices[far][1:]):
            scores = structure_scores(image, changed)
            rows = found.setdefault(what, {key: [] for key in (*SCORES, "mask")})
            for key in SCORES:
                rows[key].append(float(scores[key][0]))
            rows["mask"].append(mask_dice(masks, after))
            change = change_map(image, changed)
            maps.setdefault(what, []).append(change[::EVERY, ::EVERY].ravel())
            near = np.ones(change.shape, bool)
            near[BORDER:-BORDER, BORDER:-BORDER] = False
            borders.setdefault(what, []).append(change[near])
    names = [*SCORES, "mask"]
    print(
        f"{len(all_slices)} slices; 5th percentile, median, 95th; share that agrees\n"
    )
    print("| change |", " | ".join((*names, "map", "drawn", "at the border")), "|")
    print("|---" * (len(names) + 4) + "|")
    for what, rows in found.items():
        cells = [what]
        for name in names:
            values = np.array(rows[name])
            values = values[~np.isnan(values)]
            low, middle, high = np.percentile(values, (5, 50, 95))
            agrees = np.mean(values >= AGREES[name])
            cells.append(f"{low:.2f} {middle:.2f} {high:.2f} ({agrees:.0%})")
        pixels = np.concatenate(maps[what])
        cells.append(f"{np.percentile(pixels, 95):.3f}")
        cells.append(f"{np.mean(pixels >= CHANGE_FLOOR):.1%}")
        cells.append(f"{np.mean(np.concatenate(borders[what]) >= CHANGE_FLOOR):.1%}")
        print("|", " | ".join(cells), "|")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
