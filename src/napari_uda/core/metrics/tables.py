"""Tables of several methods, in the form of each paper."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal, get_args

from napari_uda.core.errors import UserError

from .paired import paired_test
from .report import finite_mean, mean_dice, spread, summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .paired import Score
    from .report import Row

Form = Literal["plain", "td_gan", "grl", "cycle_shape", "unet_gan", "accseg"]
FORMS: tuple[Form, ...] = get_args(Form)

NONE = "-"
"""Cell of what was not measured."""
SHOWN: tuple[tuple[Score, str], ...] = (("dice", "DSC"), ("assd", "ASD"))
"""Scores of the `accseg` form."""
ALPHA = 0.05
MARK = "†"


@dataclass(frozen=True)
class Scores:
    """Rows of one method on one data set."""

    method: str
    rows: Sequence[Row]
    data: str = ""


@dataclass(frozen=True)
class Table:
    """Cells as text, the header first; and what a reader must know beside them."""

    cells: list[list[str]]
    notes: list[str]

    def markdown(self) -> str:
        """Write it in Markdown."""
        head, *rest = ([cell.replace("|", "\\|") for cell in r] for r in self.cells)
        lines = [head, ["---"] * len(head), *rest]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return "\n\n".join([table, *self.notes]) + "\n"

    def csv(self) -> str:
        """Write the cells as CSV."""
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerows(self.cells)
        return file.getvalue()


def table(
    scores: Sequence[Scores], form: Form, *, against: str = "", title: str = ""
) -> Table:
    """Put methods side by side as a paper does.

    Parameters
    ----------
    scores
        Methods and data sets, in the order of the table.
    form
        `plain`: rows are methods, columns structures and their mean Dice;
        `td_gan`: the same turned round; `grl`: data x methods, F1 of all pixels in %;
        `cycle_shape`: methods x data, Dice (or S-score) in %; `unet_gan`: data x
        methods, mean ± standard deviation over images; `accseg`: median and mean
        (standard deviation) of Dice and ASD for data x methods.
    against
        Method that others are compared with: what differs from it with p < 0.05 in a
        Wilcoxon signed-rank test, paired by image, is marked.
    title
        Replaces the first cell, such as `S-score (%)`.

    Raises
    ------
    UserError
        If a method is there twice or not at all, or methods of one data set were
        scored on different images.
    """
    grid = _Grid(scores, against)
    write: dict[Form, Callable[[_Grid], list[list[str]]]] = {
        "plain": _plain,
        "td_gan": _td_gan,
        "grl": _grl,
        "cycle_shape": _cycle_shape,
        "unet_gan": _unet_gan,
        "accseg": _accseg,
    }
    cells = write[form](grid)
    cells[0][0] = title or cells[0][0]
    return Table(cells, grid.notes())


class _Grid:
    """Scores by data set and method."""

    def __init__(self, scores: Sequence[Scores], against: str) -> None:
        self.rows = {(one.data, one.method): one.rows for one in scores}
        self.datas = list(dict.fromkeys(one.data for one in scores))
        self.methods = list(dict.fromkeys(one.method for one in scores))
        self.against = against
        if len(self.rows) < len(scores):
            raise UserError(
                "two files have the same name: write a name before each, as in "
                "GRL=grl.csv, or Siemens/GRL=grl.csv where data sets differ."
            )
        if against and against not in self.methods:
            raise UserError(
                f"there is no method '{against}' to compare with: the methods are "
                f"{', '.join(self.methods)}."
            )
        for data in self.datas:
            self._check_images(data)

    def _check_images(self, data: str) -> None:
        images = {
            method: {row["image"] for row in self.rows[data, method]}
            for method in self.methods
            if (data, method) in self.rows
        }
        (first, of_first), *rest = images.items()
        for method, of_other in rest:
            if of_other != of_first:
                strange = sorted(of_first ^ of_other)[0]
                raise UserError(
                    f"{first} and {method} were not scored on the same images (only "
                    f"one has '{strange}'): score both on all of them."
                )

    def structures(self, data: str | None = None) -> list[str]:
        """Return the structures of one data set or of all, in their order."""
        groups = (rows for key, rows in self.rows.items() if data in (None, key[0]))
        return list(dict.fromkeys(row["class"] for rows in groups for row in rows))

    def cell(
        self, data: str, method: str, write: Callable[[Sequence[Row]], str | None]
    ) -> str:
        """Return what `write` makes of the rows, or that there are none."""
        rows = self.rows.get((data, method))
        return NONE if rows is None else write(rows) or NONE

    def mark(
        self, data: str, method: str, structure: str = "", score: Score = "dice"
    ) -> str:
        """Return the mark of a significant difference, or nothing."""
        other = self.rows.get((data, self.against))
        rows = self.rows.get((data, method))
        if other is None or rows is None or method == self.against:
            return ""
        if structure:
            pair = [
                [r for r in part if r["class"] == structure] for part in (other, rows)
            ]
        else:
            pair = [_per_image(part) for part in (other, rows)]
        found = paired_test(pair[0], pair[1], score) if all(pair) else []
        return MARK if any(one["p"] < ALPHA for one in found) else ""

    def notes(self) -> list[str]:
        """Return how many images there were, and what the mark means."""
        counts = []
        for data in self.datas:
            rows = next(rows for key, rows in self.rows.items() if key[0] == data)
            number = len({row["image"] for row in rows})
            counts.append(f"{data + ': ' if data else ''}{number} images")
        notes = [", ".join(counts) + "."]
        if self.against:
            notes.append(
                f"{MARK} differs from {self.against}, p < {ALPHA} (Wilcoxon "
                "signed-rank test, paired by image)."
            )
        return notes


def _plain(grid: _Grid) -> list[list[str]]:
    structures = grid.structures()
    named = any(grid.datas)
    cells = [["method", *structures, "mean"]]
    if named:
        cells[0].insert(1, "data")
    for data in grid.datas:
        for method in grid.methods:
            if (data, method) in grid.rows:
                first = [method, data] if named else [method]
                cells.append([*first, *_by_structure(grid, data, method, structures)])
    return cells


def _td_gan(grid: _Grid) -> list[list[str]]:
    cells = [["Dice", *grid.methods]]
    for data in grid.datas:
        structures = grid.structures(data)
        columns = [_by_structure(grid, data, m, structures) for m in grid.methods]
        for name, *line in zip([*structures, "mean"], *columns, strict=True):
            cells.append([f"{data}: {name}" if data else name, *line])
    return cells


def _by_structure(
    grid: _Grid, data: str, method: str, structures: list[str]
) -> list[str]:
    """Return the mean Dice of each structure and their mean."""
    means = {
        item["class"]: item["dice"]
        for item in summarise(grid.rows.get((data, method), ()))
    }
    cells = [
        _number(means.get(name, math.nan)) + grid.mark(data, method, name)
        for name in structures
    ]
    mean = grid.cell(data, method, lambda rows: _number(mean_dice(rows)))
    return [*cells, mean + grid.mark(data, method)]


def _grl(grid: _Grid) -> list[list[str]]:
    def pooled(rows: Sequence[Row]) -> str:
        f1 = finite_mean([item["dice_pooled"] for item in summarise(rows)])
        return _number(100 * f1, 2)

    return _data_by_method(grid, "F1 (%)", pooled)


def _cycle_shape(grid: _Grid) -> list[list[str]]:
    def percent(rows: Sequence[Row]) -> str:
        return _number(100 * mean_dice(rows), 1)

    cells = _data_by_method(grid, "Dice (%)", percent)
    return [list(column) for column in zip(*cells, strict=True)]


def _unet_gan(grid: _Grid) -> list[list[str]]:
    def spread_out(rows: Sequence[Row]) -> str:
        dice = [row["dice"] for row in _per_image(rows)]
        return f"{_number(finite_mean(dice))} ± {_number(spread(dice))}"

    return _data_by_method(grid, "Dice", spread_out)


def _data_by_method(
    grid: _Grid, title: str, write: Callable[[Sequence[Row]], str]
) -> list[list[str]]:
    cells = [[title, *grid.methods]]
    for data in grid.datas:
        line = [grid.cell(data, m, write) + grid.mark(data, m) for m in grid.methods]
        cells.append([data or "all", *line])
    return cells


def _accseg(grid: _Grid) -> list[list[str]]:
    cells = [["", *grid.methods]]
    for data in grid.datas:
        for structure in grid.structures(data):
            several = len(grid.structures(data)) > 1
            where = ", ".join(filter(None, [data, structure if several else ""]))
            for score, name in SHOWN:
                columns = [
                    _middle(grid, data, m, structure, score) for m in grid.methods
                ]
                unit = next((u for _, _, u in columns if u and u != "mixed"), "")
                name += f" ({unit})" if score == "assd" and unit else ""
                prefix = f"{where}: " if where else ""
                cells.append([f"{prefix}median {name}", *(c[0] for c in columns)])
                cells.append([f"{prefix}mean (std) {name}", *(c[1] for c in columns)])
    return cells


def _middle(
    grid: _Grid, data: str, method: str, structure: str, score: Score
) -> tuple[str, str, str]:
    """Return the median, and the mean with its spread, of one score; and its unit."""
    rows = [r for r in grid.rows.get((data, method), ()) if r["class"] == structure]
    values = [v for r in rows if (v := r[score]) is not None and not math.isnan(v)]
    units = {row["unit"] for row in rows}
    if not values or (score != "dice" and len(units) > 1):
        return NONE, NONE, ""
    missed = sum(map(math.isinf, values))
    mean = f"{_number(finite_mean(values))} ({_number(spread(values))})"
    mean += grid.mark(data, method, structure, score)
    # A distance to nothing is infinite: in the median, but in no mean.
    mean += f", {missed} missed" if missed else ""
    return _number(median(values)), mean, units.pop()


def _per_image(rows: Sequence[Row]) -> list[Row]:
    """Return one row per image: the mean Dice of the structures that are there."""
    images: dict[str, list[Row]] = {}
    for row in rows:
        images.setdefault(row["image"], []).append(row)
    return [
        {**group[0], "class": "mean", "dice": finite_mean([r["dice"] for r in group])}
        for group in images.values()
    ]


def _number(value: float, digits: int = 3) -> str:
    if math.isinf(value):
        return "∞"
    return NONE if math.isnan(value) else f"{value:.{digits}f}"
