"""What a trained run makes of images: predict, translate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from napari_uda import terminal
from napari_uda.options import (
    AsJson,
    Axes,
    Device,
    Images,
    Overwrite,
    Part,
    Run,
    Unit,
    VoxelSize,
    Which,
    found_run,
    parsed_sizes,
)


def predict(
    run: Run,
    images: Images,
    out: Annotated[Path, typer.Option(help="Folder for the labels.")],
    checkpoint: Which = "best",
    split: Part = None,
    domain: Annotated[
        Literal["source", "target"], typer.Option(help="Where the images come from.")
    ] = "target",
    probability: Annotated[
        bool, typer.Option("--probability", help="Also write probabilities.")
    ] = False,
    uncertainty: Annotated[
        bool, typer.Option("--uncertainty", help="Also write the uncertainty.")
    ] = False,
    overwrite: Overwrite = False,
    voxel_size: VoxelSize = None,
    unit: Unit = "um",
    axes: Axes = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Segment images with a trained run."""
    size = parsed_sizes(voxel_size)
    from napari_uda.core.api import predict as predict_images

    with terminal.predicting(as_json) as report:
        predict_images(
            run, images, out, checkpoint=checkpoint, device=device, report=report,
            domain=domain, split=split, probability=probability, unit=unit, size=size,
            uncertainty=uncertainty, overwrite=overwrite, axes=axes,
            notice=terminal.note,
        )  # fmt: skip


def translate(
    run: Run,
    images: Images,
    out: Annotated[Path, typer.Option(help="Folder for the translated images.")],
    to: Annotated[
        Literal["source", "target"], typer.Option(help="Look that they shall have.")
    ],
    checkpoint: Which = "best",
    split: Part = None,
    masks: Annotated[
        bool, typer.Option("--masks", help="Also write the masks before and after.")
    ] = False,
    judge: Annotated[
        Path | None,
        typer.Option(
            help="Run that finds the masks, instead of this one.", callback=found_run
        ),
    ] = None,
    overwrite: Overwrite = False,
    voxel_size: VoxelSize = None,
    unit: Unit = "um",
    axes: Axes = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Give images of one domain the look of the other, as float32 in [-1, 1]."""
    size = parsed_sizes(voxel_size)
    from napari_uda.core.api import translate as translate_images

    with terminal.predicting(as_json) as report:
        translate_images(
            run, images, out, to=to, checkpoint=checkpoint, device=device,
            report=report, split=split, overwrite=overwrite, size=size, unit=unit,
            axes=axes, masks=masks or judge is not None, judge=judge,
        )  # fmt: skip
