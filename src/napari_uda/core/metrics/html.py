"""The report of a run as one web page that can be sent to a colleague."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined

from napari_uda.core.errors import UserError
from napari_uda.core.io.atomic import atomic_write_text

from .report import finite_mean, score_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .report import Comparison

FILE = "report.html"


def write_report(
    folder: Path,
    *,
    title: str,
    summary: Mapping[str, object],
    table: Sequence[Comparison] = (),
    figures: Sequence[tuple[str | Path, str]] = (),
    warnings: Sequence[str] = (),
    oracle: bool = False,
) -> Path:
    """Write `report.html`, which with its pictures is all that a reader needs.

    Parameters
    ----------
    folder
        Where to write; made if it is missing.
    title
        Heading of the page.
    summary
        Facts in the order shown, such as method, steps and device.
    table
        Scores per class, from `compare`; empty if there was no truth.
    figures
        Pictures inside `folder` (paths relative to it, or absolute) and captions.
    warnings
        What the reader should know before trusting the numbers, one sentence each.
    oracle
        Whether truth was used to choose the checkpoint, which the page then says.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    UserError
        If a picture is missing or lies outside the folder.
    """
    folder = Path(folder)
    environment = page_environment()
    environment.filters |= {"score": score_text, "gain": _gain, "place": _place}
    html = environment.get_template("report.html.j2").render(
        title=title,
        summary=summary,
        table=table,
        mean=_mean_row(table) if len(table) > 1 else None,
        units=sorted({row["unit"] for row in table if row["hd95"] is not None}),
        figures=[(_link(folder, path), caption) for path, caption in figures],
        warnings=warnings,
        oracle=oracle,
    )
    atomic_write_text(folder / FILE, html)
    return folder / FILE


def page_environment() -> Environment:
    """Return what pages are rendered in; they extend `page.html.j2`."""
    return Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _link(folder: Path, path: str | Path) -> str:
    """Return the address of a picture relative to the page."""
    root = folder.resolve()
    full = (root / path).resolve()
    if not full.is_relative_to(root) or not full.is_file():
        raise UserError(
            f"Picture {path} is not in the report folder {folder}: save it there, "
            "so that the report can be sent with its pictures."
        )
    return quote(full.relative_to(root).as_posix())


def _mean_row(table: Sequence[Comparison]) -> dict[str, float | None]:
    """Return the mean over classes of each Dice column that every class has."""
    columns: dict[str, list[float | None]] = {
        "before": [item["before"] for item in table],
        "after": [item["after"] for item in table],
        "oracle": [item["oracle"] for item in table],
    }
    return {
        name: None
        if None in values
        else finite_mean(v for v in values if v is not None)
        for name, values in columns.items()
    }


def _gain(after: float | None, before: float | None) -> str:
    """Return how much better the second score is, signed; empty if it has no sense."""
    if after is None or before is None or after != after or before != before:
        return ""
    return f"{after - before:+.3f}".replace("-", "\N{MINUS SIGN}")


def _place(value: float) -> str:
    """Return where a Dice lies on a scale 200 wide with a margin of 6."""
    return f"{6 + 188 * value:.1f}"
