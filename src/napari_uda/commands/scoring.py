"""Scores: evaluate, s-score, compare, table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from napari_uda import terminal
from napari_uda.commands import shown
from napari_uda.core.errors import UserError
from napari_uda.options import AsJson, Device, Overwrite, Part, Run, Which, found_run

if TYPE_CHECKING:
    from napari_uda.core.metrics.report import Row

Out = Annotated[
    Path | None, typer.Option(help="CSV file for the scores of every image.")
]


def evaluate(
    predictions: Annotated[Path, typer.Argument(help="Label file or folder.")],
    labels: Annotated[Path, typer.Argument(help="True label file or folder.")],
    out: Out = None,
    surface: Annotated[
        bool, typer.Option(help="Measure surface distances, which takes longest.")
    ] = True,
    volumes: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN",
            help="Files are slices named so, such as {volume}_z{slice}: score volumes.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Score predictions against true labels."""
    from napari_uda.core.inference.scores import evaluate as score

    _check_new(out, overwrite)
    left_out: list[str] = []
    rows = score(
        predictions, labels, surface=surface, volumes=volumes, left_out=left_out.extend
    )
    _save(rows, out)
    shown.scores(rows, as_json, left_out)


def s_score(
    run: Run,
    data: Annotated[
        Path, typer.Argument(help="Data folder with labelled images to translate.")
    ],
    judge: Annotated[
        Path,
        typer.Option(
            help="Run whose segmenter knows the look translated into.",
            callback=found_run,
        ),
    ],
    to: Annotated[
        Literal["source", "target"], typer.Option(help="Look to translate into.")
    ],
    split: Part = None,
    checkpoint: Which = "best",
    out: Out = None,
    overwrite: Overwrite = False,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Score translated images by the masks of another run, the judge."""
    from napari_uda.core.api import s_score as score
    from napari_uda.core.metrics.report import mean_dice

    _check_new(out, overwrite)
    left_out: list[str] = []

    def measure(report: Any) -> list[Row]:
        return score(
            run, judge, data, to=to, split=split, checkpoint=checkpoint, device=device,
            report=report, left_out=left_out.extend,
        )  # fmt: skip

    if as_json:
        rows = measure(None)
    else:
        with terminal.predicting(as_json) as report:
            rows = measure(report)
    _save(rows, out)
    value = mean_dice(rows)
    shown.scores(rows, as_json, left_out, s_score=value, to=to)
    if not as_json:
        terminal.say(f"S-score to {to}: {shown.score_text(value)}")


def compare(
    first: Annotated[
        str,
        typer.Argument(
            metavar="[NAME=]FIRST.csv", help="Scores, as evaluate --out writes them."
        ),
    ],
    second: Annotated[
        str,
        typer.Argument(metavar="[NAME=]SECOND.csv", help="Scores of the same images."),
    ],
    as_json: AsJson = False,
) -> None:
    """Compare two methods image by image, with a paired test."""
    from napari_uda.core.metrics.paired import paired_test
    from napari_uda.core.metrics.score_file import read_csv

    names, files = zip(*map(_named, (first, second)), strict=True)
    if names[0] == names[1]:
        names = ("first", "second")
    one, two = map(read_csv, files)
    found = [
        line
        for score in ("dice", "assd", "hd95")
        for line in paired_test(one, two, score)
    ]
    found = [line for line in found if line["images"]]
    if as_json:
        terminal.emit({"first": names[0], "second": names[1], "comparison": found})
        return
    shown.paired(found, names)
    terminal.note(
        f"Difference: {names[1]} minus {names[0]}; of distances, less is better. p: "
        "two-sided Wilcoxon signed-rank test, paired by image."
    )


def table(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[[DATA/]NAME=]SCORES.csv...",
            help="Scores of methods, as evaluate --out writes them.",
        ),
    ],
    form: Annotated[
        Literal["plain", "td_gan", "grl", "cycle_shape", "unet_gan", "accseg"],
        typer.Option(help="Form of the table: plain, or that of a paper."),
    ] = "plain",
    against: Annotated[
        str, typer.Option(help="Mark what differs significantly from this method.")
    ] = "",
    title: Annotated[str, typer.Option(help="Text of the first cell.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="File to write: .md, or .csv.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Put the scores of several methods into one table."""
    from napari_uda.core.io.atomic import atomic_write_text
    from napari_uda.core.metrics import tables
    from napari_uda.core.metrics.score_file import read_csv

    _check_new(out, overwrite)
    if out is not None and out.suffix not in (".md", ".csv"):
        raise UserError(f"{out} is neither .md nor .csv: give --out one of these.")
    scores = []
    for name, file in map(_named, files):
        data, _, method = name.rpartition("/")
        scores.append(tables.Scores(method, read_csv(file), data))
    made = tables.table(scores, form, against=against, title=title)
    text = made.csv() if out is not None and out.suffix == ".csv" else made.markdown()
    if out is not None:
        atomic_write_text(out, text)
    if as_json:
        terminal.emit({"table": made.cells, "notes": made.notes})
    elif out is None:
        print(text, end="")
    else:
        terminal.say(f"Wrote {out}.")


def _named(text: str) -> tuple[str, Path]:
    """Split NAME=FILE; a file without name is called by its stem."""
    name, sign, file = text.partition("=")
    if not sign or Path(text).is_file():
        return Path(text).stem, Path(text)
    if not name or name.endswith("/"):
        raise UserError(f"'{text}' has no name before the sign: write NAME=scores.csv.")
    return name, Path(file)


def _check_new(out: Path | None, overwrite: bool) -> None:
    if out is not None and out.exists() and not overwrite:
        raise UserError(f"{out} exists: choose another --out, or add --overwrite.")


def _save(rows: list[Row], out: Path | None) -> None:
    from napari_uda.core.metrics.report import write_csv

    if out is not None:
        write_csv(rows, out)
