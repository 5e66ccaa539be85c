"""Scores of predicted files, kept beside the masks in the folder of their run."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_uda.core.errors import UserError
from napari_uda.core.metrics.outcome import OnImages

from .words import count_text

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uda.core.metrics.report import Row
    from napari_uda.core.spec.run import RunFolder

FILE = "scores.csv"
"""What `napari-uda evaluate --out` would write, in the folder of the masks."""


@dataclass(frozen=True)
class PredictedScore:
    """The Dice of the files that a run has predicted last."""

    dice: float
    """Mean over the structures of their mean over the images, as in tables."""
    images: int
    """How many images were scored."""
    checkpoint: str
    """best or last; empty if it is not known."""
    when: str
    """Name of the folder: the time."""

    @property
    def text(self) -> str:
        """The score in a line."""
        day, _, clock = self.when.partition("_")
        what = f"{self.checkpoint} checkpoint, {count_text(self.images, 'whole image')}"
        at = ":".join(clock.split("-")[:2])
        return f"Predict: {self.dice:.2f} ({what}, {day} {at})".replace("(, ", "(")


def with_checkpoint(
    rows: list[Row], checkpoint: str, step: int | None
) -> list[dict[str, Any]]:
    """Return rows that say which checkpoint they are of, and its step if known."""
    of = {"checkpoint": checkpoint, "step": "" if step is None else step}
    return [{**of, **row} for row in rows]


def keep_scores(
    folder: Path,
    rows: list[Row],
    baseline: tuple[RunFolder, list[Row]] | None = None,
    checkpoint: str = "",
    steps: tuple[int | None, int | None] = (None, None),
) -> str:
    """Write scores beside masks; return why not, or an empty text.

    Parameters
    ----------
    folder
        Where the masks are.
    rows
        Scores of the masks.
    baseline
        The run that was compared with, and its scores of the same images.
    checkpoint, steps
        Which checkpoint of both it was; steps of run and baseline, where known.
    """
    from napari_uda.core.metrics.report import write_csv

    files = [(folder / FILE, rows)]
    if baseline is not None:
        files.append((folder / _of_baseline(baseline[0]), baseline[1]))
    for (file, part), step in zip(files, steps, strict=False):
        table = with_checkpoint(part, checkpoint, step)
        try:
            write_csv(table, file)  # type: ignore[arg-type]
        except OSError as error:
            return f"{file} cannot be written ({error.strerror})."
    return ""


def last_score(run: RunFolder) -> PredictedScore | None:
    """Read the score of the latest prediction that has one; for a worker."""
    for file in _latest_first(run):
        if (found := _read(file)) is not None:
            where = file.parent
            about = _about(where)
            checkpoint = str(about.get("checkpoint", ""))
            return PredictedScore(found.mean, len(found.names), checkpoint, where.name)
    return None


def scored_by_both(run: RunFolder, baseline: RunFolder) -> OnImages | None:
    """Read what two runs have scored on the same whole images last; for a worker.

    Parameters
    ----------
    run, baseline
        The runs; the images were predicted with both at once, or with either.
    """
    others = list(_latest_first(baseline))
    for file in _latest_first(run):
        if (own := _read(file)) is None:
            continue
        beside = _read(file.with_name(_of_baseline(baseline)))
        separate = (_read(one) for one in others if _same_images(one, file))
        for found in filter(None, (beside, *separate)):
            if found.names == own.names:
                return OnImages(own.mean, found.mean, len(own.names))
    return None


class _Scores(NamedTuple):
    """What a file of scores holds: mean Dice, and the names of the images."""

    mean: float
    names: frozenset[str]


def _read(file: Path) -> _Scores | None:
    from napari_uda.core.metrics.report import mean_dice
    from napari_uda.core.metrics.score_file import read_csv

    try:
        rows = read_csv(file)
    except (UserError, OSError):
        return None
    mean = mean_dice(rows)
    names = frozenset(row["image"] for row in rows)
    return _Scores(mean, names) if math.isfinite(mean) else None


def _latest_first(run: RunFolder) -> list[Path]:
    return sorted(run.predictions.glob(f"*/{FILE}"), reverse=True)


def _of_baseline(baseline: RunFolder) -> str:
    return f"scores_of_{baseline.id}.csv"


def _same_images(file: Path, other: Path) -> bool:
    """Tell whether two files of scores lie beside masks of the same images."""
    mine, others = (
        {str(item.get("image")) for item in _about(one.parent).get("predictions", ())}
        for one in (file, other)
    )
    return bool(mine) and mine == others


def _about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / "predictions.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}
