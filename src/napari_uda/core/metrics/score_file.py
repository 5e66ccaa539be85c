"""Reading files of scores, as `report.write_csv` writes them."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING

from napari_uda.core.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from .report import Row


def read_csv(path: Path) -> list[Row]:
    """Read the rows that `write_csv` wrote.

    Raises
    ------
    UserError
        If the file does not exist or holds anything else.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [_row(line) for line in csv.DictReader(file)]
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: give a file of scores.") from None
    except (KeyError, TypeError, ValueError, csv.Error):
        raise UserError(
            f"{path} holds no scores of images: give a CSV file that evaluate --out "
            "or s-score --out wrote."
        ) from None
    if not rows:
        raise UserError(f"{path} holds no scores: it has no rows.")
    keys = [(row["image"], row["class"]) for row in rows]
    if len(set(keys)) < len(keys):
        raise UserError(
            f"{path} scores an image more than once: keep one row per image and "
            "structure."
        )
    return rows


def _row(line: dict[str, str]) -> Row:
    """Turn a line of text into a row; an empty score is one that is not defined."""

    def number(key: str) -> float:
        return float(line[key]) if line[key] else math.nan

    def distance(key: str) -> float | None:
        return number(key) if line[key] or not line["dice"] else None

    return {
        "image": line["image"],
        "class": line["class"],
        "dice": number("dice"),
        "precision": number("precision"),
        "recall": number("recall"),
        "iou": number("iou"),
        "assd": distance("assd"),
        "hd95": distance("hd95"),
        "unit": line["unit"],
        "pixels_truth": int(line["pixels_truth"]),
        "pixels_predicted": int(line["pixels_predicted"]),
    }
