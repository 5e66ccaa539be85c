"""Paired comparison of two methods that were scored on the same images."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING, Literal, TypedDict

from scipy import stats

from napari_uda.core.errors import UserError

from .report import finite_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .report import Row

Score = Literal["dice", "assd", "hd95"]

Paired = TypedDict(
    "Paired",
    {
        "class": str,
        "score": str,
        "images": int,
        "left_out": int,
        "first": float,
        "second": float,
        "difference": float,
        "difference_median": float,
        "p": float,
    },
)
"""Two methods on one structure.

`first` and `second` are means over the `images` where both have a finite score,
`difference` is the second less the first, `p` is that of the two-sided Wilcoxon
signed-rank test. Images where one has no finite score are `left_out`.
"""


def paired_test(
    first: Sequence[Row], second: Sequence[Row], score: Score = "dice"
) -> list[Paired]:
    """Compare the scores of two methods image by image, structure by structure.

    Parameters
    ----------
    first, second
        Rows of the two methods; images are matched by name.
    score
        Which score to compare.

    Returns
    -------
    list of Paired
        One per structure that both have.

    Raises
    ------
    UserError
        If they have no image and structure in common, or images with the same name
        have another truth.
    """
    other = {(row["image"], row["class"]): row for row in second}
    pairs: dict[str, list[tuple[float | None, float | None]]] = {}
    for row in first:
        key = (row["image"], row["class"])
        if key not in other:
            continue
        if row["pixels_truth"] != other[key]["pixels_truth"]:
            raise UserError(
                f"the truth of {row['class']} in {row['image']} has "
                f"{row['pixels_truth']} pixels for one and "
                f"{other[key]['pixels_truth']} for the other: give scores of the same "
                "images, not only of images with the same names."
            )
        pairs.setdefault(row["class"], []).append((row[score], other[key][score]))
    if not pairs:
        raise UserError(
            "the two have no image and structure in common: give scores of the same "
            "images, from predictions with equal stems."
        )
    return [_compared(name, score, values) for name, values in pairs.items()]


def wilcoxon(first: Sequence[float], second: Sequence[float]) -> float:
    """Return p of the two-sided Wilcoxon signed-rank test; NaN without values.

    With five pairs or fewer it cannot be below 0.0625, whatever the values.
    """
    if not first:
        return math.nan
    if all(a == b for a, b in zip(first, second, strict=True)):
        return 1.0
    return float(stats.wilcoxon(first, second).pvalue)


def _compared(
    name: str, score: Score, values: list[tuple[float | None, float | None]]
) -> Paired:
    kept = [
        (one, two)
        for one, two in values
        if one is not None
        and two is not None
        and math.isfinite(one)
        and math.isfinite(two)
    ]
    ones, twos = [one for one, _ in kept], [two for _, two in kept]
    differences = [two - one for one, two in kept]
    return {
        "class": name,
        "score": score,
        "images": len(kept),
        "left_out": len(values) - len(kept),
        "first": finite_mean(ones),
        "second": finite_mean(twos),
        "difference": finite_mean(differences),
        "difference_median": median(differences) if differences else math.nan,
        "p": wilcoxon(ones, twos),
    }
