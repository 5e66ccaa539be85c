"""Small data for the language of experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_uda.core.spec.domain import Dataset, Domain, Sample, Structure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return a function that makes a data folder of 32 x 32 images."""

    def make(
        name: str, stems: str = "ab", yaml: str = "", labelled: str = "ab"
    ) -> Path:
        for kind, chosen in (("images", stems), ("labels", labelled)):
            if chosen:
                (tmp_path / name / kind).mkdir(parents=True)
            for stem in chosen:
                array = np.arange(1024, dtype=np.uint8).reshape(32, 32) % 3
                tifffile.imwrite(tmp_path / name / kind / f"{stem}.tif", array)
        if yaml:
            (tmp_path / name / "dataset.yaml").write_text(yaml)
        return tmp_path / name

    return make


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    """Two domains of one image each, in files that exist."""
    for name in ("source", "target", "labels"):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.zeros((64, 64), np.uint8))
    mito = {1: Structure(name="mito")}
    labels = tmp_path / "labels.tif"
    source = Sample(name="s", image=tmp_path / "source.tif", labels=labels)
    target = Sample(name="t", image=tmp_path / "target.tif")
    return Dataset(
        source=Domain(samples=(source,), classes=mito), target=Domain(samples=(target,))
    )
