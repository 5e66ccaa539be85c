from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from napari_uda.core.errors import UserError
from napari_uda.core.io import read, read_header

if TYPE_CHECKING:
    from pathlib import Path

GREY = np.arange(20 * 24, dtype=np.uint16).reshape(20, 24)
UNNAMED = "axes not named in the file, the first was read as depth (z)"


def message(path: Path, **options: Any) -> str:
    """Return what the user reads: one line, one sentence, with the file's name."""
    with pytest.raises(UserError) as caught:
        read(path, **options)
    text = str(caught.value)
    assert path.name in text
    assert "\n" not in text
    assert text.endswith(".")
    return text.replace(str(path), path.name)


# PNG and JPEG


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_grey_pngs_keep_their_depth(tmp_path: Path, dtype: str) -> None:
    Image.fromarray(GREY.astype(dtype)).save(tmp_path / "a.png")
    volume = read(tmp_path / "a.png")
    np.testing.assert_array_equal(volume.data, GREY.astype(dtype))
    assert volume.data.dtype == volume.header.dtype == np.dtype(dtype)
    assert (volume.header.axes, volume.header.notes) == ("yx", ())
    assert volume.header.geometry.voxel_size is None


@pytest.mark.parametrize(
    ("mode", "axes", "notes"),
    [
        ("RGB", "yxc", ("RGB turned to grey",)),
        ("RGBA", "yxc", ("RGB turned to grey, alpha channel left out",)),
        ("LA", "yxc", ("alpha channel left out",)),
        ("1", "yx", ()),
    ],
)
def test_colour_and_alpha_come_out_as_grey(
    tmp_path: Path, mode: str, axes: str, notes: tuple[str, ...]
) -> None:
    mask = np.where(GREY % 3 == 0, 255, 0).astype(np.uint8)
    Image.fromarray(mask).convert(mode).save(tmp_path / "a.png")
    volume = read(tmp_path / "a.png")
    np.testing.assert_array_equal(volume.data > 0, mask > 0)
    assert volume.data.dtype == volume.header.dtype == np.uint8
    assert (volume.header.shape, volume.header.axes) == ((20, 24), axes)
    assert volume.header.notes == notes


def test_rgb_is_weighted_as_eyes_do(tmp_path: Path) -> None:
    rgb = np.zeros((8, 8, 3), np.uint8)
    rgb[:2, :, 0] = rgb[2:4, :, 1] = rgb[4:6, :, 2] = 200
    Image.fromarray(rgb).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").data[::2, 0].tolist() == [60, 117, 23, 0]


def test_a_palette_png_gives_label_values_not_colours(tmp_path: Path) -> None:
    labels = (GREY % 4).astype(np.uint8)
    picture = Image.fromarray(labels)
    picture.putpalette([0, 0, 0, 230, 25, 75, 60, 180, 75, 67, 99, 216])
    picture.save(tmp_path / "a.png", bits=2)
    volume = read(tmp_path / "a.png")
    np.testing.assert_array_equal(volume.data, labels)
    assert volume.header.notes == (
        "indices of a colour palette, not colours, were read",
    )


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpegs_are_read(tmp_path: Path, mode: str) -> None:
    Image.new("L", (24, 20), 128).convert(mode).save(tmp_path / "a.jpg")
    volume = read(tmp_path / "a.jpg")
    assert volume.data.shape == volume.header.shape == (20, 24)
    assert np.abs(volume.data.astype(int) - 128).max() <= 2


