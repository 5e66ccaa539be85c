"""CT files and their labels to a data folder of radiographs."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from napari_uda.core.errors import UserError
from napari_uda.core.io import (
    NANOMETRES,
    Geometry,
    read,
    read_header,
    stem_of,
    write_image,
    write_labels,
)
from napari_uda.core.io.labels import read_labels
from napari_uda.core.spec.domain import PALETTE, Domain, Sample, Structure
from napari_uda.core.spec.folders import by_stem, domain_from_folder

from .orientation import upright
from .projection import project
from .rays import check_room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from .geometry import XrayGeometry


@dataclass(frozen=True)
class Radiograph:
    """What was written for one view of a CT."""

    ct: str
    """The CT file."""
    image: str
    """The file of its radiograph."""
    organs: dict[str, int]
    """Pixels that each organ covers."""


def project_files(
    ct: Path,
    out: Path,
    views: Sequence[XrayGeometry],
    *,
    labels: Sequence[Path] = (),
    voxel_size: Sequence[float] | None = None,
    report: Callable[[Radiograph], None] | None = None,
    **options: Any,
) -> list[Radiograph]:
    """Make a data folder of radiographs, with overlapping labels, from CT volumes.

    Volumes with a NIfTI affine are turned first, so that z goes to the patient's head,
    y to the back and x to the left; others are taken to lie like that.

    Parameters
    ----------
    ct
        A volume in HU, or a data folder of such volumes with its labels.
    out
        New or empty folder; gets `images/`, `labels/<organ>/` and `dataset.yaml`.
    views
        One radiograph per view and volume; file names tell the rotation if there are
        several. All views have the same pixel pitch.
    labels
        Masks of a single volume, files named after their organs or folders of such.
    voxel_size
        Edges of a voxel (z, y, x) in mm, for files that do not say.
    report
        Called with each radiograph.
    **options
        As in `project`: threshold, mu_water, photons, seed, device.

    Raises
    ------
    UserError
        If an input makes no sense; nothing is left in `out` then.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is not an empty folder: choose a new one.")
    domain = _domain(ct, labels)
    sizes = [_voxel_size(domain, sample, voxel_size) for sample in domain.samples]
    for sample, size in zip(domain.samples, sizes, strict=True):
        for view in views:
            check_room(read_header(sample.image, sample.axes).shape, size, view)
    split: dict[str, list[str]] = {}
    results = []
    seed = int(options.pop("seed", 0))
    with _new_folder(out) as folder:
        for number, (sample, size) in enumerate(
            zip(domain.samples, sizes, strict=True)
        ):
            volume = read(sample.image, sample.axes)
            affine = volume.header.geometry.affine
            hounsfield, edges = upright(volume.data, size, affine)
            masks = {
                organ: upright(mask, size, affine)[0]
                for organ, mask in _masks(domain, sample).items()
            }
            for turn, view in enumerate(views):
                stem = sample.name
                if len(views) > 1:
                    stem += f"_r{view.rotation:g}".replace("-", "m").replace(".", "p")
                noise = seed + number * len(views) + turn
                made = project(hounsfield, edges, view, masks, seed=noise, **options)
                place = Geometry((view.pitch, view.pitch), "mm")
                write_image(folder / "images" / f"{stem}.tif", made.image, place)
                for organ, mask in made.labels.items():
                    write_labels(folder / "labels" / organ / f"{stem}.tif", mask, place)
                split.setdefault(sample.split, []).append(stem)
                found = {organ: int(mask.sum()) for organ, mask in made.labels.items()}
                image = str(out / "images" / f"{stem}.tif")
                results.append(Radiograph(str(sample.image), image, found))
                if report is not None:
                    report(results[-1])
        _write_config(folder, domain, views[0].pitch, split)
    return results


def _domain(ct: Path, labels: Sequence[Path]) -> Domain:
    if ct.is_dir():
        if labels:
            raise UserError(
                f"--labels goes with a single CT file, but {ct} is a folder: put its "
                "labels into its labels/ folder."
            )
        return domain_from_folder(ct, "source")
    if not ct.exists():
        raise UserError(f"{ct} does not exist: give a CT volume or a data folder.")
    masks = _mask_files(labels)
    return Domain(
        samples=(Sample(name=stem_of(ct), image=ct, labels=masks or None),),
        classes={
            number: Structure(name=name, color=PALETTE[(number - 1) % len(PALETTE)])
            for number, name in enumerate(masks, start=1)
        },
        overlapping=bool(masks),
    )


def _mask_files(labels: Sequence[Path]) -> dict[str, Path]:
    """Return the masks in files and folders, named after their organs."""
    masks: dict[str, Path] = {}
    for given in labels:
        if not given.exists():
            raise UserError(f"the label file {given} does not exist: check the path.")
        found = by_stem(given) if given.is_dir() else {stem_of(given): given}
        if not found:
            raise UserError(
                f"{given} holds no masks: give a folder with a file per organ, such as "
                "liver.nii.gz."
            )
        for name, path in found.items():
            if name in masks:
                raise UserError(
                    f"{masks[name]} and {path} are both named {name}: rename one."
                )
            if len(values := np.unique(read_labels(path).data[...])) > 2:
                raise UserError(
                    f"{path} has {len(values) - 1} values, but a mask has one: put CT "
                    "and labels into the images/ and labels/ of a data folder."
                )
            masks[name] = path
    return masks


def _voxel_size(
    domain: Domain, sample: Sample, given: Sequence[float] | None
) -> tuple[float, ...]:
    """Return the voxel size in mm: of the file, else as given, else of the domain."""
    header = read_header(sample.image, sample.axes)
    if len(header.shape) != 3:
        raise UserError(
            f"{sample.image} has shape {header.shape}: a CT volume (z, y, x) is needed."
        )
    known, unit = header.geometry.voxel_size, header.geometry.unit
    if known is None or len(known) != 3:
        if given is not None:
            return tuple(given)
        known, unit = domain.voxel_size, domain.unit
    if known is None or len(known) != 3:
        raise UserError(
            f"{sample.image} does not say how large its voxels are: give --voxel-size "
            "z,y,x in mm, or voxel_size and unit in dataset.yaml."
        )
    scale = NANOMETRES[unit or "mm"] / NANOMETRES["mm"]
    return tuple(side * scale for side in known)


def _masks(domain: Domain, sample: Sample) -> dict[str, NDArray[np.bool_]]:
    """Return the organs of a sample as masks."""
    if sample.labels is None:
        return {}
    if isinstance(sample.labels, dict):
        return {
            name: read(path, sample.axes).data != 0
            for name, path in sample.labels.items()
        }
    indices = read_labels(sample.labels, sample.axes).data
    return {item.name: indices == raw for raw, item in domain.classes.items()}


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """Within, write to a folder beside `out`, which takes its place at the end."""
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        if out.exists():
            out.rmdir()
        os.replace(temporary, out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_config(
    folder: Path, domain: Domain, pitch: float, split: dict[str, list[str]]
) -> None:
    content: dict[str, Any] = {"voxel_size": [pitch, pitch], "unit": "mm"}
    if domain.classes:
        content["overlapping"] = True
        content["classes"] = {
            number: {"name": item.name, "color": item.color}
            for number, item in enumerate(domain.classes.values(), start=1)
        }
    if "test" in split:
        content["split"] = split
    (folder / "dataset.yaml").write_text(
        yaml.safe_dump(content, sort_keys=False, default_flow_style=None),
        encoding="utf-8",
    )
