"""Scores of prediction files against label files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.data.labels import membranes
from napari_uda.core.errors import UserError
from napari_uda.core.io import NANOMETRES, stem_of
from napari_uda.core.metrics.report import score_volume
from napari_uda.core.spec.config import parse
from napari_uda.core.spec.domain import IGNORE
from napari_uda.core.spec.folders import (
    MOST_CLASSES,
    FolderConfig,
    by_stem,
    read_labels,
    read_yaml,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_uda.core.io import Volume
    from napari_uda.core.metrics.report import Row

    Labels = Path | dict[str, Path]

SIDECAR = "predictions.json"


def evaluate(
    predictions: str | Path, labels: str | Path, *, surface: bool = True
) -> list[Row]:
    """Score predictions against labels, structure by structure.

    Parameters
    ----------
    predictions
        A label file, or a folder of them, as `predict` writes it.
    labels
        The true label file, or a folder with equal stems; or a data folder with
        `labels/` in it.
    surface
        Also compute surface distances, which takes longer.

    Returns
    -------
    list[Row]
        One row per image and structure; distances in the unit of the voxel size.

    Raises
    ------
    UserError
        If files are missing or do not fit together.
    """
    predictions, labels = Path(predictions), Path(labels)
    for path in (predictions, labels):
        if not path.exists():
            raise UserError(f"{path} does not exist: give a file or a folder.")
    if (predictions / "images").is_dir():
        raise UserError(
            f"{predictions} is a data folder: give first the folder that predict "
            "wrote, then the true labels."
        )
    if (labels / "labels").is_dir():
        labels = labels / "labels"
    config = _dataset_config(labels)
    classes = _predicted_classes(predictions)
    pairs = _pairs(predictions, labels)
    rows: list[Row] = []
    for name, (guess, truth) in pairs.items():
        rows += _score(name, guess, truth, classes, config, surface)
    return rows


def _score(
    name: str,
    guess: Labels,
    truth: Labels,
    classes: dict[int, str],
    config: FolderConfig,
    surface: bool,
) -> list[Row]:
    if isinstance(guess, dict) and isinstance(truth, dict):
        return _score_masks(name, guess, truth, config, surface)
    assert isinstance(guess, Path)
    assert isinstance(truth, Path)
    volume = read_labels(truth)
    mine, theirs = np.asarray(read_labels(guess).data), np.asarray(volume.data)
    size, unit = _voxel_size(config, volume)
    known = _names(config)
    if config.membrane_width is not None:
        theirs = _membranes(theirs, config.membrane_width, size, unit, name)
        known = {}
    classes = classes or known or _found(theirs)
    strange = set(np.unique(mine).tolist()) - {0, IGNORE, *classes}
    if len(strange) > MOST_CLASSES:
        raise UserError(
            f"{guess} holds {len(strange)} values that are no class, as an image does: "
            "give the label files that predict wrote."
        )
    if known:
        theirs = _renumbered(theirs, known, classes)
    elif set(classes) == {1} and len(_found(theirs)) == 1:
        # One structure may have any value, such as 255, in the true labels.
        theirs = (theirs > 0).astype(np.uint8)
    return score_volume(
        mine, theirs, classes, size, unit, surface=surface, image=name,
        ignore=None if 255 in classes else 255,
    )  # fmt: skip


def _score_masks(
    name: str,
    guess: dict[str, Path],
    truth: dict[str, Path],
    config: FolderConfig,
    surface: bool,
) -> list[Row]:
    names = [key for key in guess if key in truth]
    if not names:
        raise UserError(
            f"'{name}' has predictions of {', '.join(guess)}, but labels of "
            f"{', '.join(truth)}: give the folders of a structure equal names."
        )
    volumes = [read_labels(truth[key]) for key in names]
    guesses = [read_labels(guess[key]) for key in names]
    shapes = {volume.data.shape for volume in (*volumes, *guesses)}
    if len(shapes) > 1:
        raise UserError(
            f"the masks of '{name}' have the shapes {' and '.join(map(str, shapes))}: "
            "predictions and labels must have equal shapes."
        )
    size, unit = _voxel_size(config, volumes[0])
    mine, theirs = (
        np.stack([np.asarray(volume.data > 0, np.uint8) for volume in part])
        for part in (guesses, volumes)
    )
    return score_volume(
        mine, theirs, dict(enumerate(names, start=1)), size, unit,
        overlapping=True, surface=surface, image=name,
    )  # fmt: skip


def _membranes(
    labels: NDArray[Any],
    width: float,
    size: tuple[float, ...] | None,
    unit: str | None,
    name: str,
) -> NDArray[np.uint8]:
    if size is None or unit is None:
        raise UserError(
            f"membranes of {width:g} nm need a pixel size, but '{name}' has none: add "
            "voxel_size and unit to dataset.yaml."
        )
    return membranes(labels, width, tuple(side * NANOMETRES[unit] for side in size))


def _pairs(predictions: Path, labels: Path) -> dict[str, tuple[Labels, Labels]]:
    if predictions.is_file() and labels.is_file():
        return {stem_of(predictions): (predictions, labels)}
    guesses = _label_files(predictions)
    truths = _label_files(labels)
    common = [stem for stem in guesses if stem in truths]
    if not common:
        raise UserError(
            f"no file in {predictions} has the stem of one in {labels}: predictions "
            "and labels are matched by stem, as in 01.tif and 01.nii.gz."
        )
    missing = [stem for stem in guesses if stem not in truths]
    if missing:
        raise UserError(
            f"{labels} has no labels for {', '.join(missing[:5])}: "
            "add them, or remove these predictions."
        )
    mixed = [
        s for s in common if isinstance(guesses[s], dict) != isinstance(truths[s], dict)
    ]
    if mixed:
        raise UserError(
            f"'{mixed[0]}' has one label file on one side and a mask per structure on "
            "the other: give both in the same form."
        )
    return {stem: (guesses[stem], truths[stem]) for stem in common}


def _label_files(path: Path) -> Mapping[str, Labels]:
    """Return label files by stem: those in the folder, or masks in its subfolders."""
    if path.is_file():
        return {stem_of(path): path}
    if files := by_stem(path):
        return files
    masks: dict[str, dict[str, Path]] = {}
    extras = ("probability", "uncertainty")
    for folder in sorted(path.iterdir()):
        if folder.is_dir() and folder.name not in extras:
            for stem, file in by_stem(folder).items():
                masks.setdefault(stem, {})[folder.name] = file
    return masks


def _predicted_classes(predictions: Path) -> dict[int, str]:
    folder = predictions if predictions.is_dir() else predictions.parent
    try:
        content: Any = json.loads((folder / SIDECAR).read_text(encoding="utf-8"))
        return {int(raw): str(item["name"]) for raw, item in content["classes"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _dataset_config(labels: Path) -> FolderConfig:
    for folder in (labels, *list(labels.absolute().parents)[:2]):
        file = folder / "dataset.yaml"
        if file.is_file():
            return parse(FolderConfig, read_yaml(file), where=str(file))
    return FolderConfig()


def _names(config: FolderConfig) -> dict[int, str]:
    return {
        raw: item if isinstance(item, str) else item.name
        for raw, item in config.classes.items()
    }


def _found(labels: NDArray[Any]) -> dict[int, str]:
    values = [int(value) for value in np.unique(labels) if value != 0]
    return {v: "foreground" if len(values) == 1 else f"class {v}" for v in values}


def _renumbered(
    labels: NDArray[Any], known: dict[int, str], classes: dict[int, str]
) -> NDArray[Any]:
    """Give structures the raw values that the predictions use, matched by name."""
    by_name = {name: raw for raw, name in classes.items()}
    result = np.zeros_like(labels)
    if 255 not in known:
        result[labels == 255] = 255
    for raw, name in known.items():
        if name in by_name:
            result[labels == raw] = by_name[name]
    return result


def _voxel_size(
    config: FolderConfig, volume: Volume
) -> tuple[tuple[float, ...] | None, str | None]:
    """Return the voxel size; None, so distances in pixels, if an axis is unknown."""
    ndim = volume.data.ndim
    geometry = volume.header.geometry
    size, unit = geometry.voxel_size or (), geometry.unit
    if config.voxel_size is not None:
        size, unit = config.voxel_size[-ndim:], config.unit
    return (size, unit) if len(size) == ndim else (None, None)
