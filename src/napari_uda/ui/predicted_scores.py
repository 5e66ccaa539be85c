"""Scores of predicted files, kept beside the masks in the folder of their run."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

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


def keep_scores(folder: Path, rows: list[Row]) -> str:
    """Write scores beside masks; return why not, or an empty text."""
    from napari_uda.core.metrics.report import write_csv

    try:
        write_csv(rows, folder / FILE)
    except OSError as error:
        return f"{folder / FILE} cannot be written ({error.strerror})."
    return ""


def last_score(run: RunFolder) -> PredictedScore | None:
    """Read the score of the latest prediction that has one; for a worker."""
    for file in sorted(run.predictions.glob(f"*/{FILE}"), reverse=True):
        try:
            with file.open(newline="", encoding="utf-8") as opened:
                rows = list(csv.DictReader(opened))
            dice: dict[str, list[float]] = {}
            for row in rows:
                if row["dice"]:  # empty where a structure is absent
                    dice.setdefault(row["class"], []).append(float(row["dice"]))
        except (OSError, ValueError, KeyError):
            continue
        mean = fmean(map(fmean, dice.values())) if dice else math.nan
        if math.isfinite(mean):
            images = len({row["image"] for row in rows})
            where = file.parent
            return PredictedScore(mean, images, _checkpoint(where), where.name)
    return None


def _checkpoint(folder: Path) -> str:
    try:
        about = json.loads((folder / "predictions.json").read_text(encoding="utf-8"))
        return str(about.get("checkpoint", ""))
    except (OSError, ValueError, AttributeError):
        return ""
