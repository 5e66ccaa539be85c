"""Scores of prediction files against label files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.errors import UserError
from napari_uda.core.io.labels import read_labels

from .compared import Compared, compare_labels, compare_masks, dataset_config
from .pairs import by_volume, pair_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_uda.core.metrics.report import Row
    from napari_uda.core.spec.folders import FolderConfig

    from .pairs import Labels

SIDECAR = "predictions.json"


def evaluate(
    predictions: str | Path,
    labels: str | Path,
    *,
    surface: bool = True,
    volumes: str | None = None,
    left_out: Callable[[list[str]], None] | None = None,
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
    volumes
        Files are slices, named by this pattern, such as `{volume}_z{slice}`: put them
        together and score volumes.
    left_out
        Called with the stems of predictions that have no truth, if there are any.

    Returns
    -------
    list[Row]
        One row per image and structure; distances in the unit of the voxel size.

    Raises
    ------
    UserError
        If files are missing or do not fit together, or no prediction has a truth.
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
    config = dataset_config(labels)
    classes = _predicted_classes(predictions)
    pairs = pair_files(predictions, labels)
    stems = {name: [name] for name in pairs.found}
    if volumes is not None:
        stems = by_volume(pairs.found, volumes)
    rows: list[Row] = []
    for name, parts in stems.items():
        compared = [_compare(s, *pairs.found[s], classes, config) for s in parts]
        one = compared[0] if volumes is None else _stack(name, compared, config)
        rows += one.rows(name, surface=surface)
    if pairs.left_out and left_out is not None:
        left_out(pairs.left_out)
    return rows


def _stack(name: str, slices: list[Compared], config: FolderConfig) -> Compared:
    """Put slices together to a volume (z, y, x)."""
    shapes = {part.shape for one in slices for part in (one.guess, one.truth)}
    if len(shapes) > 1:
        raise UserError(
            f"slices of '{name}' have the shapes "
            f"{' and '.join(map(str, sorted(shapes)))}: slices of a volume must have "
            "equal shapes."
        )
    first = slices[0]
    axis = int(first.overlapping)
    if len(next(iter(shapes))) != 2 + axis:
        raise UserError(
            f"the files of '{name}' are volumes already: leave out --volumes."
        )
    # Only dataset.yaml can know how far slices are apart.
    size = config.voxel_size if len(config.voxel_size or ()) == 3 else None
    return Compared(
        np.stack([one.guess for one in slices], axis),
        np.stack([one.truth for one in slices], axis),
        {raw: text for one in slices for raw, text in one.classes.items()},
        size, config.unit if size else None, first.overlapping,
    )  # fmt: skip


def _compare(
    name: str,
    guess: Labels,
    truth: Labels,
    classes: dict[int, str],
    config: FolderConfig,
) -> Compared:
    if isinstance(guess, dict) and isinstance(truth, dict):
        known = [key for key in classes.values() if key in guess]
        names = dict.fromkeys([*known, *guess])  # in the order of the run
        read = {key: read_labels(guess[key]) for key in names}
        masks = {key: np.asarray(volume.data) for key, volume in read.items()}
        geometry = next(iter(read.values())).header.geometry
        return compare_masks(name, masks, truth, config, guessed=geometry)
    assert isinstance(guess, Path)
    assert isinstance(truth, Path)
    volume = read_labels(guess)
    return compare_labels(
        name, np.asarray(volume.data), truth, classes, config,
        file=str(guess), guessed=volume.header.geometry,
    )  # fmt: skip


def _predicted_classes(predictions: Path) -> dict[int, str]:
    folder = predictions if predictions.is_dir() else predictions.parent
    try:
        content: Any = json.loads((folder / SIDECAR).read_text(encoding="utf-8"))
        return {int(raw): str(item["name"]) for raw, item in content["classes"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
