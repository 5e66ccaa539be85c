"""The one rule for voxel sizes: typed, header, dataset.yaml, target of the run."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from napari_uda.core.io import Geometry, read, write_labels
from napari_uda.core.spec.domain import Domain, Sample
from napari_uda.core.spec.folders import domain_from_folder, fingerprint
from napari_uda.core.spec.geometry import (
    TypedSize,
    file_geometry,
    geometry_of,
    sample_geometry,
    whole_size,
    with_typed_size,
)

TARGET = Domain(samples=(), voxel_size=(9.0, 9.0, 9.0), unit="nm")
TYPED = TypedSize((4.0, 2.0, 2.0), "um")


@pytest.fixture
def folder(tmp_path):
    """A volume that says its size, and one that does not, beside a dataset.yaml."""
    (tmp_path / "images").mkdir()
    pixels = np.zeros((5, 6, 3), np.uint8)
    affine = np.array([[-3, 0, 0, 7], [0, 3, 0, 8], [0, 0, 5, 9], [0, 0, 0, 1.0]])
    nib.save(nib.Nifti1Image(pixels, affine), tmp_path / "images" / "said.nii")
    np.save(tmp_path / "images" / "silent.npy", pixels.T)
    (tmp_path / "dataset.yaml").write_text("voxel_size: [7, 6, 6]\nunit: mm\n")
    return tmp_path


def header(folder, name):
    return read(folder / "images" / name).header


def sizes(folder, domain, typed=None):
    found = [
        file_geometry(header(folder, name), domain, typed)
        for name in ("said.nii", "silent.npy")
    ]
    return [(one.voxel_size, one.unit) for one in found]


def test_typed_goes_before_header_before_yaml_before_run(folder):
    assert sizes(folder, TARGET, TYPED) == [TYPED, TYPED]
    assert sizes(folder, TARGET) == [((5, 3, 3), "mm"), ((7, 6, 6), "mm")]
    (folder / "dataset.yaml").unlink()
    assert sizes(folder, TARGET) == [((5, 3, 3), "mm"), ((9, 9, 9), "nm")]


def test_training_follows_the_same_rule(folder):
    domain = domain_from_folder(folder, "target")
    said, silent = (header(folder, one) for one in ("said.nii", "silent.npy"))
    assert sample_geometry(said, domain).voxel_size == (5, 3, 3)
    assert sample_geometry(silent, domain).voxel_size == (7, 6, 6)
    typed = with_typed_size(domain, TYPED)
    assert sample_geometry(said, typed).voxel_size == TYPED.voxel_size
    assert with_typed_size(domain, None) is domain


def test_what_was_typed_for_a_run_holds_for_its_images_wherever_they_are(folder):
    image = folder / "images" / "said.nii"
    sample = Sample(name="x", image="gone.nii", fingerprint=fingerprint(image))
    run = with_typed_size(TARGET.model_copy(update={"samples": (sample,)}), TYPED)
    assert sizes(folder, run) == [TYPED, ((7, 6, 6), "mm")]
    assert sizes(folder, run, TypedSize((1.0, 1.0, 1.0), "mm"))[0][0] == (1, 1, 1)


def test_a_typed_size_is_that_of_what_is_written_and_the_origin_stays(folder, tmp_path):
    said = header(folder, "said.nii")
    geometry = geometry_of(said, typed=TypedSize((10.0, 6.0, 3.0), "mm"))
    write_labels(tmp_path / "mask.nii", np.zeros(said.shape, np.uint8), geometry)
    affine = nib.load(tmp_path / "mask.nii").affine
    assert affine.tolist() == [[-3, 0, 0, 7], [0, 6, 0, 8], [0, 0, 10, 9], [0, 0, 0, 1]]


def test_axes_that_are_not_typed_keep_the_size_of_the_file(folder):
    geometry = geometry_of(
        header(folder, "said.nii"), typed=TypedSize((4.0, 4.0), "um")
    )
    assert geometry.voxel_size == pytest.approx((5000, 4, 4))
    assert geometry.affine[:3, 3] == pytest.approx([7000, 8000, 9000])


@pytest.mark.parametrize("size", [None, (4.0, 4.0)])
def test_a_size_that_lacks_an_axis_is_none(size):
    assert whole_size(Geometry(size, "nm"), 3) == (None, None)
    assert whole_size(Geometry((9.0, 4.0, 4.0), "nm"), 3) == ((9.0, 4.0, 4.0), "nm")


def test_a_size_is_said_in_the_unit_that_is_asked_for():
    size, unit = whole_size(Geometry((0.008, 0.006), "um"), 2, "nm")
    assert (size, unit) == (pytest.approx((8, 6)), "nm")
    assert whole_size(Geometry((5.0, 5.0), None), 2, "nm") == ((5.0, 5.0), None)
