"""Where the written sample pairs lie: drawing them anew takes seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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
    """Read a written sample pair.

    Parameters
    ----------
    folder
        What `packaged` returned.
    """
    source, target = (_read_domain(folder / name) for name in ("source", "target"))
    return source, target


def _read_domain(folder: Path) -> PairDomain:
    config = yaml.safe_load((folder / "dataset.yaml").read_text(encoding="utf-8"))
    stems = [stem for split in ("train", "test") for stem in config["split"][split]]
    images, labels = (
        np.stack([tifffile.imread(folder / kind / f"{stem}.tif") for stem in stems])
        for kind in ("images", "labels")
    )
    return PairDomain(folder.name, images, labels, config["voxel_size"][-1])
