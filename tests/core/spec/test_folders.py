from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_uda.core.errors import UserError
from napari_uda.core.spec.domain import Window
from napari_uda.core.spec.folders import (
    dataset_from_folders,
    domain_from_folder,
    fingerprint,
)

if TYPE_CHECKING:
    from conftest import Folder


def test_equal_stems_are_pairs_and_classes_are_found(folder: Folder) -> None:
    domain = domain_from_folder(folder("s"), "source")
    assert [sample.name for sample in domain.samples] == ["a", "b"]
    for sample in domain.samples:
        assert sample.image.is_absolute()
        assert isinstance(sample.labels, Path)
        assert sample.labels.parts[-2:] == ("labels", f"{sample.name}.tif")
        assert sample.labels_role == "train"
    assert {raw: item.name for raw, item in domain.classes.items()} == {
        1: "class 1",
        2: "class 2",
    }


def test_images_may_lie_in_the_folder_itself(folder: Folder) -> None:
    images = folder("t", labelled="") / "images"
    domain = domain_from_folder(images, "target")
    assert [sample.labels for sample in domain.samples] == [None, None]


def test_hidden_files_and_folders_are_left_out(folder: Folder) -> None:
    path = folder("s")
    (path / "images" / "._a.tif").write_bytes(b"apple")
    (path / "labels" / ".ipynb_checkpoints").mkdir()
    domain = domain_from_folder(path, "source")
    assert not domain.overlapping
    assert len(domain.samples) == 2


@pytest.mark.parametrize(("foreground", "name"), [(255, "foreground"), (1, "class 1")])
def test_255_is_a_class_only_if_it_is_the_only_one(
    foreground: int, name: str, folder: Folder
) -> None:
    path = folder("s", "a", labelled="")
    (path / "labels").mkdir()
    values = [0, 255] if foreground == 255 else [0, 1, 2, 255]
    array = np.resize(np.array(values, np.uint8), (32, 32))
    tifffile.imwrite(path / "labels" / "a.tif", array)
    domain = domain_from_folder(path, "source")
    assert domain.classes[foreground].name == name
    assert len(domain.classes) == len(values) - (1 if foreground == 255 else 2)


def test_labels_that_cannot_be_read_are_passed_over_if_asked(folder: Folder) -> None:
    path = folder("s")
    (path / "labels" / "a.tif").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"a\.tif"):
        domain_from_folder(path, "source")
    domain = domain_from_folder(path, "source", lenient=True)
    assert list(domain.classes) == [1, 2]
    assert len(domain.samples) == 2


def test_dataset_yaml_says_what_files_cannot(folder: Folder) -> None:
    yaml = """
        classes: {1: mito, 2: {name: er, color: "#00ff00"}}
        voxel_size: [40, 4, 4]
        unit: nm
        normalise: {window: [0, 2]}
        slices: z
        split: {train: [a], test: [b]}
    """
    domain = domain_from_folder(folder("s", yaml=yaml), "source")
    assert [item.name for item in domain.classes.values()] == ["mito", "er"]
    assert domain.classes[2].color == "#00ff00"
    assert domain.classes[1].color != domain.classes[2].color
    assert (domain.voxel_size, domain.unit) == ((40, 4, 4), "nm")
    assert domain.normalise == Window(window=(0, 2))
    assert domain.slices == "z"
    assert [sample.split for sample in domain.samples] == ["train", "test"]


def test_what_no_split_names_is_left_out(folder: Folder) -> None:
    domain = domain_from_folder(folder("s", yaml="split: {train: [b]}"), "source")
    assert [sample.name for sample in domain.samples] == ["b"]


@pytest.mark.parametrize(
    ("yaml", "roles"),
    [
        ("", ["evaluate", "evaluate"]),
        ("labels_role: evaluate", ["evaluate", "evaluate"]),
        ("labels_role: train", ["train", "train"]),
        ("labels_role: [b]", ["evaluate", "train"]),
    ],
)
def test_target_labels_train_only_if_declared(
    yaml: str, roles: list[str], folder: Folder
) -> None:
    domain = domain_from_folder(folder("t", yaml=yaml), "target")
    assert [sample.labels_role for sample in domain.samples] == roles


def test_stems_that_are_numbers(folder: Folder) -> None:
    yaml = "split: {train: [1], test: [2]}\nlabels_role: [1]"
    domain = domain_from_folder(folder("t", "12", yaml, labelled="12"), "target")
    assert [sample.split for sample in domain.samples] == ["train", "test"]
    assert [sample.labels_role for sample in domain.samples] == ["train", "evaluate"]


def test_a_folder_per_structure_means_overlap(folder: Folder) -> None:
    path = folder("s")
    for organ, stems in (("liver", "ab"), ("kidney", "a")):
        (path / "labels" / organ).mkdir()
        for stem in stems:
            array = np.ones((32, 32), np.uint8)
            tifffile.imwrite(path / "labels" / organ / f"{stem}.tif", array)
    for stem in "ab":
        (path / "labels" / f"{stem}.tif").unlink()
    domain = domain_from_folder(path, "source")
    assert domain.overlapping
    assert [item.name for item in domain.classes.values()] == ["kidney", "liver"]
    masks = [sample.labels for sample in domain.samples]
    assert [sorted(mask) for mask in masks if isinstance(mask, dict)] == [
        ["kidney", "liver"],
        ["liver"],
    ]


def test_membranes_need_no_classes(folder: Folder) -> None:
    path = folder("s", yaml="membrane_width: 20")
    assert [item.name for item in domain_from_folder(path, "source").classes.values()] \
        == ["membrane"]  # fmt: skip


def test_the_fingerprint_tells_contents_apart(tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    seen = set()
    for content in (b"", b"a", b"b", b"a" * 5_000_000, b"a" * 4_999_999 + b"b"):
        file.write_bytes(content)
        seen.add(fingerprint(file))
    assert len(seen) == 5
    assert fingerprint(file) in seen


def test_two_folders_are_a_data_set(folder: Folder) -> None:
    data = dataset_from_folders(folder("s"), folder("t", labelled=""))
    assert data.outputs == 3
    assert data.target.classes == {}


def test_a_source_must_be_labelled(folder: Folder) -> None:
    with pytest.raises(UserError, match="source sample 'a' has no labels"):
        dataset_from_folders(folder("s", labelled=""), folder("t"))
