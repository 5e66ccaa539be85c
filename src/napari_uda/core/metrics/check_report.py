"""What was found out about translated images, as one page that can be sent."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from math import nan
from statistics import mean, median
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from napari_uda.core.errors import UserError
from napari_uda.core.io.atomic import atomic_write_text

from .amount import percent_text
from .check_words import (
    CHANGE_FLOOR,
    CHANGE_LIMIT,
    CHANGES,
    ORDER,
    SCORES,
    STRUCTURE_SCORES,
)
from .html import page_environment
from .report import score_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from .trust import Finding
    from .verdicts import Verdict

WIDEST = 480
"""Pixels along the longer side of a picture; larger ones are made smaller."""
NAMES_WARNING = (
    "Slices are called by the names of their layers or files: see that these names "
    "tell nothing about a patient before you pass this page on."
)


@dataclass(frozen=True, eq=False)
class Checked:
    """One slice, what was measured and what somebody decided."""

    name: str
    """Image and slice in words."""
    place: str
    """Its place among the worst, in words."""
    scores: Mapping[str, float]
    """Values by the names in `SCORES`; those of masks need not be there."""
    verdict: Verdict
    """What somebody decided, if anything."""
    pictures: Sequence[tuple[str, str]] = ()
    """What `draw_pictures` made of it; empty: it is not pictured."""
    trust: str = ""
    """How many scores agree that anatomy was kept."""
    changed: float = nan
    """Mean absolute change in per cent, as of `changed_percent`."""


def write_check_report(
    path: Path,
    *,
    summary: Mapping[str, object],
    findings: Sequence[Finding],
    slices: Sequence[Checked],
    verdict: Sequence[Finding] = (),
    unit: str = "slice",
) -> None:
    """Write a page with pictures of the worst slices; it needs no other file.

    Parameters
    ----------
    path
        The file to make or to replace.
    summary
        Facts in the order shown, such as run and method.
    findings
        What is wrong in general.
    slices
        Every slice, the worst first.
    verdict
        How much was changed and how many scores agree, on all of them together.
    unit
        What an item is called.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    names = {
        name: words
        for name, words in SCORES.items()
        if name in STRUCTURE_SCORES or any(name in item.scores for item in slices)
    }
    rows = [
        {
            "name": item.name,
            "place": item.place,
            "scores": {name: item.scores.get(name, nan) for name in names},
            "trust": item.trust,
            "changed": _changed_text(item.changed),
            "decision": item.verdict.decision,
            "note": item.verdict.note,
            "pictures": item.pictures,
        }
        for item in slices
    ]
    environment = page_environment()
    environment.filters["score"] = score_text
    html = environment.get_template("check.html.j2").render(
        title="Check of translated images",
        summary=summary,
        findings=findings,
        warnings=[NAMES_WARNING],
        rows=rows,
        pictured=[row for row in rows if row["pictures"]],
        names=names,
        order=ORDER,
        changes=CHANGES,
        medians=[
            _median([item.scores.get(name, nan) for item in slices]) for name in names
        ],
        changed=_changed_text(_mean([item.changed for item in slices])),
        verdict=verdict,
        unit=unit,
        masks=len(names) > len(STRUCTURE_SCORES),
    )
    try:
        atomic_write_text(path, html)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written ({error.strerror}): choose another folder, or "
            "make room."
        ) from None


def grey_picture(image: NDArray[Any]) -> NDArray[np.float32]:
    """Clip a slice to [0, 1], from black to white; NaN is black."""
    return np.clip(np.nan_to_num(np.asarray(image, np.float32), nan=0.0), 0, 1)


def change_picture(
    original: NDArray[Any], changes: NDArray[Any]
) -> NDArray[np.float32]:
    """Draw changes in magma over a darkened original; (y, x, 3) in [0, 1].

    What harmless changes leave, too, is not drawn.
    """
    from matplotlib import colormaps

    above = (np.asarray(changes) - CHANGE_FLOOR) / (CHANGE_LIMIT - CHANGE_FLOOR)
    shown = colormaps["magma"](np.clip(above, 0, 1))
    painted = 0.45 * grey_picture(original)[..., np.newaxis] + shown[..., :3]
    return np.asarray(np.clip(painted, 0, 1), np.float32)


def draw_pictures(
    original: NDArray[Any], translated: NDArray[Any], changes: NDArray[Any]
) -> list[tuple[str, str]]:
    """Draw a slice for the page, which takes most of its time.

    Parameters
    ----------
    original, translated
        Slice (y, x), 0 for black and 1 for white by one rule.
    changes
        Its map of changes (y, x) in [0, 1].

    Returns
    -------
    list[tuple[str, str]]
        Three PNG files in base64, and what each one shows.
    """
    drawn = []
    for picture, what in (
        (grey_picture(original), "original"),
        (grey_picture(translated), "translated"),
        (change_picture(original, changes), "changes"),
    ):
        image = Image.fromarray(np.rint(255 * picture).astype(np.uint8))
        image.thumbnail((WIDEST, WIDEST))
        buffer = BytesIO()
        image.save(buffer, "PNG", optimize=True)
        drawn.append((b64encode(buffer.getvalue()).decode("ascii"), what))
    return drawn


def _median(values: Sequence[float]) -> float:
    known = [value for value in values if value == value]
    return median(known) if known else nan


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if value == value]
    return mean(known) if known else nan


def _changed_text(percent: float) -> str:
    return "\N{EN DASH}" if percent != percent else percent_text(percent)
