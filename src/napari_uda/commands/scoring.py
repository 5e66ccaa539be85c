"""Scores: evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_uda import terminal
from napari_uda.core.errors import UserError
from napari_uda.options import AsJson, Overwrite


def evaluate(
    predictions: Annotated[Path, typer.Argument(help="Label file or folder.")],
    labels: Annotated[Path, typer.Argument(help="True label file or folder.")],
    out: Annotated[
        Path | None, typer.Option(help="CSV file for the scores of every image.")
    ] = None,
    surface: Annotated[
        bool, typer.Option(help="Measure surface distances, which takes longest.")
    ] = True,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Score predictions against true labels."""
    from napari_uda.core.inference.scores import evaluate as score
    from napari_uda.core.metrics.report import summarise, write_csv

    if out is not None and out.exists() and not overwrite:
        raise UserError(f"{out} exists: choose another --out, or add --overwrite.")
    rows = score(predictions, labels, surface=surface)
    if out is not None:
        write_csv(rows, out)
    terminal.scores(rows, summarise(rows), as_json)
