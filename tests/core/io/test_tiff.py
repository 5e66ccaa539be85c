from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from napari_uda.core.errors import UserError
from napari_uda.core.io import read, read_header

if TYPE_CHECKING:
    from pathlib import Path

STACK = np.arange(5 * 20 * 24, dtype=np.uint16).reshape(5, 20, 24)
UNNAMED = "axes not named in the file, the first was read as depth (z)"


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_pages_without_tags_are_mapped_as_depth(tmp_path: Path, dtype: str) -> None:
    stack = STACK.astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", stack, metadata=None)

    volume = read(tmp_path / "a.tif")

    assert isinstance(volume.data, np.memmap)
    np.testing.assert_array_equal(volume.data, stack)
    assert volume.header.axes == "zyx"
    assert volume.header.shape == stack.shape
    assert volume.header.dtype == stack.dtype
    assert volume.header.geometry.voxel_size is None
    assert volume.header.notes == (UNNAMED,)


def test_a_single_page_needs_no_note(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], metadata=None)
    header = read_header(tmp_path / "a.tif")
    assert (header.axes, header.shape, header.notes) == ("yx", (20, 24), ())


def test_big_endian_values_survive_and_are_announced_as_native(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", STACK, byteorder=">", metadata=None)
    volume = read(tmp_path / "a.tif")
    assert isinstance(volume.data, np.memmap)
    assert volume.header.dtype == np.uint16
    np.testing.assert_array_equal(volume.data.astype(np.int64), STACK)


@pytest.mark.parametrize("compression", ["lzw", "zlib"])
def test_compressed_pages_are_decoded(tmp_path: Path, compression: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", STACK, compression=compression, metadata=None)
    np.testing.assert_array_equal(read(tmp_path / "a.tif").data, STACK)


def test_a_bilevel_mask_becomes_0_and_1(tmp_path: Path) -> None:
    mask = STACK[0] % 3 == 0
    tifffile.imwrite(tmp_path / "a.tif", mask, metadata=None)
    volume = read(tmp_path / "a.tif")
    assert volume.header.dtype == volume.data.dtype == np.uint8
    np.testing.assert_array_equal(volume.data, mask)


def test_ome_physical_sizes_are_read_in_one_unit(tmp_path: Path) -> None:
    metadata = {
        "axes": "ZYX",
        "PhysicalSizeX": 0.25,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": 250.0,
        "PhysicalSizeYUnit": "nm",
        "PhysicalSizeZ": 1.5,
    }
    tifffile.imwrite(tmp_path / "a.ome.tif", STACK, metadata=metadata)

    header = read_header(tmp_path / "a.ome.tif")

    assert header.geometry.voxel_size == pytest.approx((1.5, 0.25, 0.25))
    assert header.geometry.unit == "um"
    assert (header.axes, header.notes) == ("zyx", ())


def test_ome_sizes_in_pixels_are_no_sizes(tmp_path: Path) -> None:
    metadata = {"axes": "YX"}
    for axis in "XY":
        metadata[f"PhysicalSize{axis}"] = 1.0
        metadata[f"PhysicalSize{axis}Unit"] = "pixel"
    tifffile.imwrite(tmp_path / "a.ome.tif", STACK[0], metadata=metadata)
    geometry = read_header(tmp_path / "a.ome.tif").geometry
    assert (geometry.voxel_size, geometry.unit) == (None, None)


def test_an_ome_stack_without_z_size_has_no_voxel_size(tmp_path: Path) -> None:
    metadata = {"axes": "ZYX", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.25}
    tifffile.imwrite(tmp_path / "a.ome.tif", STACK, metadata=metadata)
    assert read_header(tmp_path / "a.ome.tif").geometry.voxel_size is None


def test_an_imagej_stack_has_spacing_and_unit(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif",
        STACK,
        imagej=True,
        resolution=(4, 5),
        metadata={"axes": "ZYX", "unit": "micron", "spacing": 2.5},
    )
    volume = read(tmp_path / "a.tif")
    assert volume.header.geometry.voxel_size == pytest.approx((2.5, 0.2, 0.25))
    assert volume.header.geometry.unit == "um"
    assert isinstance(volume.data, np.memmap)
    np.testing.assert_array_equal(volume.data, STACK)


def test_imagej_leaves_out_a_spacing_of_one_and_we_say_so(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif",
        STACK,
        imagej=True,
        resolution=(2, 2),
        metadata={"axes": "ZYX", "unit": "cm"},
    )
    header = read_header(tmp_path / "a.tif")
    assert header.geometry.voxel_size == pytest.approx((10, 5, 5))
    assert header.geometry.unit == "mm"
    assert header.notes == ("z spacing not in the file, taken as 10 mm like ImageJ",)


@pytest.mark.parametrize(
    ("resolution", "unit", "voxel_size"),
    [
        (10_000, "centimeter", (1.0, 1.0)),
        (254_000, "inch", (0.1, 0.1)),
        (72, "inch", None),
        (96, "inch", None),
        (300, "inch", None),
        (118.11, "centimeter", None),  # 300 dots per inch
        (1, "centimeter", None),
        (10_000, "none", None),
    ],
)
def test_resolution_tags_count_unless_they_are_for_printing(
    tmp_path: Path, resolution: float, unit: str, voxel_size: tuple[float, ...] | None
) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif",
        STACK[0],
        resolution=(resolution, resolution),
        resolutionunit=unit,
        metadata=None,
    )
    geometry = read_header(tmp_path / "a.tif").geometry
    assert geometry.voxel_size == (voxel_size and pytest.approx(voxel_size))
    assert geometry.unit == (voxel_size and "um")


def test_rgb_becomes_luminance(tmp_path: Path) -> None:
    rgb = np.zeros((20, 24, 3), np.uint16)
    rgb[..., 0], rgb[..., 1], rgb[..., 2] = 1000, 2000, 3000
    tifffile.imwrite(tmp_path / "a.tif", rgb, photometric="rgb", metadata=None)

    volume = read(tmp_path / "a.tif")

    assert np.unique(volume.data).tolist() == [299 + 1174 + 342]
    assert volume.data.dtype == volume.header.dtype == np.uint16
    assert (volume.header.axes, volume.header.shape) == ("yxc", (20, 24))
    assert volume.header.notes == ("RGB turned to grey",)


def test_grey_values_saved_as_rgb_stay_exact(tmp_path: Path) -> None:
    grey = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    rgb = np.stack([grey] * 3, axis=-1)
    tifffile.imwrite(tmp_path / "a.tif", rgb, photometric="rgb", metadata=None)
    np.testing.assert_array_equal(read(tmp_path / "a.tif").data, grey)


def test_a_stack_of_rgb_pages_becomes_a_grey_stack(tmp_path: Path) -> None:
    rgb = np.repeat(STACK[..., None], 3, axis=-1)
    tifffile.imwrite(tmp_path / "a.tif", rgb, photometric="rgb", metadata=None)
    volume = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(volume.data, STACK)
    assert volume.header.axes == "zyxc"
    assert volume.header.notes == (UNNAMED, "RGB turned to grey")


def test_alpha_is_left_out(tmp_path: Path) -> None:
    pixels = np.stack([STACK[0], STACK[0] * 0], axis=-1)
    tifffile.imwrite(
        tmp_path / "a.tif",
        pixels,
        photometric="minisblack",
        extrasamples=["unassalpha"],
        metadata=None,
    )
    volume = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(volume.data, STACK[0])
    assert volume.header.notes == ("alpha channel left out",)


def test_a_palette_gives_its_indices(tmp_path: Path) -> None:
    labels = (STACK[0] % 4).astype(np.uint8)
    tifffile.imwrite(
        tmp_path / "a.tif",
        labels,
        photometric="palette",
        colormap=np.zeros((3, 256), np.uint16),
        metadata=None,
    )
    volume = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(volume.data, labels)
    assert volume.header.notes == (
        "indices of a colour palette, not colours, were read",
    )


def test_only_the_first_of_unlike_pages_is_read(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(STACK[0], metadata=None)
        file.write(STACK[0, :7], metadata=None)
    volume = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(volume.data, STACK[0])
    assert volume.header.notes == ("holds 2 images, only the first was read",)


@pytest.mark.parametrize(
    ("axes", "listed"),
    [("TYX", "t=5, y=20, x=24"), ("CYX", "c=5, y=20, x=24")],
)
def test_time_and_channels_are_not_guessed(
    tmp_path: Path, axes: str, listed: str
) -> None:
    tifffile.imwrite(
        tmp_path / "movie.tif", STACK, imagej=True, metadata={"axes": axes}
    )
    with pytest.raises(UserError) as caught:
        read_header(tmp_path / "movie.tif")
    assert str(caught.value) == (
        f"{tmp_path / 'movie.tif'} has the axes {listed}, but an image has y, x and"
        " perhaps z: save one channel and time point as a file of its own, or say"
        " which axis is which with the letters z, y, x and c."
    )
    corrected = read(tmp_path / "movie.tif", axes="zyx")
    np.testing.assert_array_equal(corrected.data, STACK)
    assert corrected.header.axes == "zyx"


def test_samples_not_declared_as_colour_are_channels(tmp_path: Path) -> None:
    pixels = np.moveaxis(STACK[:3], 0, -1)
    tifffile.imwrite(
        tmp_path / "a.tif",
        pixels,
        photometric="minisblack",
        planarconfig="contig",
        metadata=None,
    )
    with pytest.raises(UserError, match="y=20, x=24, c=3, but"):
        read_header(tmp_path / "a.tif")
    assert read(tmp_path / "a.tif", axes="yxc").data.shape == (20, 24)


def test_singleton_axes_are_dropped(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.ome.tif", STACK[None, :, None], metadata={"axes": "TZCYX"}
    )
    volume = read(tmp_path / "a.ome.tif")
    np.testing.assert_array_equal(volume.data, STACK)
    assert volume.header.axes == "zyx"


@pytest.mark.parametrize(
    "options",
    [
        {"metadata": None},
        {"metadata": None, "compression": "lzw"},
        {"compression": "zlib"},
        {"imagej": True, "metadata": {"axes": "ZYX"}},
        {"ome": True, "metadata": {"axes": "ZYX"}},
    ],
    ids=["plain", "lzw", "shaped", "imagej", "ome"],
)
@pytest.mark.parametrize("kept", [0.1, 0.4, 0.7])
def test_a_torn_file_is_never_read_as_a_shorter_stack(
    tmp_path: Path, options: dict[str, Any], kept: float
) -> None:
    path = tmp_path / "torn.tif"
    tifffile.imwrite(path, STACK, **options)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(UserError, match=r"torn\.tif is (incomplete|damaged)"):
        read(path)


def test_an_incomplete_stack_is_noticed_from_its_header(tmp_path: Path) -> None:
    path = tmp_path / "torn.tif"
    tifffile.imwrite(path, STACK)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UserError) as caught:
        read_header(path)
    assert str(caught.value) == f"{path} is incomplete: copy it here or save it again."
