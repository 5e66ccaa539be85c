from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import pytest
import tifffile

from napari_uda.core.errors import UserError
from napari_uda.core.io import Geometry, read, read_header, write_image, write_labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

LABELS = (np.arange(4 * 5 * 6).reshape(4, 5, 6) % 7).astype(np.int64)
IMAGE = np.linspace(-1, 1, 4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6)
GEOMETRY = Geometry((2.5, 0.123456, 1 / 3), "um")
VOLUMES = ["a.tif", "a.ome.tif", "a.nii", "a.nii.gz", "a.npy", "a.npz"]


def oblique() -> NDArray[Any]:
    angle = np.deg2rad(20)
    affine = np.diag([0.8, 0.9, 3.0, 1.0])
    turn = np.eye(4)
    turn[:2, :2] = [
        [np.cos(angle), -np.sin(angle)],
        [np.sin(angle), np.cos(angle)],
    ]
    affine = turn @ affine
    affine[:3, 3] = -100, 20, 7.5
    return affine


def message(caught: pytest.ExceptionInfo[UserError], path: Path) -> str:
    text = str(caught.value)
    assert "\n" not in text
    return text.replace(str(path), path.name)


@pytest.mark.parametrize("name", VOLUMES)
@pytest.mark.parametrize("ndim", [2, 3])
def test_labels_come_back_as_small_integers(
    tmp_path: Path, name: str, ndim: int
) -> None:
    labels = LABELS[0] if ndim == 2 else LABELS
    write_labels(tmp_path / name, labels)
    volume = read(tmp_path / name)
    np.testing.assert_array_equal(volume.data, labels)
    assert volume.header.dtype == np.uint8
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", VOLUMES)
def test_many_labels_need_uint16(tmp_path: Path, name: str) -> None:
    write_labels(tmp_path / name, LABELS * 1000)
    volume = read(tmp_path / name)
    np.testing.assert_array_equal(volume.data, LABELS * 1000)
    assert volume.header.dtype == np.uint16


@pytest.mark.parametrize("factor", [1, 1000])
def test_png_holds_labels(tmp_path: Path, factor: int) -> None:
    write_labels(tmp_path / "a.png", LABELS[0] * factor)
    np.testing.assert_array_equal(read(tmp_path / "a.png").data, LABELS[0] * factor)


@pytest.mark.parametrize("name", VOLUMES)
def test_images_come_back_as_they_were(tmp_path: Path, name: str) -> None:
    write_image(tmp_path / name, IMAGE.astype(np.float64))
    volume = read(tmp_path / name)
    np.testing.assert_array_equal(volume.data, IMAGE)
    assert volume.header.dtype == np.float32


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif", "a.nii.gz"])
@pytest.mark.parametrize("unit", ["um", "mm"])
def test_voxel_size_and_unit_come_back(tmp_path: Path, name: str, unit: str) -> None:
    write_labels(tmp_path / name, LABELS, Geometry(GEOMETRY.voxel_size, unit))
    header = read_header(tmp_path / name)
    assert header.geometry.voxel_size == pytest.approx(GEOMETRY.voxel_size)
    assert header.geometry.unit == unit
    assert header.axes == "zyx"


@pytest.mark.parametrize(
    ("name", "factor", "unit"),
    [("a.tif", 1, "nm"), ("a.ome.tif", 1, "nm"), ("a.nii", 1e-3, "um")],
)
def test_nanometres_come_back(
    tmp_path: Path, name: str, factor: float, unit: str
) -> None:
    write_image(tmp_path / name, IMAGE[0], Geometry((4.6, 4.5), "nm"))
    geometry = read_header(tmp_path / name).geometry
    assert geometry.voxel_size == pytest.approx((4.6 * factor, 4.5 * factor))
    assert geometry.unit == unit


@pytest.mark.parametrize("name", VOLUMES)
def test_an_unknown_voxel_size_stays_unknown(tmp_path: Path, name: str) -> None:
    write_labels(tmp_path / name, LABELS)
    geometry = read_header(tmp_path / name).geometry
    assert (geometry.voxel_size, geometry.unit) == (None, None)


def test_tiffs_are_mapped_when_read_again(tmp_path: Path) -> None:
    for name in ("a.tif", "a.ome.tif"):
        write_image(tmp_path / name, IMAGE)
        assert isinstance(read(tmp_path / name).data, np.memmap)


