"""Sample pairs as data folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tifffile
import yaml

from .pair import TRAIN, em_pair

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

MITOCHONDRION = {"name": "mitochondrion", "color": "#e6194b"}


def write_em_pair(folder: Path) -> None:
    """Write the electron microscopy pair.

    Parameters
    ----------
    folder
        An existing folder; gets `source` and `target`, each with `images`, `labels`
        and `dataset.yaml`.
    """
    for domain in em_pair():
        stems = [f"{domain.name}-{k:02d}" for k in range(len(domain.images))]
        content = {
            "classes": {1: MITOCHONDRION},
            "voxel_size": [domain.pixel_nm, domain.pixel_nm],
            "unit": "nm",
            "split": {"train": stems[:TRAIN], "test": stems[TRAIN:]},
        }
        if domain.name == "target":
            content["labels_role"] = "evaluate"
        for kind, stack in (("images", domain.images), ("labels", domain.labels)):
            (folder / domain.name / kind).mkdir(parents=True)
            for stem, array in zip(stems, stack, strict=True):
                path = folder / domain.name / kind / f"{stem}.tif"
                _write_tiff(path, array, domain.pixel_nm)
        (folder / domain.name / "dataset.yaml").write_text(
            yaml.safe_dump(content, sort_keys=False, default_flow_style=None),
            encoding="utf-8",
        )


def _write_tiff(path: Path, array: NDArray[np.uint8], pixel_nm: float) -> None:
    # Not core.io's writer: that one leaves files uncompressed, to be memory-mapped.
    per_centimetre = 1e7 / pixel_nm
    tifffile.imwrite(
        path,
        array,
        photometric="minisblack",
        compression="zlib",
        predictor=True,
        resolution=(per_centimetre, per_centimetre),
        resolutionunit="CENTIMETER",
        metadata=None,
        software=False,
    )
