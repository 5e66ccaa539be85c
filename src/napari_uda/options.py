"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from napari_uda import terminal
from napari_uda.core.errors import UserError


def found_run(given: Path | None) -> Path | None:
    """Return the folder of a run; a bare name may be one in the runs folder.

    A path that exists comes first. A title counts like a name, as the window shows
    titles, unless several runs have it.

    Raises
    ------
    UserError
        If several runs have that title.
    """
    if given is None or given.exists() or given.name != str(given):
        return given
    # Not at the top: most commands need no methods, which take time to import.
    from napari_uda.core.spec.experiment import runs_folder
    from napari_uda.core.spec.run import list_runs

    runs = list_runs(runs_folder())
    found = [run for run in runs if run.id == given.name] or [
        run for run in runs if run.title == given.name
    ]
    if len(found) > 1:
        folders = ", ".join(sorted(str(run.path) for run in found))
        raise UserError(
            f"several runs have the title {given.name}: give the folder of one of "
            f"them ({folders})."
        )
    if not found:
        return given
    terminal.note(f"There is no {given} here: {found[0].path} is used.")
    return found[0].path


AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Run = Annotated[
    Path,
    typer.Argument(
        help="Folder of a run, or its name in your runs folder.",
        show_default=False,
        callback=found_run,
    ),
]
Images = Annotated[list[Path], typer.Argument(help="Image files or folders.")]
Which = Annotated[Literal["best", "last"], typer.Option(help="Which weights.")]
Part = Annotated[
    Literal["train", "test"] | None,
    typer.Option(help="Only this split of a data folder."),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that exist.")
]
VoxelSize = Annotated[
    str | None, typer.Option(help="(z,)y,x, whatever the files say; such as 40,4,4.")
]
Unit = Annotated[Literal["nm", "um", "mm"], typer.Option(help="Unit of --voxel-size.")]
Axes = Annotated[
    str | None, typer.Option(help="Meaning of the axes, such as zyx, if files mislead.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")]
Settings = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Such as method.steps=300."),
]


def parsed_sizes(text: str | None) -> tuple[float, ...] | None:
    """Read a voxel size such as 40,4,4.

    Raises
    ------
    UserError
        If it is not two or three positive numbers.
    """
    if text is None:
        return None
    try:
        sizes = tuple(float(part) for part in text.split(","))
    except ValueError:
        sizes = ()
    if not 2 <= len(sizes) <= 3 or min(sizes) <= 0:
        raise UserError(
            f"--voxel-size {text} is not two or three positive numbers: write it as "
            "40,4,4 (z,y,x)."
        )
    return sizes
