"""Tables of scores: one row per image and class, and their summary."""

from __future__ import annotations

import csv
import math
from statistics import median, stdev
from typing import TYPE_CHECKING, TypedDict

from napari_uda.core.io.atomic import atomic_path
from napari_uda.core.spec.domain import IGNORE

from .overlap import Counts, Labels, class_masks, count
from .surface import average_distance, percentile_distance, surface_distances

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

# The functional form, because "class" is a keyword of the language.
Row = TypedDict(
    "Row",
    {
        "image": str,
        "class": str,
        "dice": float,
        "precision": float,
        "recall": float,
        "iou": float,
        "assd": float | None,
        "hd95": float | None,
        "unit": str,
        "pixels_truth": int,
        "pixels_predicted": int,
    },
)
"""Scores of one class in one image.

`dice` is NaN where the class is absent from both truth and prediction. Distances are
in `unit`: NaN where the class is absent, infinite where only one of them has it, None
where they were not measured.
"""

Summary = TypedDict(
    "Summary",
    {
        "class": str,
        "volumes": int,
        "dice": float,
        "dice_std": float,
        "dice_median": float,
        "dice_min": float,
        "dice_max": float,
        "dice_pooled": float,
        "precision": float,
        "precision_pooled": float,
        "recall": float,
        "recall_pooled": float,
        "iou": float,
        "assd": float | None,
        "assd_std": float | None,
        "assd_median": float | None,
        "hd95": float | None,
        "unit": str,
        "unmatched": int,
    },
)
"""Scores of one class over several images.

Means over the `volumes` that have the class in truth or prediction; `_std` is their
standard deviation (n - 1), NaN for one image; `_pooled` counts the pixels of all
images together. The distances are means over those where both have the class;
`unmatched` counts the others, which the median takes as infinitely far. Distances are
infinite if there are only others, and None if not measured or in `mixed` units.
"""

Comparison = TypedDict(
    "Comparison",
    {
        "class": str,
        "before": float | None,
        "after": float,
        "oracle": float | None,
        "hd95_before": float | None,
        "hd95": float | None,
        "unit": str,
        "unmatched": int,
        "color": str,
    },
)
"""Dice and HD95 of one class without (`before`) and with (`after`) adaptation."""

PIXEL = "px"
"""Unit of distances where the voxel size is not known."""


def score_volume(
    prediction: Labels,
    truth: Labels,
    class_names: Mapping[int, str],
    voxel_size: Sequence[float] | None = None,
    unit: str | None = None,
    overlapping: bool = False,
    surface: bool = True,
    *,
    image: str = "",
    ignore: int | None = IGNORE,
) -> list[Row]:
    """Score one prediction against its truth, class by class.

    Parameters
    ----------
    prediction, truth
        Label arrays `(*spatial)`; or masks `(K, *spatial)` if `overlapping`.
    class_names
        Label values to score and their names. In overlapping masks class c is
        channel c - 1.
    voxel_size
        Size of a voxel along each spatial axis; None measures distances in pixels.
    unit
        Unit of the voxel size.
    overlapping
        Whether the arrays hold one mask per structure.
    surface
        Whether to measure surface distances, which takes most of the time.
    image
        Name of the image, for the table and for messages.
    ignore
        Value of the truth whose pixels are not scored; None scores every pixel.

    Returns
    -------
    list of Row
        One row per class, in the order of `class_names`.

    Raises
    ------
    UserError
        If prediction, truth and voxel size do not fit together.
    """
    rows = []
    for label, predicted, true in class_masks(
        prediction, truth, class_names, ignore, overlapping=overlapping, image=image
    ):
        counts = count(predicted, true)
        average = hausdorff = None
        if surface:
            distances = surface_distances(predicted, true, voxel_size)
            average = average_distance(*distances)
            hausdorff = percentile_distance(*distances)
        row: Row = {
            "image": image,
            "class": class_names[label],
            "dice": counts.dice,
            "precision": counts.precision,
            "recall": counts.recall,
            "iou": counts.iou,
            "assd": average,
            "hd95": hausdorff,
            "unit": PIXEL if voxel_size is None else unit or "",
            "pixels_truth": counts.truth,
            "pixels_predicted": counts.predicted,
        }
        rows.append(row)
    return rows


def summarise(rows: Iterable[Row]) -> list[Summary]:
    """Summarise rows per class: mean, spread and pooled Dice, and distances.

    The pooled ("micro") scores count all pixels of all images together.
    """
    by_class: dict[str, list[Row]] = {}
    for row in rows:
        by_class.setdefault(row["class"], []).append(row)
    return [_summary(name, group) for name, group in by_class.items()]


