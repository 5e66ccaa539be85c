"""Scores that a run keeps, as if Predict had left them there."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from napari_uda.ui.predicted_scores import keep_scores

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_uda.core.spec.run import RunFolder


def scored(
    run: RunFolder,
    when: str,
    dice: Iterable[tuple[str, str, float]],
    checkpoint: str = "best",
) -> None:
    """Keep Dice of images and structures in the folder of a prediction."""
    folder, dice = run.predictions / when, list(dice)
    folder.mkdir(parents=True)
    images = dict.fromkeys(image for image, *_ in dice)
    about = {
        "checkpoint": checkpoint,
        "predictions": [{"image": f"/{image}"} for image in images],
    }
    (folder / "predictions.json").write_text(json.dumps(about))
    rest = {
        "precision": math.nan, "recall": math.nan, "iou": math.nan, "assd": math.nan,
        "hd95": math.nan, "unit": "px", "pixels_truth": 1, "pixels_predicted": 1,
    }  # fmt: skip
    rows = [
        {"image": image, "class": name, "dice": value, **rest}
        for image, name, value in dice
    ]
    assert keep_scores(folder, rows, checkpoint=checkpoint) == ""
