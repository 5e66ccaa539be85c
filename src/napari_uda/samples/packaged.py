"""Where written sample pairs lie, for those that take seconds to draw anew."""

from __future__ import annotations

from pathlib import Path

import tifffile
import yaml

from .pair import PairDomain


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
    """Read a written sample pair of 2D images with label maps.

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
    images, labels = (
        [tifffile.imread(folder / kind / f"{stem}.tif") for stem in train + test]
        for kind in ("images", "labels")
    )
    return PairDomain(
        name=folder.name,
        images=images,
        labels=labels,
        voxel_size=tuple(config["voxel_size"]),
        unit=config["unit"],
        classes=config["classes"],
        train=len(train),
    )
