"""Which prediction belongs to which truth, and which slices to which volume."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from napari_uda.core.errors import UserError
from napari_uda.core.io import stem_of
from napari_uda.core.spec.folders import by_stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Labels = Path | dict[str, Path]
"""A label file, or one mask file per structure."""


@dataclass(frozen=True)
class Pairs:
    """Predictions with their truth, by stem; and the stems of those without."""

    found: dict[str, tuple[Labels, Labels]]
    left_out: list[str]


def pair_files(predictions: Path, labels: Path) -> Pairs:
    """Match predictions and true labels by stem.

    Raises
    ------
    UserError
        If no prediction has a truth, or one has it in another form.
    """
    if predictions.is_file() and labels.is_file():
        return Pairs({stem_of(predictions): (predictions, labels)}, [])
    guesses = _label_files(predictions)
    truths = _label_files(labels)
    common = [stem for stem in guesses if stem in truths]
    if not common:
        raise UserError(
            f"no file in {predictions} has the stem of one in {labels}: predictions "
            "and labels are matched by stem, as in 01.tif and 01.nii.gz."
        )
    mixed = [
        s for s in common if isinstance(guesses[s], dict) != isinstance(truths[s], dict)
    ]
    if mixed:
        raise UserError(
            f"'{mixed[0]}' has one label file on one side and a mask per structure on "
            "the other: give both in the same form."
        )
    return Pairs(
        {stem: (guesses[stem], truths[stem]) for stem in common},
        [stem for stem in guesses if stem not in truths],
    )


def by_volume(stems: Iterable[str], pattern: str) -> dict[str, list[str]]:
    """Group the stems of slices by volume, in the order of their numbers.

    Parameters
    ----------
    stems
        Such as `liver-3_z007`.
    pattern
        How stems are made, such as `{volume}_z{slice}`.

    Raises
    ------
    UserError
        If the pattern is none, a stem does not fit it, or slices are missing.
    """
    fixed = re.escape(pattern)
    for word, part in (("volume", "(?P<volume>.+)"), ("slice", r"(?P<slice>\d+)")):
        if pattern.count(f"{{{word}}}") != 1:
            raise UserError(
                f"'{pattern}' does not say which part of a name is the volume and "
                "which the slice: write it as {volume}_z{slice}."
            )
        fixed = fixed.replace(re.escape(f"{{{word}}}"), part)
    volumes: dict[str, dict[int, str]] = {}
    for stem in stems:
        found = re.fullmatch(fixed, stem)
        if found is None:
            raise UserError(
                f"'{stem}' is not named as {pattern}: give the pattern of the files, "
                "such as {volume}_z{slice}."
            )
        slices, number = volumes.setdefault(found["volume"], {}), int(found["slice"])
        if number in slices:
            raise UserError(
                f"'{slices[number]}' and '{stem}' are the same slice: remove one."
            )
        slices[number] = stem
    return {name: _in_order(name, slices) for name, slices in volumes.items()}


def _in_order(volume: str, slices: Mapping[int, str]) -> list[str]:
    numbers = sorted(slices)
    steps = {after - before for before, after in pairwise(numbers)}
    if len(steps) > 1:
        raise UserError(
            f"slices of '{volume}' are missing between {numbers[0]} and {numbers[-1]}: "
            "give all of them, or score the slices one by one."
        )
    return [slices[number] for number in numbers]


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
