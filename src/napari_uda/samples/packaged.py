"""Where written sample pairs lie, for those that take seconds to draw anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import tifffile
import yaml

from .pair import PairDomain

if TYPE_CHECKING:
    from numpy.typing import NDArray


def packaged(name: str) -> Path | None:
    """Return the folder of a pair that came with the package or the repository.

    Returns
    -------
    pathlib.Path or None
        None if this installation has no such folder; the pair can then be drawn.
    """
    installed = Path(__file__).parent / "files" / name
    repository = Path(__file__).parents[3] / "sample_data" / name
    for folder in (installed, repository):
        if (folder / "source" / "dataset.yaml").is_file():
            return folder
    return None


def read_pair(folder: Path) -> tuple[PairDomain, PairDomain]:
    """Read a written sample pair of 2D images.

    Parameters
    ----------
    folder
        What `packaged` returned.
    """
    source, target = (_read_domain(folder / name) for name in ("source", "target"))
    return source, target


def _read_domain(folder: Path) -> PairDomain:
    config = yaml.safe_load((folder / "dataset.yaml").read_text(encoding="utf-8"))
    train, test = (config["split"][split] for split in ("train", "test"))

    def stack(*path: str) -> list[NDArray[Any]]:
        place = folder.joinpath(*path)
        return [tifffile.imread(place / f"{stem}.tif") for stem in train + test]

    structures = [item["name"] for item in config["classes"].values()]
    overlapping = (folder / "labels" / structures[0]).is_dir()
    return PairDomain(
        name=folder.name,
        images=stack("images"),
        labels={name: stack("labels", name) for name in structures}
        if overlapping
        else stack("labels"),
        voxel_size=tuple(config["voxel_size"]),
        unit=config["unit"],
        classes=config["classes"],
        train=len(train),
    )
