"""Virtual X-ray of CT volumes."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from napari_uda import terminal
from napari_uda.core.errors import UserError
from napari_uda.options import AsJson, parsed_sizes

if TYPE_CHECKING:
    from napari_uda.core.drr import Radiograph


MOST_VIEWS = 720


def drr(
    ct: Annotated[Path, typer.Argument(help="CT volume in HU, or a data folder.")],
    out: Annotated[Path, typer.Option(help="New folder for the radiographs.")],
    labels: Annotated[
        list[Path] | None,
        typer.Option(
            help="Mask of an organ of a single volume, or folder of masks; repeat."
        ),
    ] = None,
    geometry: Annotated[
        Literal["cone", "parallel"], typer.Option(help="Shape of the beam.")
    ] = "cone",
    source_detector: Annotated[
        float, typer.Option(help="Source to detector, mm (cone).")
    ] = 1500.0,
    source_patient: Annotated[
        float, typer.Option(help="Source to the volume's centre, mm (cone).")
    ] = 1000.0,
    rotation: Annotated[
        list[str] | None,
        typer.Option(
            help="Degrees about the z axis; repeat, or START:STOP:STEP without STOP."
        ),
    ] = None,
    tilt: Annotated[float, typer.Option(help="Degrees towards the head.")] = 0.0,
    size: Annotated[
        str, typer.Option(help="Rows,columns of the detector.")
    ] = "256,256",
    pitch: Annotated[float, typer.Option(help="Edge of a detector pixel, mm.")] = 2.0,
    threshold: Annotated[
        float, typer.Option(help="Path through an organ, mm, beyond which it is seen.")
    ] = 0.0,
    photons: Annotated[
        float, typer.Option(help="Photons per pixel, for noise; 0: no noise.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of the noise.")] = 0,
    voxel_size: Annotated[
        str | None, typer.Option(help="z,y,x in mm, of files that do not say.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    as_json: AsJson = False,
) -> None:
    """Project CT volumes and their labels to radiographs, along the same rays."""
    voxels = parsed_sizes(voxel_size)
    if voxels is not None and len(voxels) != 3:
        raise UserError(f"--voxel-size {voxel_size}: give three numbers z,y,x in mm.")
    pixels = _pixels(size)
    from napari_uda.core.drr import XrayGeometry, project_files
    from napari_uda.core.engine.device import pick_device

    views = [
        XrayGeometry(
            geometry, source_detector, source_patient, turn, tilt, pixels, pitch
        )
        for turn in _angles(rotation or ["0"])
    ]

    def tell(made: Radiograph) -> None:
        terminal.say(f"Wrote {made.image}", as_json, kind="result", **asdict(made))

    made = project_files(
        ct, out, views, labels=labels or [], voxel_size=voxels, report=tell,
        threshold=threshold, photons=photons, seed=seed,
        device=pick_device(device),
    )  # fmt: skip
    if not as_json:
        following = (
            f"Next: napari-uda new td_gan --source {out} --target YOUR_XRAYS"
            if made[0].organs
            else "They have no labels: add --labels to train on them."
        )
        terminal.say(f"Radiographs in {out}: {len(made)}. {following}")


def _pixels(text: str) -> tuple[int, int]:
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
        raise UserError(
            f"--size {text} is not two whole numbers: write it as 256,256 (rows, "
            "columns)."
        )
    rows, columns = map(int, parts)
    return rows, columns


def _angles(given: list[str]) -> list[float]:
    """Read angles, each a number or START:STOP:STEP; none is there twice."""
    angles: list[float] = []
    for text in given:
        try:
            parts = [float(part) for part in text.split(":")]
        except ValueError:
            parts = []
        if len(parts) == 1:
            angles += parts
            continue
        count = (parts[1] - parts[0]) / (parts[2] or -1) if len(parts) == 3 else -1
        if not 0 < count <= MOST_VIEWS:
            raise UserError(
                f"--rotation {text} is no angle: give degrees, or START:STOP:STEP as "
                f"in 0:360:30, at most {MOST_VIEWS} views."
            )
        angles += [parts[0] + k * parts[2] for k in range(math.ceil(count - 1e-9))]
    return list(dict.fromkeys(angles))
