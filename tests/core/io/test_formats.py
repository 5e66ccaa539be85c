from __future__ import annotations

import pytest

from napari_uda.core.io import is_image, length_unit, stem_of, suffix_of


@pytest.mark.parametrize(
    ("name", "stem", "suffix"),
    [
        ("a/b/CT_001.nii.gz", "CT_001", ".nii.gz"),
        ("cells.OME.TIF", "cells", ".ome.tif"),
        ("slice.v2.tif", "slice.v2", ".tif"),
        ("stack.ome.tiff", "stack", ".ome.tiff"),
        ("events.jsonl", "events", ".jsonl"),
        ("README", "README", ""),
    ],
)
def test_a_name_splits_into_stem_and_whole_suffix(
    name: str, stem: str, suffix: str
) -> None:
    assert (stem_of(name), suffix_of(name)) == (stem, suffix)


@pytest.mark.parametrize("name", ["a.tif", "a.JPG", "b.nii.gz", "x.npz", "y.ome.tiff"])
def test_images_are_known_by_their_suffix(name: str) -> None:
    assert is_image(name)


@pytest.mark.parametrize("name", ["a.txt", "b.gz", "._a.tif", ".tif", "dataset.yaml"])
def test_other_and_hidden_files_are_no_images(name: str) -> None:
    assert not is_image(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nm", ("nm", 1.0)),
        ("\u00b5m", ("um", 1.0)),  # the micro sign
        ("\u03bcm", ("um", 1.0)),  # the Greek letter
        ("\\u00B5m", ("um", 1.0)),
        ("Microns", ("um", 1.0)),
        ("micrometre", ("um", 1.0)),
        ("millimeters", ("mm", 1.0)),
        ("cm", ("mm", 10.0)),
        ("\u212b", ("nm", 0.1)),
        ("pixel", None),
        ("inch", None),
        ("", None),
    ],
)
def test_units_of_length_are_recognised(
    name: str, expected: tuple[str, float] | None
) -> None:
    assert length_unit(name) == expected
