"""Odd files: the table says of each what is odd, and all others load."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import tifffile

from data_window import cell, folder_of, look, noise, said, severity
from napari_uda.ui.choice import DomainChoice


def volume(seed):
    return noise(seed, 6, 64, 64)


def save_nifti(path, array, affine=None, slope=None):
    image = nibabel.Nifti1Image(array, np.eye(4) if affine is None else affine)
    if slope is not None:
        image.header.set_slope_inter(*slope)
    nibabel.save(image, path)


def oblique():
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]
    return turn @ np.diag([0.8, 0.8, 4.0, 1.0])


def tagged(path, array, **options):
    metadata = {"axes": "YX", "unit": "um"}
    tifffile.imwrite(
        path, array, imagej=True, resolution=(200, 200), metadata=metadata, **options
    )


def holes(value):
    image = noise(3, 64, 64).astype(np.float32)
    image[5, 5] = image[6, 6] = value
    return image


def write_images(folder):
    """Write one odd image of each kind."""

    def tiff(name, array, **options):
        tifffile.imwrite(folder / f"{name}.tif", array, **options)

    tiff("colour", noise(1, 64, 64, 3), photometric="rgb")
    for name, axes in (("movie", "TZYX"), ("channels", "CYX")):
        array = np.zeros((2, 5, 64, 64)[4 - len(axes) :], np.uint8)
        tiff(name, array, imagej=True, metadata={"axes": axes})
    tiff("unnamed", volume(2), photometric="minisblack")
    tiff("nan", holes(np.nan))
    tiff("infinite", holes(np.inf))
    tiff("constant", np.full((64, 64), 7, np.uint8))
    np.save(folder / "one_slice.npy", noise(4, 1, 64, 64))
    tagged(folder / "tagged16.tif", noise(5, 64, 64).astype(np.uint16) * 9)
    tagged(folder / "tagged_float.tif", noise(6, 64, 64).astype(np.float32) / 9)
    tiff("bare16", noise(7, 64, 64).astype(np.uint16) * 9)
    tiff("bare_float", noise(8, 64, 64).astype(np.float32) / 9)
    tiff("big_endian", noise(9, 64, 64).astype(">u2") * 9, byteorder=">")
    tiff("compressed", noise(10, 64, 64), compression="zlib")
    mm = np.diag([0.8, 0.8, 4.0, 1.0])
    values = volume(11).T.astype(np.int16)
    save_nifti(folder / "slope.nii.gz", values, mm, (2.0, -1000.0))
    save_nifti(folder / "oblique.nii.gz", volume(12).T, oblique())
    save_nifti(folder / "series.nii.gz", volume(13).T[..., None], mm)
    save_nifti(folder / "several.nii.gz", np.stack([volume(14).T] * 2, -1), mm)
    (folder / "torn.tif").write_bytes((folder / "bare16.tif").read_bytes()[:900])
    (folder / "no_picture.png").write_bytes(b"not a picture")


def write_labels(folder):
    """Write labels that do not fit their images."""

    def pair(name, labels):
        tifffile.imwrite(folder / "images" / f"{name}.tif", noise(len(name), 64, 64))
        if isinstance(labels, bytes):
            (folder / "labels" / f"{name}.tif").write_bytes(labels)
        else:
            tifffile.imwrite(folder / "labels" / f"{name}.tif", labels)

    pair("negative", np.full((64, 64), -3, np.int16))
    pair("fractions", np.full((64, 64), 0.5, np.float32))
    pair("whole_floats", np.eye(64, dtype=np.float32))
    pair("other_shape", np.ones((64, 32), np.uint8))
    pair("torn_labels_", b"II*\0")
    tifffile.imwrite(folder / "images" / "unlabelled_one.tif", noise(99, 64, 64))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    source = folder_of(tmp_path_factory.mktemp("data") / "source", 50)
    write_labels(source)
    images = source.with_name("target") / "images"
    images.mkdir(parents=True)
    write_images(images)
    return {
        "source": DomainChoice(folder=source),
        "target": DomainChoice(folder=images.parent),
    }


@pytest.fixture
def looked(data_tab, folders, qtbot):
    if data_tab.inspection is None:
        look(qtbot, data_tab, **folders)
    return data_tab


SAID = {
    "colour": ("note", "RGB turned to grey"),
    "movie": ("error", "the axes t=2, z=5, y=64, x=64, but an image has y, x"),
    "channels": ("error", "the axes c=5, y=64, x=64, but an image has y, x"),
    "unnamed": ("note", "Axes not named in the file, the first was read as depth (z)"),
    "nan": ("warning", "2 of 4,096 pixels are NaN or infinite"),
    "infinite": ("warning", "2 of 4,096 pixels are NaN or infinite"),
    "constant": ("warning", "every pixel is 7, so there is nothing to learn"),
    "one_slice": ("note", "one slice only"),
    "slope": ("note", "Values rescaled as the header says (x 2, + -1000)"),
    "oblique": ("note", "oblique to the axes of the scanner"),
    "series": ("note", "series of one volume was read as a volume"),
    "several": ("error", "the axes t=2, z=6, y=64, x=64"),
    "torn": ("error", "torn.tif is"),
    "no_picture": ("error", "no_picture.png is"),
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_odd_about_an_image_is_said_in_its_row(looked, name):
    level, words = SAID[name]
    assert words.lower() in said(looked, "target", name).lower()
    assert severity(looked, "target", name) == level


READ = {
    "tagged16": ("64x64", "u16", "0.005 \N{MICRO SIGN}m"),
    "tagged_float": ("64x64", "f32", "0.005 \N{MICRO SIGN}m"),
    "bare16": ("64x64", "u16", "unknown"),
    "bare_float": ("64x64", "f32", "unknown"),
    "big_endian": ("64x64", "u16", "unknown"),
    "compressed": ("64x64", "u8", "unknown"),
    "slope": ("6x64x64", "f32", "4x0.8x0.8 mm"),
    "oblique": ("6x64x64", "u8", "4x0.8x0.8 mm"),
    "series": ("6x64x64", "u8", "4x0.8x0.8 mm"),
    "one_slice": ("1x64x64", "u8", "unknown"),
    "unnamed": ("6x64x64", "u8", "unknown"),
}


@pytest.mark.parametrize("name", READ)
def test_shape_type_and_voxel_size_are_in_the_table(looked, name):
    columns = ("shape", "type", "voxel")
    cells = tuple(cell(looked, "target", name, column) for column in columns)
    assert cells == READ[name]
    plain = name.startswith("tagged")
    assert severity(looked, "target", name) == ("ok" if plain else "note")


LABELS = {
    "negative": "negative values (smallest -3)",
    "fractions": "fractions or NaN",
    "other_shape": "64 x 32 px, but the image is 64 x 64 px",
    "torn_labels_": "torn_labels_.tif is",
    "unlabelled_one": "it has no labels, but the source trains the segmenter",
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_that_cannot_be_used_turn_their_row_red(looked, name):
    assert LABELS[name].lower() in said(looked, "source", name).lower()
    assert severity(looked, "source", name) == "error"
    assert "Ready" not in looked.verdict.text()
    assert looked.session.problem != ""


@pytest.mark.parametrize("name", ["a", "b", "whole_floats"])
def test_labels_beside_them_are_read(looked, name):
    assert severity(looked, "source", name) == "note"
    assert cell(looked, "source", name, "classes") == "1/1"