def test_a_picture_too_large_for_pillow_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(GREY.astype(np.uint8)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert message(tmp_path / "a.png") == (
        "a.png has too many pixels for a .png file: save it as TIFF."
    )


# NPY and NPZ


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int64", "bool"])
def test_arrays_are_mapped(tmp_path: Path, dtype: str) -> None:
    array = (GREY % 2).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    volume = read(tmp_path / "a.npy")
    assert isinstance(volume.data, np.memmap)
    np.testing.assert_array_equal(volume.data, array)
    assert volume.header.dtype == volume.data.dtype
    assert volume.header.dtype == (np.uint8 if dtype == "bool" else np.dtype(dtype))


@pytest.mark.parametrize(
    ("shape", "expected", "axes", "notes"),
    [
        ((20, 24), (20, 24), "yx", ()),
        ((7, 20, 24), (7, 20, 24), "zyx", (UNNAMED,)),
        ((1, 20, 24), (1, 20, 24), "zyx", (UNNAMED,)),
        ((1, 1, 20, 24), (20, 24), "yx", ()),
        ((20, 24, 1), (20, 24), "yx", ()),
        ((20, 24, 3), (20, 24), "yxc", ("RGB turned to grey",)),
        ((7, 20, 24, 3), (7, 20, 24), "zyxc", (UNNAMED, "RGB turned to grey")),
    ],
)
def test_what_the_axes_of_an_array_are_taken_for(
    tmp_path: Path,
    shape: tuple[int, ...],
    expected: tuple[int, ...],
    axes: str,
    notes: tuple[str, ...],
) -> None:
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    volume = read(tmp_path / "a.npy")
    assert volume.data.shape == volume.header.shape == expected
    assert (volume.header.axes, volume.header.notes) == (axes, notes)


def test_axes_can_be_named_in_any_order(tmp_path: Path) -> None:
    array = np.arange(5 * 6 * 7).reshape(5, 6, 7)
    np.save(tmp_path / "a.npy", array)
    volume = read(tmp_path / "a.npy", axes="xyz")
    np.testing.assert_array_equal(volume.data, array.T)
    assert volume.header.shape == (7, 6, 5)
    assert (volume.header.axes, volume.header.notes) == ("xyz", ())


@pytest.mark.parametrize("axes", ["yx", "zzy", "tyx", "cyx", ""])
def test_axes_that_do_not_fit_are_refused(tmp_path: Path, axes: str) -> None:
    np.save(tmp_path / "a.npy", np.zeros((5, 6, 7)))
    assert message(tmp_path / "a.npy", axes=axes) == (
        f"The axes {axes!r} do not fit a.npy, which has the axes ?=5, y=6, x=7: give"
        " each a letter, y and x once, z where it is depth and c where it is the colour"
        " of an RGB image."
    )


@pytest.mark.parametrize("names", [["anything"], ["image", "other"], ["x", "labels"]])
def test_the_array_meant_in_an_npz_is_found(tmp_path: Path, names: list[str]) -> None:
    wanted = next((name for name in names if name in ("image", "labels")), names[0])
    arrays: dict[str, Any] = {name: np.zeros(3) for name in names} | {wanted: GREY}
    np.savez(tmp_path / "a.npz", **arrays)
    np.testing.assert_array_equal(read(tmp_path / "a.npz").data, GREY)


@pytest.mark.parametrize("names", [["a", "b"], ["image", "labels"]])
def test_an_npz_with_several_candidates_lists_them(
    tmp_path: Path, names: list[str]
) -> None:
    arrays: dict[str, Any] = dict.fromkeys(names, GREY)
    np.savez(tmp_path / "a.npz", **arrays)
    assert message(tmp_path / "a.npz") == (
        f"a.npz holds the arrays {', '.join(names)}: save one of them alone, or call"
        " exactly one of them 'image' or 'labels'."
    )


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"evil": 1}], dtype=object))
    np.savez(tmp_path / "a.npz", np.array([{"evil": 1}], dtype=object))
    for name in ("a.npy", "a.npz"):
        assert message(tmp_path / name) == (
            f"{name} holds Python objects, which are not loaded: save it as an array of"
            " numbers."
        )


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (
            np.zeros((4, 4), np.complex64),
            "complex numbers: save their magnitude or phase as a real image.",
        ),
        (np.array([["a"]]), "values of type <U1."),
        (np.zeros((0, 4)), "no pixels: its shape is (0, 4)."),
    ],
)
def test_arrays_that_are_no_images_are_refused(
    tmp_path: Path, array: Any, reason: str
) -> None:
    np.save(tmp_path / "a.npy", array)
    assert message(tmp_path / "a.npy") == f"a.npy holds {reason}"


@pytest.mark.parametrize(
    ("shape", "listed"),
    [((5,), "x=5"), ((2, 3, 20, 24), "?=2, ?=3, y=20, x=24")],
)
def test_too_few_or_too_many_axes_are_refused(
    tmp_path: Path, shape: tuple[int, ...], listed: str
) -> None:
    np.save(tmp_path / "a.npy", np.zeros(shape))
    assert message(tmp_path / "a.npy").startswith(f"a.npy has the axes {listed}, but")


# Any format

KINDS = {
    "tif": "TIFF",
    "ome.tif": "TIFF",
    "nii": "NIfTI",
    "nii.gz": "NIfTI",
    "png": "PNG",
    "jpg": "JPEG",
    "npy": "NPY",
    "npz": "NPZ",
}


@pytest.mark.parametrize("suffix", KINDS)
def test_a_missing_file(tmp_path: Path, suffix: str) -> None:
    assert message(tmp_path / f"a.{suffix}") == (
        f"a.{suffix} does not exist: check its name and folder."
    )


@pytest.mark.parametrize("suffix", KINDS)
def test_an_empty_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    path.touch()
    assert message(path) == f"a.{suffix} is empty: copy or save it again."


@pytest.mark.parametrize(("suffix", "kind"), KINDS.items())
def test_a_file_of_another_kind(tmp_path: Path, suffix: str, kind: str) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"<html>not found</html>" * 100)
    assert message(path).startswith(f"a.{suffix} is damaged or not a {kind} file (")


@pytest.mark.parametrize("suffix", ["png", "npy", "npz"])
def test_a_torn_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    if suffix == "png":
        Image.fromarray(noise).save(path)
    elif suffix == "npy":
        np.save(path, noise)
    else:
        np.savez(path, noise)
    path.write_bytes(path.read_bytes()[:-800])
    assert message(path).startswith(f"a.{suffix} is damaged or not a")


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.tif").mkdir()
    assert message(tmp_path / "a.tif") == (
        "a.tif is a folder where an image file is wanted."
    )


def test_an_unknown_suffix(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_text("x")
    assert message(tmp_path / "a.docx") == (
        "a.docx is in no format we read: convert it to TIFF, NIfTI, PNG, JPEG, NPY,"
        " NPZ."
    )


def test_a_file_that_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "a.npy", GREY)

    def refuse(*args: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert message(tmp_path / "a.npy") == (
        "a.npy may not be read by you: change its permissions."
    )


def test_strings_are_paths_too(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", GREY)
    assert read_header(str(tmp_path / "a.npy")).path == tmp_path / "a.npy"