def mean_dice(rows: Iterable[Row]) -> float:
    """Return the mean over classes of their mean Dice over images.

    Every class counts the same; what is absent everywhere is left out. NaN if nothing
    is left.
    """
    return finite_mean([item["dice"] for item in summarise(rows)])


def compare(
    after: Iterable[Row],
    before: Iterable[Row] = (),
    oracle: Iterable[Row] = (),
    colors: Mapping[str, str] | None = None,
) -> list[Comparison]:
    """Put the scores of an adapted model beside those of its baselines.

    Parameters
    ----------
    after
        Rows of the adapted model.
    before
        Rows of the model trained on the source only, on the same images.
    oracle
        Rows of a model trained with target labels: the upper bound.
    colors
        Class name to #rrggbb.
    """
    first = {item["class"]: item for item in summarise(before)}
    best = {item["class"]: item for item in summarise(oracle)}
    table: list[Comparison] = []
    for item in summarise(after):
        name = item["class"]
        table.append(
            {
                "class": name,
                "before": first[name]["dice"] if name in first else None,
                "after": item["dice"],
                "oracle": best[name]["dice"] if name in best else None,
                "hd95_before": first[name]["hd95"] if name in first else None,
                "hd95": item["hd95"],
                "unit": item["unit"],
                "unmatched": item["unmatched"],
                "color": (colors or {}).get(name, "#0072b2"),
            }
        )
    return table


def score_text(value: float | None, digits: int = 3) -> str:
    """Return a score as users read it: `0.874`, `absent`, `∞` or a dash."""
    if value is None:
        return "-"
    if math.isnan(value):
        return "absent"
    if math.isinf(value):
        return "∞"
    return f"{value:.{digits}f}"


def write_csv(rows: Sequence[Row] | Sequence[Summary], path: Path) -> None:
    """Write rows as CSV, all at once; NaN and what was not measured stay empty."""
    with (
        atomic_path(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        names = list(rows[0]) if rows else list(Row.__annotations__)
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {key: "" if _is_nan(value) else value for key, value in row.items()}
            )


def _summary(name: str, rows: list[Row]) -> Summary:
    present = [row for row in rows if not _is_nan(row["dice"])]
    dice = [row["dice"] for row in present]
    units = sorted({row["unit"] for row in rows})
    measured = [row["assd"] for row in present if row["assd"] is not None]
    distances = measured if len(units) == 1 and len(measured) == len(present) else None
    truth = sum(row["pixels_truth"] for row in present)
    predicted = sum(row["pixels_predicted"] for row in present)
    # Dice is 2 TP / (truth + predicted), so it tells the pixels that were found.
    found = 0.5 * math.fsum(
        row["dice"] * (row["pixels_truth"] + row["pixels_predicted"]) for row in present
    )
    pooled = Counts(round(found), predicted - round(found), truth - round(found))
    return {
        "class": name,
        "volumes": len(present),
        "dice": finite_mean(dice),
        "dice_std": spread(dice),
        "dice_median": median(dice) if dice else math.nan,
        "dice_min": min(dice, default=math.nan),
        "dice_max": max(dice, default=math.nan),
        "dice_pooled": pooled.dice,
        "precision": finite_mean([row["precision"] for row in present]),
        "precision_pooled": pooled.precision,
        "recall": finite_mean([row["recall"] for row in present]),
        "recall_pooled": pooled.recall,
        "iou": finite_mean([row["iou"] for row in present]),
        "assd": _mean_distance([row["assd"] for row in present], units),
        "assd_std": None if distances is None else spread(distances),
        "assd_median": median(distances) if distances else None,
        "hd95": _mean_distance([row["hd95"] for row in present], units),
        "unit": units[0] if len(units) == 1 else "mixed",
        "unmatched": sum(
            not row["pixels_truth"] or not row["pixels_predicted"] for row in present
        ),
    }


def finite_mean(values: Iterable[float]) -> float:
    """Return the mean of the finite values; NaN if there are none."""
    kept = [value for value in values if math.isfinite(value)]
    return math.fsum(kept) / len(kept) if kept else math.nan


def spread(values: Iterable[float]) -> float:
    """Return the standard deviation (n - 1) of the finite values; NaN below two."""
    kept = [value for value in values if math.isfinite(value)]
    return stdev(kept) if len(kept) > 1 else math.nan


def _mean_distance(values: list[float | None], units: list[str]) -> float | None:
    measured = [value for value in values if value is not None]
    if len(units) > 1 or (values and not measured):
        return None
    if measured and not any(math.isfinite(value) for value in measured):
        return math.inf
    return finite_mean(measured)


def _is_nan(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
