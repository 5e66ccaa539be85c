"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from napari_uda.core.errors import UserError

AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Run = Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)]
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
