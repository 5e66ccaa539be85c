"""A review as a table and as a page."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

import napari_uda
from napari_uda.core.errors import UserError
from napari_uda.core.metrics.verdicts import COLUMNS, write_table

from .kept_masks import KINDS
from .progress import Count
from .review import SCORES
from .words import count_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_uda.core.metrics.check_report import Checked

    from .review import Item, Review

COLUMNS_OF_SCORES = (*SCORES[:-1], *(kind.lower().replace(" ", "_") for kind in KINDS))
"""Masks that were compared with truth and others are never in one column."""
MOST_WORST = 12
"""Pictures of the worst slices in a page."""
MOST_REJECTED = 60
"""Pictures of rejected slices in a page."""
WRITING = "Writing the report \N{HORIZONTAL ELLIPSIS}"


def write_verdicts(review: Review, path: Path) -> str:
    """Write scores and verdicts of every slice as CSV; return what was done.

    Verdicts on other images that were kept with the run stand below, without scores.
    """
    rows = []
    for item in review.items:
        pair, verdict = review.pairs[item.pair], review.verdict(item)
        scores = dict.fromkeys(COLUMNS_OF_SCORES, float("nan"))
        scores |= {
            _column(name): value for name, value in _scores(review, item).items()
        }
        rows.append(
            {
                "image": pair.name,
                "pixels": pair.pixels,
                "translation": pair.translation,
                "to": pair.to,
                "slice": item.slice + 1,
                "verdict": verdict.decision,
                "note": verdict.note,
                "changed_percent": _digits(review.changed[review.number(item)]),
                **{k: _digits(v) for k, v in scores.items()},
                "anatomy_kept": review.trust(item).text,
            }
        )
    before = review.kept_before()
    for place, verdict in before.items():
        row = {**vars(place), "slice": place.slice + 1}
        rows.append(row | {"verdict": verdict.decision, "note": verdict.note})
    try:
        write_table(
            path,
            (*COLUMNS, *COLUMNS_OF_SCORES, "changed_percent", "anatomy_kept"),
            rows,
        )
    except UserError as error:
        return str(error)
    verdicts = count_text(sum(review.counts()), "verdict")
    here = count_text(len(review.items), review.unit)
    more = f", and {len(before)} kept before," if before else ""
    return f"{verdicts} on {here}{more} saved to {path}."


def write_page(review: Review, about: Mapping[str, str], path: Path) -> Iterator[str]:
    """Write the page in a worker thread.

    Parameters
    ----------
    review
        What was measured and decided.
    about
        Facts such as run and method.
    path
        The file; the dialog has asked whether to replace it.

    Yields
    ------
    str
        How far it is and how long the rest takes; last, what was done.
    """
    # matplotlib and jinja take a moment: opening napari must stay fast.
    from napari_uda.core.metrics.check_report import write_check_report
    from napari_uda.core.metrics.trust import findings

    accepted, rejected = review.counts()
    facts = {
        **about,
        "Made": f"{date.today().isoformat()} with napari-uda {napari_uda.__version__}",
        "Images": ", ".join(dict.fromkeys(pair.name for pair in review.pairs)),
        f"{review.unit.capitalize()}s checked": _checked(review),
        "Accepted": accepted,
        "Rejected": rejected,
        "Not judged": len(review.items) - accepted - rejected,
    }
    if before := review.kept_before():
        decisions = [verdict.decision for verdict in before.values()]
        facts["Decided before, of other images or checkpoints"] = (
            f"{decisions.count('accepted')} accepted, "
            f"{decisions.count('rejected')} rejected"
        )
    yield WRITING
    slices = []
    order = list(review.order)
    pictured = _pictured(review, order)
    count = Count(len(pictured))
    try:
        for number in order:
            slices.append(_slice(review, number, number in pictured))
            if number in pictured:
                yield f"{WRITING} {count.next()}"
        write_check_report(
            path,
            summary=facts,
            findings=findings(review.known(), review.unit),
            slices=slices,
            verdict=review.verdict_lines(),
            unit=review.unit,
        )
    except UserError as error:
        yield str(error)
    except Exception as error:
        yield f"The report could not be written: {error or type(error).__name__}"
    else:
        yield f"Report saved to {path}."


def _checked(review: Review) -> int | str:
    """Return how many were measured; and of how many, if that was stopped."""
    done, total = len(review.order), len(review.items)
    return done if done == total else f"{done} of {total}"


def _pictured(review: Review, order: list[int]) -> set[int]:
    """Return which of the items, the worst first, are pictured: these and rejected."""
    rejected = [
        number
        for number in order
        if review.verdict(review.items[number]).decision == "rejected"
    ]
    return {*order[:MOST_WORST], *rejected[:MOST_REJECTED]}


def _slice(review: Review, number: int, pictured: bool) -> Checked:
    from napari_uda.core.metrics.check_report import Checked, draw_pictures

    item = review.items[number]
    return Checked(
        review.name(item),
        review.place_text(item),
        _scores(review, item),
        review.verdict(item),
        draw_pictures(*_images(review, item)) if pictured else (),
        review.trust(item).text,
        float(review.changed[number]),
    )


def _scores(review: Review, item: Item) -> dict[str, float]:
    """Return the scores of an item by what they are called; masks only if there are."""
    number = review.number(item)
    return {
        review.title(name, item): float(review.scores[name][number])
        for name in SCORES
        if name != "mask" or review.pairs[item.pair].masks is not None
    }


def _digits(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6g}"


def _column(name: str) -> str:
    return name.lower().replace(" ", "_")


def _images(review: Review, item: Item) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pair = review.pairs[item.pair]
    original, translated = pair.scaled(item.slice)
    return original, translated, pair.changes[item.slice] / 255.0
