"""What people decided about translated slices, kept as CSV."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from napari_uda.core.errors import UserError
from napari_uda.core.io.atomic import atomic_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Decision = Literal["", "accepted", "rejected"]
COLUMNS = ("image", "pixels", "translation", "to", "slice", "verdict", "note")
"""Columns of a file of verdicts."""


@dataclass(frozen=True)
class Place:
    """Which slice of which translation a verdict is about."""

    image: str
    """Name of the original."""
    pixels: str
    """Fingerprint of the original's pixels: names of layers are not unique."""
    translation: str
    """What made the translation: run and checkpoint, or the name of its layer."""
    to: str
    """Domain whose look it has; empty if not known."""
    slice: int
    """Number of the slice, from 0."""


@dataclass(frozen=True)
class Verdict:
    """What somebody thinks of a slice."""

    decision: Decision = ""
    """Empty as long as nobody has decided."""
    note: str = ""
    """Free text."""


def read_verdicts(path: Path) -> dict[Place, Verdict]:
    """Read a file of verdicts; empty if there is none.

    Raises
    ------
    UserError
        If the file cannot be read or holds something else.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise ValueError(reader.fieldnames)
            return dict(map(_parsed, reader))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        raise UserError(
            f"{path} cannot be read as verdicts: move it away, and a new one is begun; "
            f"its columns have to be {', '.join(COLUMNS)}."
        ) from None


def save_verdicts(path: Path, verdicts: Mapping[Place, Verdict]) -> None:
    """Write verdicts into a file, all at once; others that it holds stay.

    Verdicts without decision and note are taken out.

    Raises
    ------
    UserError
        If the file cannot be read or written.
    """
    merged = {
        place: verdict
        for place, verdict in (read_verdicts(path) | dict(verdicts)).items()
        if verdict != Verdict()
    }
    rows = [
        {**vars(place), "slice": place.slice + 1, "verdict": v.decision, "note": v.note}
        for place, v in merged.items()
    ]
    write_table(path, COLUMNS, rows)


def write_table(
    path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]
) -> None:
    """Write rows as CSV, all at once.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    try:
        with (
            atomic_path(path) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, list(columns), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written ({error.strerror}): choose another folder, or "
            "make room."
        ) from None


def _parsed(row: Mapping[str, str]) -> tuple[Place, Verdict]:
    decision = row["verdict"]
    if decision not in get_args(Decision):
        raise ValueError(decision)
    place = Place(
        row["image"],
        row["pixels"],
        row["translation"],
        row["to"],
        int(row["slice"]) - 1,
    )
    return place, Verdict(decision, row["note"] or "")  # type: ignore[arg-type]