def test_fiji_sees_the_tiff_as_its_own(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.tif", LABELS, GEOMETRY)
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert tif.imagej_metadata is not None
        assert tif.imagej_metadata["slices"] == len(LABELS)
        assert tif.imagej_metadata["spacing"] == 2.5
        assert tif.imagej_metadata["unit"] == "um"


def test_what_is_too_large_for_imagej_becomes_ome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_uda.core.io.tiff._CLASSIC_LIMIT", 100)
    write_labels(tmp_path / "a.tif", LABELS, GEOMETRY)
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert tif.is_ome
    geometry = read_header(tmp_path / "a.tif").geometry
    assert geometry.voxel_size == pytest.approx(GEOMETRY.voxel_size)


def _scan(path: Path, code: int) -> None:
    image = nib.Nifti1Image(LABELS.T.astype(np.int16), None)
    image.set_sform(oblique(), code)
    image.set_qform(oblique(), code)
    image.header.set_xyzt_units("mm")
    image.header.set_slope_inter(2.0, -5.0)
    nib.save(image, path)


@pytest.mark.parametrize("code", [1, 4])
def test_a_prediction_lies_where_its_scan_lies(tmp_path: Path, code: int) -> None:
    _scan(tmp_path / "scan.nii.gz", code)
    scan = read(tmp_path / "scan.nii.gz")

    write_labels(tmp_path / "mask.nii.gz", scan.data > 0, like=scan.header)

    mask: Any = nib.load(tmp_path / "mask.nii.gz")
    np.testing.assert_allclose(mask.affine, oblique(), atol=1e-5)
    np.testing.assert_allclose(mask.get_qform(), oblique(), atol=1e-5)
    assert (mask.header["sform_code"], mask.header["qform_code"]) == (code, code)
    assert mask.header.get_xyzt_units()[0] == "mm"
    assert (mask.dataobj.slope, mask.dataobj.inter) == (1, 0)
    assert mask.get_data_dtype() == np.uint8
    np.testing.assert_array_equal(np.asarray(mask.dataobj).T, scan.data > 0)


def test_the_scan_may_be_gone_when_the_prediction_is_written(tmp_path: Path) -> None:
    _scan(tmp_path / "scan.nii.gz", 1)
    header = read_header(tmp_path / "scan.nii.gz")
    (tmp_path / "scan.nii.gz").unlink()
    write_image(tmp_path / "fake.nii", IMAGE, like=header)
    affine = read_header(tmp_path / "fake.nii").geometry.affine
    assert affine == pytest.approx(oblique(), abs=1e-5)


def test_a_sheared_affine_is_kept_and_no_wrong_quaternion_written(
    tmp_path: Path,
) -> None:
    sheared = oblique()
    sheared[0, 2] += 0.7
    write_labels(tmp_path / "a.nii", LABELS, Geometry(None, "mm", sheared))
    image: Any = nib.load(tmp_path / "a.nii")
    np.testing.assert_allclose(image.affine, sheared, atol=1e-5)
    assert image.header["qform_code"] == 0


def test_nothing_is_overwritten_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    write_labels(path, LABELS)
    with pytest.raises(UserError) as caught:
        write_image(path, IMAGE)
    assert message(caught, path) == (
        "a.npy exists: choose another name or allow to overwrite."
    )
    np.testing.assert_array_equal(read(path).data, LABELS)

    write_image(path, IMAGE, overwrite=True)
    np.testing.assert_array_equal(read(path).data, IMAGE)


@pytest.mark.parametrize(
    ("labels", "reach"),
    [
        (np.array([[-1, 3]]), "from -1 to 3"),
        (np.array([[0, 70000]]), "from 0 to 70000"),
        (np.array([[0.0, 1.5]]), "from 0.0 to 1.5"),
        (np.array([[0.0, np.nan]]), "from nan to nan"),
    ],
)
def test_values_that_are_no_labels_are_refused(
    tmp_path: Path, labels: NDArray[Any], reach: str
) -> None:
    path = tmp_path / "a.tif"
    with pytest.raises(UserError) as caught:
        write_labels(path, labels)
    assert message(caught, path) == (
        f"The labels for a.tif reach {reach}, but must be whole numbers from 0 to"
        " 65535."
    )
    assert not path.exists()


@pytest.mark.parametrize("array", [LABELS, IMAGE[0]])
def test_png_refuses_what_it_cannot_hold(tmp_path: Path, array: NDArray[Any]) -> None:
    path = tmp_path / "a.png"
    with pytest.raises(UserError, match=r"a\.png can hold one slice of uint8 or uint"):
        write_image(path, array)
    assert not path.exists()


@pytest.mark.parametrize("name", ["a.jpg", "a.txt"])
def test_other_formats_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(UserError) as caught:
        write_labels(path, LABELS)
    assert message(caught, path) == (
        f"{name} is in no format we write: choose TIFF, NIfTI, PNG, NPY, NPZ."
    )


@pytest.mark.parametrize("shape", [(5,), (2, 4, 5, 6), (0, 5)])
def test_arrays_that_are_no_images_are_refused(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    path = tmp_path / "a.tif"
    with pytest.raises(UserError) as caught:
        write_labels(path, np.zeros(shape))
    assert message(caught, path) == (
        f"An array of shape {shape} cannot be written to a.tif: it must be (y, x) or"
        " (z, y, x)."
    )


def test_an_array_on_another_grid_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "scan.nii", IMAGE)
    header = read_header(tmp_path / "scan.nii")
    with pytest.raises(UserError, match=r"\(3, 5, 6\) does not fit .*scan\.nii"):
        write_labels(tmp_path / "mask.nii", LABELS[1:], like=header)


NAME = b"Doe^Jane 1970"


def named_nifti(path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((5, 4, 3), np.int16), np.eye(4))
    for field in ("descrip", "aux_file", "db_name", "intent_name"):
        image.header[field] = NAME
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", NAME))
    nib.save(image, path)


def named_tiff(path: Path) -> None:
    tifffile.imwrite(
        path, np.zeros((3, 4, 5), np.uint16), imagej=True,
        metadata={"axes": "ZYX", "Info": NAME.decode()},
        extratags=[(315, "s", 0, NAME.decode(), True)],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("write", "suffix"), [(named_nifti, ".nii"), (named_tiff, ".tif")]
)
def test_no_name_of_a_patient_goes_from_an_image_to_its_masks(
    tmp_path: Path, write: Callable[[Path], None], suffix: str
) -> None:
    image, mask = tmp_path / f"image{suffix}", tmp_path / f"mask{suffix}"
    write(image)
    assert NAME in image.read_bytes()
    volume = read(image)
    write_labels(mask, np.ones((3, 4, 5), np.uint8), like=volume.header)
    assert NAME not in mask.read_bytes()
    assert "Doe" not in repr(volume.header)
