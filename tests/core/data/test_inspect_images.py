"""What an inspection says about images and their geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nibabel as nib
import numpy as np
import pytest
import tifffile

from inspected import SHAPE, image, labels, only, with_domain, with_sample, write
from napari_uda.core.data.inspect import inspect
from napari_uda.core.spec.methods import method_config

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uda.core.spec.domain import Dataset


def test_nan_and_infinity_are_counted(data: Dataset, tmp_path: Path) -> None:
    array = image(3).astype(np.float32)
    array[0, :2] = np.nan
    array[5, 5] = np.inf
    path = write(tmp_path, "holes", array)
    problem = only(inspect(with_sample(data, "target", image=path)), "not_finite")
    assert problem.level == "warning"
    assert "3 of 25,600" in problem.message


def test_a_constant_image_is_noticed(data: Dataset, tmp_path: Path) -> None:
    path = write(tmp_path, "grey", np.full(SHAPE, 7, np.uint8))
    assert (
        "7"
        in only(inspect(with_sample(data, "target", image=path)), "constant").message
    )


def test_one_odd_pixel_in_the_last_slice_is_not_constant(
    data: Dataset, tmp_path: Path
) -> None:
    volume = np.zeros((4, *SHAPE), np.uint8)
    volume[-1, -1, -1] = 1
    path = write(tmp_path, "dark", volume)
    found = inspect(with_sample(data, "target", image=path, labels=None))
    assert "constant" not in {item.code for item in found.problems}


def test_an_image_smaller_than_a_patch_is_noticed(data: Dataset) -> None:
    small = inspect(data, method_config("grl", patch_size=192))
    assert {item.code for item in small.problems} == {"small"}
    assert inspect(data, method_config("grl", patch_size=160)).severity == "ok"


def test_single_images_cannot_be_trained_in_3d(data: Dataset) -> None:
    found = inspect(data, method_config("grl", dims=3))
    assert {item.code for item in found.problems} == {"not_3d"}
    assert found.severity == "error"


def test_one_slice_in_3d_is_said_to_be_padded(data: Dataset, tmp_path: Path) -> None:
    path = write(tmp_path, "slice", image(5, (1, *SHAPE)))
    changed = with_sample(data, "target", image=path, labels=None)
    found = inspect(changed, method_config("grl", dims=3, patch_size=160))
    assert "only one slice" in only(found, "thin").message


@pytest.mark.parametrize("deep", ["source", "target"])
def test_images_on_one_side_and_volumes_on_the_other_are_noticed(
    deep: str, data: Dataset, tmp_path: Path
) -> None:
    shape = (4, *SHAPE)
    for number in (0, 1):
        stack = write(tmp_path, f"stack{number}", image(20 + number, shape))
        drawn = write(tmp_path, f"drawn{number}", labels(shape))
        data = with_sample(data, deep, number, image=stack, labels=drawn)
    problem = only(inspect(data, method_config("grl")), "dimensions")
    assert problem.level == "warning"
    verb = "holds " if deep == "source" else ""
    assert f"the {deep} {verb}volumes (z, y, x)" in problem.message


def test_different_voxel_sizes_can_be_mended_by_resampling(data: Dataset) -> None:
    found = inspect(with_domain(data, "target", voxel_size=(0.008, 0.008), unit="um"))
    problem = only(found, "voxel_size_differs")
    assert problem.level == "warning"
    assert problem.fix == "resample"
    assert problem.settings == {"voxel_size": (8.0, 8.0)}
    mended = data.model_copy(update={**problem.settings})
    assert {item.code for item in inspect(mended).problems} == {"resampled"}


def test_voxel_sizes_that_hardly_differ_are_equal(data: Dataset) -> None:
    (side, _), unit = data.source.voxel_size, data.source.unit
    near = (1.01 * side, 1.01 * side)
    found = inspect(with_domain(data, "target", voxel_size=near, unit=unit))
    assert "voxel_size_differs" not in {problem.code for problem in found.problems}


def test_voxel_sizes_that_vary_within_a_domain_are_noticed(
    data: Dataset, tmp_path: Path
) -> None:
    paths = []
    for number, side in enumerate((5.0, 7.0)):
        path = tmp_path / f"{number}.nii.gz"
        volume = nib.Nifti1Image(
            image(number + 20, (40, 40, 3)), np.diag([side] * 3 + [1])
        )
        nib.save(volume, path)
        paths.append(path)
    changed = with_domain(data, "target", voxel_size=None, unit=None)
    for number, path in enumerate(paths):
        changed = with_sample(changed, "target", number, image=path, labels=None)
    problem = only(inspect(changed), "voxel_size_varies")
    assert problem.fix == "resample"
    assert "5 x 5 to 7 x 7" in problem.message.replace(" mm", "")


def test_a_voxel_size_known_for_one_domain_only_is_a_warning(data: Dataset) -> None:
    found = inspect(with_domain(data, "target", voxel_size=None, unit=None))
    problem = only(found, "one_voxel_size")
    assert problem.level == "warning"
    assert "target" in problem.message
    assert "in pixels" in only(found, "no_voxel_size").message
    neither = with_domain(
        with_domain(data, "target", voxel_size=None, unit=None),
        "source", voxel_size=None, unit=None,
    )  # fmt: skip
    notes = [one for one in inspect(neither).problems if one.code == "no_voxel_size"]
    assert [one.level for one in notes] == ["note", "note"]


def test_a_file_that_contradicts_its_dataset_yaml_is_a_warning_and_counts(
    data: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "a.nii.gz"
    nib.save(nib.Nifti1Image(image(20, (40, 40, 3)), np.diag([5.0, 5, 5, 1])), path)
    changed = with_domain(data, "target", voxel_size=(7.0, 7.0, 5.0), unit="mm")
    changed = with_sample(changed, "target", image=path, labels=None)
    found = inspect(changed)
    assert "5 x 5 x 5 mm, dataset.yaml 7 x 7 x 5 mm" in (
        only(found, "two_voxel_sizes").message
    )
    assert found.samples[2].voxel_size == (5.0, 5.0, 5.0)
    typed = inspect(with_domain(changed, "target", voxel_size_first=True))
    assert all(one.code != "two_voxel_sizes" for one in typed.problems)
    assert typed.samples[2].voxel_size == (7.0, 7.0, 5.0)


def test_resampling_without_a_voxel_size_is_an_error(data: Dataset) -> None:
    changed = with_domain(data, "target", voxel_size=None, unit=None)
    found = inspect(changed.model_copy(update={"voxel_size": (8.0, 8.0)}))
    assert found.severity == "error"
    assert "target a" in found.first_error


def test_different_orientations_are_noticed(data: Dataset, tmp_path: Path) -> None:
    changed = data
    for domain, sign in (("source", 1), ("target", -1)):
        for number in (0, 1):
            path = tmp_path / f"{domain}{number}.nii"
            affine = np.diag([sign, 1, 1, 1]).astype(float)
            voxels = image(number + (sign > 0) * 50, (40, 40, 3))
            nib.save(nib.Nifti1Image(voxels, affine), path)
            drawn = write(tmp_path, f"{domain}{number}", labels((3, 40, 40)))
            changed = with_sample(changed, domain, number, image=path, labels=drawn)
    problem = only(inspect(changed), "orientation")
    assert "RAS" in problem.message
    assert "LAS" in problem.message


def test_colours_are_told_from_the_header(data: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "colour.tif"
    tifffile.imwrite(path, image(9, (*SHAPE, 3)), photometric="rgb")
    problem = only(inspect(with_sample(data, "target", image=path)), "read")
    assert problem.level == "note"
    assert "RGB" in problem.message
