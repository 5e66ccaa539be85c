from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import pytest

from napari_uda.core.errors import UserError
from napari_uda.core.io import read, read_header

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VOLUME = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)  # (z, y, x)


def oblique() -> NDArray[Any]:
    angle = np.deg2rad(20)
    turn = np.array(
        [
            [np.cos(angle), -np.sin(angle), 0],
            [np.sin(angle), np.cos(angle), 0],
            [0, 0, 1],
        ]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([0.8, 0.9, 3.0])
    affine[:3, 3] = -100, 20, 7.5
    return affine


def save(
    path: Path,
    array: NDArray[Any],
    affine: NDArray[Any] | None = None,
    unit: str = "mm",
    endianness: str = "<",
) -> Path:
    header = nib.Nifti1Header(endianness=endianness)
    header.set_data_dtype(array.dtype)
    image = nib.Nifti1Image(array, affine, header)
    image.header.set_xyzt_units(unit)
    nib.save(image, path)
    return path


def test_a_volume_is_turned_to_zyx_and_mapped(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", VOLUME.T, oblique())
    volume = read(path)
    assert isinstance(volume.data, np.memmap)
    np.testing.assert_array_equal(volume.data, VOLUME)
    assert (volume.header.axes, volume.header.shape) == ("zyx", (4, 5, 6))


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_an_oblique_affine_is_kept(tmp_path: Path, name: str) -> None:
    header = read_header(save(tmp_path / name, VOLUME.T, oblique()))
    assert header.geometry.affine == pytest.approx(oblique(), abs=1e-5)
    assert header.geometry.voxel_size == pytest.approx((3.0, 0.9, 0.8))
    assert header.geometry.unit == "mm"


def test_big_endian_values_survive(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", VOLUME.T, np.eye(4), endianness=">")
    volume = read(path)
    assert volume.header.dtype == np.int16
    np.testing.assert_array_equal(volume.data.astype(float), VOLUME)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_slope_and_intercept_are_applied(tmp_path: Path, name: str) -> None:
    image = nib.Nifti1Image(VOLUME.T, np.eye(4))
    image.header.set_slope_inter(0.5, -1024)
    nib.save(image, tmp_path / name)

    volume = read(tmp_path / name)

    assert volume.header.dtype == volume.data.dtype == np.float32
    np.testing.assert_array_equal(volume.data, VOLUME * 0.5 - 1024)


@pytest.mark.parametrize("shape", [(4, 5, 6, 1), (4, 5, 6, 1, 1)])
def test_a_series_of_one_volume_is_a_volume(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    header = read_header(save(tmp_path / "a.nii", np.zeros(shape, np.uint8), oblique()))
    assert (header.shape, header.axes) == ((6, 5, 4), "zyx")
    assert header.geometry.affine is not None
    assert "a series of one volume was read as a volume" in header.notes


def test_only_what_is_odd_is_noted(tmp_path: Path) -> None:
    straight = np.diag([-0.8, 0.9, 3.0, 1.0])[[1, 0, 2, 3]]
    for name, affine, noted in (("a", straight, False), ("b", oblique(), True)):
        header = read_header(save(tmp_path / f"{name}.nii", VOLUME.T, affine))
        assert ("oblique" in str(header.notes)) == noted


def test_one_slice_keeps_its_three_axes(tmp_path: Path) -> None:
    volume = read(save(tmp_path / "a.nii.gz", VOLUME[:1].T, oblique()))
    assert volume.data.shape == (1, 5, 6)
    assert volume.header.geometry.voxel_size == pytest.approx((3.0, 0.9, 0.8))


def test_a_flat_file_is_an_image(tmp_path: Path) -> None:
    volume = read(save(tmp_path / "a.nii", VOLUME[0].T, np.diag([2.0, 3, 4, 1])))
    np.testing.assert_array_equal(volume.data, VOLUME[0])
    assert volume.header.geometry.voxel_size == (3.0, 2.0)


def test_several_volumes_are_refused_and_can_be_named(tmp_path: Path) -> None:
    path = save(tmp_path / "fmri.nii", np.zeros((4, 5, 1, 7), np.uint8), np.eye(4))
    with pytest.raises(UserError, match=r"fmri\.nii has the axes t=7, z=1, y=5, x=4"):
        read(path)
    header = read_header(path, axes="zyx")
    assert header.shape == (7, 5, 4)
    assert header.geometry.affine is None


@pytest.mark.parametrize(
    ("unit", "expected", "factor"),
    [("micron", "um", 1), ("meter", "mm", 1000), ("unknown", "mm", 1)],
)
def test_units_are_brought_to_ours(
    tmp_path: Path, unit: str, expected: str, factor: float
) -> None:
    affine = np.diag([2.0, 3, 4, 1])
    affine[0, 3] = 5
    geometry = read_header(
        save(tmp_path / "a.nii", VOLUME.T, affine, unit=unit)
    ).geometry
    assert geometry.unit == expected
    assert geometry.voxel_size == (4 * factor, 3 * factor, 2 * factor)
    assert geometry.affine is not None
    assert geometry.affine[0].tolist() == [2 * factor, 0, 0, 5 * factor]
    assert geometry.affine[3, 3] == 1


def test_a_header_that_says_nothing_gives_no_voxel_size(tmp_path: Path) -> None:
    geometry = read_header(
        save(tmp_path / "a.nii", VOLUME.T, None, unit="unknown")
    ).geometry
    assert (geometry.voxel_size, geometry.unit, geometry.affine) == (None, None, None)


def test_the_header_of_a_compressed_file_costs_no_pixels(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", np.zeros((40, 41, 42), np.uint8), np.eye(4))
    # Whatever follows the header is torn off: only reading the pixels may notice.
    content = gzip.decompress(path.read_bytes())[:4000]
    path.write_bytes(gzip.compress(content))
    assert read_header(path).shape == (42, 41, 40)
    with pytest.raises(UserError, match=r"a\.nii\.gz is damaged or not a NIfTI file"):
        read(path)


def test_complex_values_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "k.nii", np.zeros((4, 5, 6), np.complex64), np.eye(4))
    with pytest.raises(UserError) as caught:
        read_header(path)
    assert str(caught.value) == (
        f"{path} holds complex numbers: save their magnitude or phase as a real image."
    )
