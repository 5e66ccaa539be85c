"""Whatever is wrong with the data, one sentence says so and nothing is written.

Every case spoils something in the workshop (see conftest.py), and returns the command
that meets it; its marker lists words that the sentence must hold: what was given, what
is allowed or what to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from bad_input import NEW, Cases, check_sentence, declare, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from bad_input import Case
    from conftest import Outcome

CASES = Cases()
bad = CASES.bad


# Data folders


@bad("source folder", "nowhere does not exist", "give a folder with images/ in it")
def missing_source_folder(_: Path) -> list[str]:
    return [*NEW, "--source", "nowhere"]


@bad("target folder", "a.tif is a file", "give a folder")
def file_instead_of_folder(_: Path) -> list[str]:
    return [*NEW, "--target", "target/images/a.tif"]


@bad("target folder", "holds no images", "TIFF, NIfTI, PNG or NPY")
def empty_folder(folder: Path) -> list[str]:
    (folder / "empty").mkdir()
    return [*NEW, "--target", "empty"]


@bad("holds no images itself", "pair/source as source")
def folder_around_both_domains(folder: Path) -> list[str]:
    (folder / "pair").mkdir()
    for name in ("source", "target"):
        (folder / name).rename(folder / "pair" / name)
    return [*NEW, "--source", "pair", "--target", "pair"]


@bad("holds no images", "TIFF, NIfTI, PNG or NPY")
def unknown_suffix(folder: Path) -> list[str]:
    (folder / "other-format").mkdir()
    (folder / "other-format" / "a.czi").write_bytes(b"ZISRAWFILE")
    return [*NEW, "--target", "other-format"]


@bad("a.tif is damaged or not a TIFF file", "save it again")
def corrupt_tiff(_: Path) -> list[str]:
    Path("target/images/a.tif").write_bytes(b"II*\0garbage")
    return NEW


@bad("a.tif is empty", "copy or save it again")
def empty_file(_: Path) -> list[str]:
    Path("target/images/a.tif").write_bytes(b"")
    return NEW


@bad("c.nii.gz is damaged", "save it again")
def truncated_nifti(_: Path) -> list[str]:
    import nibabel

    file = Path("target/images/c.nii.gz")
    noise = np.random.default_rng(0).integers(0, 9999, (40, 40, 40), np.int16)
    nibabel.save(nibabel.Nifti1Image(noise, np.eye(4)), file)
    file.write_bytes(file.read_bytes()[:200])
    return NEW


@bad("labels without an image: z", "must have equal stems")
def labels_without_image(_: Path) -> list[str]:
    put("target", "labels", np.ones((48, 48), np.uint8), "z")
    return NEW


@bad("source sample 'b' has no labels", "add a label file with the same stem")
def source_without_labels(_: Path) -> list[str]:
    Path("source/labels/b.tif").unlink()
    return NEW


@bad("background only", "draw structures")
def labels_of_background_only(_: Path) -> list[str]:
    declare("source", "{}")
    for stem in ("a", "b"):
        put("source", "labels", np.zeros((48, 48), np.uint8), stem)
    return NEW


@bad("labels", "a.tif", "negative values (smallest -3)", "use 0 for background")
def negative_labels(_: Path) -> list[str]:
    declare("source", "{}")
    put("source", "labels", np.full((48, 48), -3, np.int16))
    return NEW


@bad("a.tif hold fractions or NaN", "whole numbers", "integer type")
def float_labels(_: Path) -> list[str]:
    declare("source", "{}")
    put("source", "labels", np.full((48, 48), 0.5, np.float32))
    return NEW


@bad("a.tif hold fractions or NaN", "whole numbers")
def nan_labels(_: Path) -> list[str]:
    declare("source", "{}")
    put("source", "labels", np.full((48, 48), np.nan, np.float32))
    return NEW


@bad("40 different values", "instances", "membrane_width")
def instance_labels_without_classes(_: Path) -> list[str]:
    declare("source", "{}")
    put("source", "labels", (np.arange(48 * 48) % 40 + 1).reshape(48, 48).astype("u1"))
    return NEW


@bad("a.png and a.tif", "same stem", "rename or remove one")
def duplicate_stems(_: Path) -> list[str]:
    Path("target/images/a.png").write_bytes(b"")
    return NEW


@bad("c.npz holds the arrays one, two", "save one of them alone")
def npz_of_several_arrays(_: Path) -> list[str]:
    np.savez("target/images/c.npz", one=np.zeros((40, 40)), two=np.zeros((40, 40)))
    return NEW


@bad("c.tif has the axes t=2, z=5, y=40, x=40", "one channel and time point")
def stack_over_time(_: Path) -> list[str]:
    array = np.zeros((2, 5, 40, 40), np.uint8)
    tifffile.imwrite(
        "target/images/c.tif", array, imagej=True, metadata={"axes": "TZYX"}
    )
    return NEW


@bad("holds both files and folders", "one folder of masks per structure")
def label_files_beside_mask_folders(_: Path) -> list[str]:
    Path("source/labels/liver").mkdir()
    return NEW


@bad("images lies inside a data folder", "give", "as source")
def the_images_of_a_data_folder(_: Path) -> list[str]:
    out = ["--out", "new.yaml"]
    return ["new", "grl", "--source", "source/images", "--target", "target", *out]


# dataset.yaml


@bad("source", "dataset.yaml is not valid YAML (line 3)", "correct the file")
def yaml_syntax(_: Path) -> list[str]:
    declare("source", "unit: nm\nclasses: {1: mito\n")
    return NEW


@bad("dataset.yaml: unknown setting 'voxelsize'", "did you mean 'voxel_size'?")
def yaml_unknown_key(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nvoxelsize: [1, 1]")
    return NEW


@bad("dataset.yaml must hold keys and values")
def yaml_of_text(_: Path) -> list[str]:
    declare("source", "just some words")
    return NEW


@bad("dataset.yaml: voxel_size = 'fine' is not allowed", "a list")
def yaml_wrong_type(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nvoxel_size: fine")
    return NEW


@bad("'mito' is not allowed as a key of classes", "a whole number")
def yaml_class_the_wrong_way_round(_: Path) -> list[str]:
    declare("source", "classes: {mito: 1}")
    return NEW


@bad("voxel_size has no unit", "add unit: nm, um or mm")
def voxel_size_without_unit(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nvoxel_size: [4, 4]")
    return NEW


@bad("unit = 'furlong' is not allowed", "nm, um, mm or null")
def unknown_unit(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nvoxel_size: [4, 4]\nunit: furlong")
    return NEW


@bad("voxel_size = [0.0, 4.0] is not allowed", "positive numbers")
def voxel_size_of_zero(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nvoxel_size: [0, 4]\nunit: nm")
    return NEW


@bad("classes.1.color = 'red' is not allowed", 'in quotes, such as "#e6194b"')
def malformed_colour(_: Path) -> list[str]:
    declare("source", "classes: {1: {name: mito, color: red}}")
    return NEW


@bad("classes.1.color = nothing is not allowed", "in quotes")
def colour_that_yaml_takes_for_a_comment(_: Path) -> list[str]:
    declare("source", "classes:\n  1:\n    name: mito\n    color: #e6194b\n")
    return NEW


@bad("label value 0", "remove it", "background")
def background_as_a_class(_: Path) -> list[str]:
    declare("source", "classes: {0: background, 1: mito}")
    return NEW


@bad("several classes of the source are named mito", "its own name")
def two_classes_of_one_name(_: Path) -> list[str]:
    declare("source", "classes: {1: mito, 2: mito}")
    return NEW


@bad("split test names 'z'", "the stems are a, b")
def split_of_an_unknown_stem(_: Path) -> list[str]:
    declare("target", "split: {train: [a], test: [z]}")
    return NEW


@bad("split train names '1'", 'write numbers in quotes, as "01"')
def split_of_unquoted_numbers(_: Path) -> list[str]:
    declare("target", "split: {train: [01]}")
    return NEW


@bad("'a' is in both splits", "keep it in train or in test")
def stem_in_both_splits(_: Path) -> list[str]:
    declare("target", "split: {train: [a, b], test: [a]}")
    return NEW


@bad("no train samples", "name some")
def split_without_training(_: Path) -> list[str]:
    declare("target", "split: {test: [a, b]}")
    return NEW


@bad("labels_role names 'z'", "the stems are a, b")
def role_of_an_unknown_stem(_: Path) -> list[str]:
    declare("target", "labels_role: [z]")
    return NEW


@bad("window = [100.0, -5.0] is empty", "low < high")
def window_upside_down(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nnormalise: {window: [100, -5]}")
    return NEW


@bad("normalise = 'zscore' is not allowed", "percentiles", "{window: [-150, 250]}")
def unknown_normalisation(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\nnormalise: zscore")
    return NEW


@bad("overlapping: true", "a folder of masks", "labels/liver/")
def overlapping_without_masks(_: Path) -> list[str]:
    declare("source", "classes: {1: mito}\noverlapping: true")
    return NEW


@bad("lists the class Mito", "labels/Mito/", "must be equal")
def class_without_masks(_: Path) -> list[str]:
    declare("source", "classes: {1: Mito}")
    Path("source/labels/mito").mkdir()
    for stem in ("a", "b"):
        Path(f"source/labels/{stem}.tif").rename(f"source/labels/mito/{stem}.tif")
    return NEW


@bad("no source label holds any structure", "raw values under classes")
def classes_that_do_not_occur(_: Path) -> list[str]:
    for stem in ("a", "b"):
        put("source", "labels", np.full((48, 48), 9, np.uint8), stem)
    return ["train", "experiment.yaml", "--run", "other"]


@pytest.mark.parametrize(("case", "words"), CASES)
def test_bad_input_gets_one_sentence_and_changes_nothing(
    case: Case, words: tuple[str, ...], workshop: Path, command: Callable[..., Outcome]
) -> None:
    check_sentence(case, words, workshop, command)


@pytest.mark.parametrize(
    ("spoil", "level", "words"),
    [
        (lambda a: np.where(a > 250, np.nan, a).astype(np.float32), "warning", "NaN"),
        (lambda a: np.full_like(a, 7), "warning", "nothing to learn"),
        (lambda a: a[:20, :20], "warning", "smaller than patch_size = 32"),
        (lambda a: np.stack([a] * 3, -1), "note", "RGB turned to grey"),
    ],
    ids=["nan", "constant", "small", "rgb"],
)
def test_odd_images_train_and_are_named(
    spoil: Callable[[np.ndarray], np.ndarray],
    level: str,
    words: str,
    workshop: Path,
    command: Callable[..., Outcome],
) -> None:
    image = spoil(tifffile.imread("target/images/a.tif"))
    tifffile.imwrite(
        "target/images/a.tif", image, photometric="rgb" if image.ndim == 3 else None
    )
    for path in Path("target/labels").iterdir():
        path.unlink()
    assert command(*NEW, "method.patch_size=32").code == 0

    checked = command("check", "new.yaml")
    trained = command("train", "new.yaml", "--run", "other", "method.steps=1")

    assert checked.code == 0
    assert f"{level}: target a: " in checked.out
    assert words in checked.out
    assert trained.code == 0
    assert (words in trained.err) == (level == "warning")
