"""A pair of domains to inspect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inspected import image, labels, write
from napari_uda.core.spec.domain import Dataset, Domain, Sample, Structure

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    """A pair without anything to say against it."""
    classes = {1: Structure(name="mitochondrion")}

    def domain(name: str, seed: int) -> Domain:
        samples = [
            Sample(
                name=stem,
                image=write(tmp_path / name / "images", stem, image(seed + number)),
                labels=write(tmp_path / name / "labels", stem, labels()),
                split="train" if number == 0 else "test",
                labels_role="train" if name == "source" else "evaluate",
            )
            for number, stem in enumerate(("a", "b"))
        ]
        return Domain(
            samples=tuple(samples), classes=classes, voxel_size=(5.0, 5.0), unit="nm"
        )

    return Dataset(source=domain("source", 0), target=domain("target", 10))
