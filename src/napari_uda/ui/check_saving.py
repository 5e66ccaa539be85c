"""A review as a table and as a page."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

import napari_uda
from napari_uda.core.errors import UserError
from napari_uda.core.metrics.verdicts import COLUMNS, write_table

from .kept_masks import KINDS
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
    """Write the page in a worker thread; yields what was done, once.

    Parameters
    ----------
    review
        What was measured and decided.
    about
        Facts such as run and method.
    path
        The file; the dialog has asked whether to replace it.
    """
    # matplotlib and jinja take a moment: opening napari must stay fast.
    from napari_uda.core.metrics.check_report import write_check_report
    from napari_uda.core.metrics.trust import findings

    accepted, rejected = review.counts()
    facts = {
        **about,
        "Made": f"{date.today().isoformat()} with napari-uda {napari_uda.__version__}",
        "Images": ", ".join(dict.fromkeys(pair.name for pair in review.pairs)),
        f"{review.unit.capitalize()}s checked": len(review.items),
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
    try:
        write_check_report(
            path,
            summary=facts,
            findings=findings(review.known(), review.unit),
            slices=list(_slices(review)),
            verdict=review.verdict_lines(),
            unit=review.unit,
        )
    except UserError as error:
        yield str(error)
    except Exception as error:
        yield f"The report could not be written: {error or type(error).__name__}"
    else:
        yield f"Report saved to {path}."


def _slices(review: Review) -> Iterator[Checked]:
    from napari_uda.core.metrics.check_report import Checked

    rejected = 0
    for rank, number in enumerate(list(review.order)):
        item = review.items[number]
        verdict = review.verdict(item)
        rejected += verdict.decision == "rejected"
        wanted = rank < MOST_WORST or (
            verdict.decision == "rejected" and rejected <= MOST_REJECTED
        )
        yield Checked(
            review.name(item),
            review.place_text(item),
            _scores(review, item),
            verdict,
            _images(review, item) if wanted else None,
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
