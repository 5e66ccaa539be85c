"""Prediction of image files: same stem, same format, same geometry."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.io import write_image, write_labels
from napari_uda.core.io.atomic import atomic_write_text

from .images import (
    Progress,
    check_free,
    find_images,
    opened,
    result_file,
)
from .model import raw_values
from .unlike import Unlike

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.spec.domain import DomainName

    from .model import Model

SIDECAR = "predictions.json"


@dataclass(frozen=True)
class Prediction:
    """What was written for an image.

    Attributes
    ----------
    image
        The image file.
    labels
        The label file, or one mask file per structure where they overlap.
    probability
        Probability of each structure, if asked for.
    uncertainty
        Entropy of the probabilities in [0, 1], if asked for.
    seconds
        Time taken.
    """

    image: str
    labels: str | dict[str, str]
    probability: dict[str, str] | None
    uncertainty: str | None
    seconds: float

    @property
    def files(self) -> list[str]:
        """The label files."""
        labels = self.labels
        return [labels] if isinstance(labels, str) else list(labels.values())


def predict_files(
    model: Model,
    images: Sequence[Path],
    out: Path,
    about: Mapping[str, str],
    report: Callable[[Progress | Prediction], None] | None = None,
    *,
    domain: DomainName = "target",
    split: str | None = None,
    probability: bool = False,
    uncertainty: bool = False,
    overwrite: bool = False,
    size: tuple[float, ...] | None = None,
    unit: str | None = None,
    axes: str | None = None,
    notice: Callable[[str], None] | None = None,
) -> list[Prediction]:
    """Segment image files and write their labels.

    Parameters
    ----------
    model
        A trained model.
    images, split
        As in `find_images`.
    out
        Folder to write to.
    about
        Written to `predictions.json` in `out`, with the classes and files.
    report
        Called with progress and results.
    domain
        Where the images come from.
    probability, uncertainty
        Also write these as float32 images.
    overwrite
        Replace files that exist.
    size, unit
        Voxel size of all images, whatever their files say.
    axes
        Meaning of the images' axes, where the files do not say.
    notice
        Called with a sentence for every way in which images are unlike those that the
        run was trained for.

    Returns
    -------
    list[Prediction]
        In the order of the images.

    Raises
    ------
    UserError
        If an image cannot be read or segmented, or a file exists.
    """
    files = find_images(images, split)
    for path in files:
        check_free(path, _label_files(model, path, out), overwrite)
    unlike = Unlike(model.experiment, domain, notice)
    unlike.look_at_files(files)
    results = []
    for image in opened(model, files, domain, report, size=size, unit=unit, axes=axes):
        unlike.look_at(image.path, image.volume.data.ndim, image.size)
        chance = model.probabilities(
            image.volume.data, image.size, domain=domain, progress=image.tell
        )
        labels = write_masks(model, image.path, out, chance, image.place, overwrite)
        structures = [item.name for item in model.experiment.data.structures]
        first = len(chance) - len(structures)
        maps = uncertain = None
        if probability:
            maps = {}
            for name, channel in zip(structures, chance[first:], strict=True):
                file = result_file(out / "probability" / name, image.path)
                write_image(file, channel, **image.place, overwrite=overwrite)
                maps[name] = str(file)
        if uncertainty:
            file = result_file(out / "uncertainty", image.path)
            entropy = uncertainty_map(chance, overlapping=first == 0)
            write_image(file, entropy, **image.place, overwrite=overwrite)
            uncertain = str(file)
        seconds = time.perf_counter() - image.began
        results.append(Prediction(str(image.path), labels, maps, uncertain, seconds))
        if report is not None:
            report(results[-1])
    _write_sidecar(model, out, about, results)
    return results


def uncertainty_map(
    chance: NDArray[np.float32], *, overlapping: bool
) -> NDArray[np.float32]:
    """Return the entropy of probabilities (C, *shape), scaled to [0, 1].

    For overlapping structures: the largest of their binary entropies.
    """
    if overlapping:
        binary = [
            uncertainty_map(np.stack([p, 1 - p]), overlapping=False) for p in chance
        ]
        return np.asarray(np.max(binary, axis=0))
    safe = np.clip(chance, 1e-7, 1.0)
    entropy = -(safe * np.log(safe)).sum(0) / np.log(len(chance))
    return np.asarray(np.clip(entropy, 0, 1), np.float32)


def _label_files(model: Model, image: Path, out: Path) -> list[Path]:
    data = model.experiment.data
    folders = [out / s.name for s in data.structures] if data.overlapping else [out]
    return [result_file(folder, image) for folder in folders]


def write_masks(
    model: Model,
    image: Path,
    out: Path,
    chance: NDArray[np.float32],
    place: dict[str, Any],
    overwrite: bool,
) -> str | dict[str, str]:
    """Write what probabilities say; return the file, or a file for each structure."""
    labels = model.labels(chance)
    files = _label_files(model, image, out)
    masks = labels if model.experiment.data.overlapping else [labels]
    for file, mask in zip(files, masks, strict=True):
        write_labels(file, mask, **place, overwrite=overwrite)
    if not model.experiment.data.overlapping:
        return str(files[0])
    names = [structure.name for structure in model.experiment.data.structures]
    return dict(zip(names, map(str, files), strict=True))


def class_content(model: Model) -> dict[str, Any]:
    """Return which label value means what, for a file beside the masks."""
    structures = model.experiment.data.structures
    raw = raw_values(model.experiment)
    return {
        "classes": {
            value: structure.model_dump()
            for value, structure in zip(raw, structures, strict=True)
        },
        "overlapping": model.experiment.data.overlapping,
    }


def _write_sidecar(
    model: Model, out: Path, about: Mapping[str, str], results: list[Prediction]
) -> None:
    content: dict[str, Any] = {
        **about,
        "step": model.step,
        "method": model.experiment.method.name,
        **class_content(model),
        "predictions": [asdict(result) for result in results],
    }
    atomic_write_text(out / SIDECAR, json.dumps(content, indent=1))
