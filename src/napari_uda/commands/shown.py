"""How scores are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_uda import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_uda.core.metrics.paired import Paired
    from napari_uda.core.metrics.report import Comparison, Row, Summary


MOST_ROWS = 40
"""Scores of single images that are listed; of more, their summary alone."""


def scores(
    rows: Sequence[Row],
    as_json: bool = False,
    left_out: Sequence[str] = (),
    **content: Any,
) -> None:
    """Print scores per image and their summary; `content` is more for JSON."""
    from napari_uda.core.metrics.report import mean_dice, summarise

    summary, mean = summarise(rows), mean_dice(rows)
    if as_json:
        content |= {"mean_dice": mean, "left_out": left_out}
        terminal.emit({"rows": rows, "summary": summary, **content})
        return
    if len(rows) <= MOST_ROWS:
        terminal.table([_shown("image", row["image"], row) for row in rows])
        terminal.say("")
    else:
        terminal.note(
            f"Scores of {len({row['image'] for row in rows})} images: too many to list "
            "here; --out FILE.csv keeps them."
        )
    spread = {"±": "dice_std", "median": "dice_median"}
    terminal.table([_shown("mean of", r["volumes"], r, spread) for r in summary])
    terminal.say("")
    terminal.table(
        [
            {
                "all pixels: Dice = F1": score_text(row["dice_pooled"]),
                "precision": score_text(row["precision_pooled"]),
                "recall": score_text(row["recall_pooled"]),
                "structure": row["class"],
            }
            for row in summary
        ]
    )
    if len(summary) > 1:
        terminal.say(f"Mean Dice of {len(summary)} structures: {score_text(mean)}")
    if left_out:
        shown = ", ".join(left_out[:5]) + (", ..." if len(left_out) > 5 else "")
        terminal.note(f"Not scored, because there is no truth: {shown}")


def _shown(
    key: str, value: object, row: Row | Summary, more: dict[str, str] | None = None
) -> dict[str, object]:
    """Choose the scores that fit on a line."""
    found: dict[str, Any] = {**row}
    return {
        key: value,
        "Dice": score_text(row["dice"]),
        **{title: score_text(found[name]) for title, name in (more or {}).items()},
        "precision": score_text(row["precision"]),
        "recall": score_text(row["recall"]),
        "ASSD": score_text(row["assd"], 1),
        "HD95": score_text(row["hd95"], 1),
        "unit": row["unit"],
        "structure": row["class"],
    }


def comparison(rows: Sequence[Comparison]) -> None:
    """Print the scores of an adapted model beside those of its baseline."""
    terminal.table(
        [
            {
                "Dice before": score_text(row["before"]),
                "after": score_text(row["after"]),
                f"HD95 before ({row['unit']})": score_text(row["hd95_before"], 1),
                "HD95 after": score_text(row["hd95"], 1),
                "structure": row["class"],
            }
            for row in rows
        ]
    )


def paired(found: Sequence[Paired], names: tuple[str, str]) -> None:
    """Print two methods side by side, with the p of their difference."""
    first, second = names
    terminal.table(
        [
            {
                "score": one["score"],
                "images": one["images"],
                first: score_text(one["first"]),
                second: score_text(one["second"]),
                "difference": score_text(one["difference"]),
                "median": score_text(one["difference_median"]),
                "p": f"{one['p']:.2g}",
                "structure": one["class"],
            }
            for one in found
        ]
    )


def score_text(value: float | None, digits: int = 3) -> str:
    """Write a score as reports do."""
    from napari_uda.core.metrics.report import score_text as written

    return written(value, digits)
