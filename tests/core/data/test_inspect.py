"""What an inspection says about data that are wrong, each in its own way."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import pytest
import tifffile
import yaml

from napari_uda.core.data.inspect import inspect
from napari_uda.core.spec.domain import Dataset, Domain, Sample, Structure
from napari_uda.core.spec.methods import method_config

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.data.inspection import Inspection, Problem

SHAPE = (160, 160)


def image(seed: int, shape: tuple[int, ...] = SHAPE) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def labels(shape: tuple[int, ...] = SHAPE, *values: int) -> NDArray[np.uint8]:
    drawn = np.zeros(shape, np.uint8)
    for index, value in enumerate(values or (1,)):
        drawn[..., 10 + 20 * index : 20 + 20 * index] = value
    return drawn


def write(folder: Path, name: str, array: NDArray[Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.npy"
    np.save(path, array)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    """A pair without anything to say against it."""
    classes = {1: Structure(name="mitochondrion")}

    def domain(name: str, seed: int) -> Domain:
        samples = [
            Sample(
                name=stem,
                image=write(tmp_path / name / "images", stem, image(seed + number)),
                labels=write(tmp_path / name / "labels", stem, labels()),
                split="train" if number == 0 else "test",
                labels_role="train" if name == "source" else "evaluate",
            )
            for number, stem in enumerate(("a", "b"))
        ]
        return Domain(
            samples=tuple(samples), classes=classes, voxel_size=(5.0, 5.0), unit="nm"
        )

    return Dataset(source=domain("source", 0), target=domain("target", 10))


def with_sample(data: Dataset, domain: str, number: int = 0, **changes: Any) -> Dataset:
    """Change one sample, without the checks that a real file would pass."""
    old = getattr(data, domain)
    samples = list(old.samples)
    samples[number] = samples[number].model_copy(update=changes)
    return with_domain(data, domain, samples=tuple(samples))


def with_domain(data: Dataset, domain: str, **changes: Any) -> Dataset:
    new = getattr(data, domain).model_copy(update=changes)
    return data.model_copy(update={domain: new})


def only(inspection: Inspection, code: str) -> Problem:
    found = [item for item in inspection.problems if item.code == code]
    assert len(found) == 1, [item.code for item in inspection.problems]
    return found[0]


def test_good_data_have_no_problems(data: Dataset) -> None:
    found = inspect(data)
    assert found.severity == "ok"
    assert found.problems == ()
    assert found.first_error == ""
    assert [item.name for item in found.samples] == ["a", "b", "a", "b"]
    assert found.samples[0].found == ("mitochondrion",)
    assert found.source.prevalence == {"mitochondrion": pytest.approx(10 / 160)}
    assert found.source.field_of_view == (800.0, 800.0)


def test_memory_counts_images_as_float_and_labels_as_bytes(data: Dataset) -> None:
    assert inspect(data).memory == pytest.approx(4 * 160 * 160 * 5 / 1e9)


def test_an_unreadable_image_is_an_error_of_its_row_alone(data: Dataset) -> None:
    data.source.samples[0].image.write_bytes(b"no array")
    found = inspect(data)
    assert [row.severity for row in found.samples] == ["error", "ok", "ok", "ok"]
    assert only(found, "unreadable").message.startswith("source a: ")
    assert "a.npy" in found.first_error


def test_labels_of_another_shape_are_an_error_that_names_both(
    data: Dataset, tmp_path: Path
) -> None:
    path = write(tmp_path, "wrong", labels((160, 150)))
    problem = only(inspect(with_sample(data, "source", labels=path)), "labels")
    assert problem.level == "error"
    assert "160 x 150" in problem.message
    assert "160 x 160" in problem.message


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (labels().astype(np.int16) - 1, "negative"),
        (labels() * 0.5, "fractions"),
        (np.where(labels() == 1, np.nan, 0), "fractions or NaN"),
    ],
)
def test_labels_that_are_no_labels_are_an_error(
    data: Dataset, tmp_path: Path, array: NDArray[Any], words: str
) -> None:
    path = write(tmp_path, "bad", array)
    problem = only(inspect(with_sample(data, "source", labels=path)), "labels")
    assert problem.level == "error"
    assert words in problem.message


def test_float_labels_with_whole_numbers_are_fine(
    data: Dataset, tmp_path: Path
) -> None:
    path = write(tmp_path, "whole", labels().astype(np.float32))
    assert inspect(with_sample(data, "source", labels=path)).severity == "ok"


def test_values_that_are_no_class_are_named(data: Dataset, tmp_path: Path) -> None:
    path = write(tmp_path, "more", labels(SHAPE, 1, 3, 7))
    problem = only(inspect(with_sample(data, "source", labels=path)), "unlisted")
    assert problem.level == "warning"
    assert "3, 7" in problem.message


def test_ignored_pixels_count_neither_as_class_nor_as_background(
    data: Dataset, tmp_path: Path
) -> None:
    drawn = labels()
    drawn[:80] = 255
    path = write(tmp_path, "partly", drawn)
    found = inspect(with_sample(data, "source", labels=path))
    assert found.severity == "ok"
    assert found.samples[0].labelled == 80 * 160


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


def test_a_class_missing_on_either_side_is_noticed(
    data: Dataset, tmp_path: Path
) -> None:
    both = {1: Structure(name="mitochondrion"), 2: Structure(name="nucleus")}
    two = write(tmp_path, "two", labels(SHAPE, 1, 2))
    nowhere = with_domain(data, "source", classes=both)
    source = with_sample(nowhere, "source", labels=two)
    target = with_domain(data, "target", classes=both)
    target = with_sample(target, "target", labels=two)
    for changed, code in (
        (nowhere, "absent_in_source"),
        (source, "absent_in_target"),
        (target, "unknown_class"),
    ):
        assert "nucleus" in only(inspect(changed), code).message


def test_domains_without_a_common_class_are_an_error(data: Dataset) -> None:
    other = {1: Structure(name="Mitochondrion"), 2: Structure(name="nucleus")}
    problem = only(
        inspect(with_domain(data, "target", classes=other)), "no_common_class"
    )
    assert problem.level == "error"
    assert "(Mitochondrion, nucleus)" in problem.message
    assert "(mitochondrion)" in problem.message


def test_the_same_image_in_both_domains_is_a_leak(
    data: Dataset, tmp_path: Path
) -> None:
    # In another format and under another name: only the pixels tell.
    path = tmp_path / "copy.tif"
    tifffile.imwrite(path, image(0), compression="zlib")
    problem = only(inspect(with_sample(data, "target", image=path)), "leak")
    assert problem.level == "warning"
    assert "source a" in problem.message
    assert "target a" in problem.message


def test_the_same_image_in_train_and_test_is_a_leak(data: Dataset) -> None:
    first = data.target.samples[0].image
    assert only(inspect(with_sample(data, "target", 1, image=first)), "split_leak")


def test_slices_of_one_subject_in_train_and_test_are_a_leak(data: Dataset) -> None:
    for names, torn in (
        (("ct7_z001", "ct7_z012"), True),
        (("ct7_z001", "ct8_z001"), False),
        (("liver_01", "liver_02"), False),
    ):
        named = data
        for number, name in enumerate(names):
            named = with_sample(named, "target", number, name=name)
        codes = {item.code for item in inspect(named).problems}
        assert ("split_subject" in codes) == torn, names


def test_two_blank_images_are_no_leak(data: Dataset, tmp_path: Path) -> None:
    path = write(tmp_path, "blank", np.zeros(SHAPE, np.uint8))
    changed = with_sample(with_sample(data, "target", image=path), "source", image=path)
    assert "leak" not in {item.code for item in inspect(changed).problems}


def test_empty_labels_are_noticed(data: Dataset, tmp_path: Path) -> None:
    path = write(tmp_path, "empty", np.zeros(SHAPE, np.uint8))
    assert only(inspect(with_sample(data, "source", labels=path)), "empty_labels")


def test_an_unlabelled_source_is_an_error(data: Dataset) -> None:
    assert only(inspect(with_sample(data, "source", labels=None)), "no_labels")


def test_target_labels_for_training_are_said_to_be_ignored(data: Dataset) -> None:
    changed = with_sample(data, "target", labels_role="train")
    problem = only(inspect(changed, method_config("source_only")), "labels_ignored")
    assert problem.level == "note"
    assert inspect(changed, method_config("grl")).problems == ()


@pytest.mark.parametrize("method", ["td_gan", "unet_gan"])
@pytest.mark.parametrize(
    ("pretrain", "steps", "said"),
    [
        (0.05, 19, "segmenter learns for less than one step, as pretrain = 0.05 of 19"),
        (0.9, 9, "translation has less than one step, as 1 - pretrain = 0.1 of 9"),
    ],
)
def test_a_stage_of_less_than_one_step_is_a_warning(
    data: Dataset, method: str, pretrain: float, steps: int, said: str
) -> None:
    def inspected(steps: int) -> Inspection:
        settings = {"pretrain": pretrain, "steps": steps, "patch_size": 32}
        return inspect(data, method_config(method, **settings))

    problem = only(inspected(steps), "stage")
    assert problem.level == "warning"
    assert said in problem.message
    codes = [one.code for one in inspected(steps + 2).problems]
    assert "stage" not in codes


def test_no_test_images_and_no_truth_are_notes(data: Dataset) -> None:
    changed = data
    for domain in ("source", "target"):
        changed = with_sample(changed, domain, 1, split="train")
    assert only(inspect(changed), "no_test").level == "note"
    for number in (0, 1):
        changed = with_sample(changed, "target", number, labels=None)
    assert only(inspect(changed), "no_truth").level == "note"


def test_colours_are_told_from_the_header(data: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "colour.tif"
    tifffile.imwrite(path, image(9, (*SHAPE, 3)), photometric="rgb")
    problem = only(inspect(with_sample(data, "target", image=path)), "read")
    assert problem.level == "note"
    assert "RGB" in problem.message


def test_a_missing_mask_of_overlapping_structures_is_noticed(
    data: Dataset, tmp_path: Path
) -> None:
    classes = {1: Structure(name="left"), 2: Structure(name="right")}
    masks = {name: write(tmp_path / name, "a", labels()) for name in ("left", "right")}
    changed = with_domain(data, "source", classes=classes, overlapping=True)
    changed = with_domain(changed, "target", classes=classes, overlapping=True)
    for domain in ("source", "target"):
        for number in (0, 1):
            changed = with_sample(changed, domain, number, labels=masks)
    assert inspect(changed).severity == "ok"
    changed = with_sample(changed, "source", labels={"left": masks["left"]})
    assert "right" in only(inspect(changed), "missing_mask").message


def test_membranes_are_counted_from_instances(data: Dataset, tmp_path: Path) -> None:
    instances = np.ones(SHAPE, np.uint16)
    instances[:, 80:] = 2
    path = write(tmp_path, "cells", instances)
    changed = data
    for domain in ("source", "target"):
        changed = with_domain(changed, domain, membrane_width=20.0)
        for number in (0, 1):
            changed = with_sample(changed, domain, number, labels=path)
    found = inspect(changed)
    assert found.problems == ()
    assert found.source.prevalence == {"membrane": pytest.approx(4 / 160)}


def test_histograms_show_what_is_stored_and_what_is_trained(
    data: Dataset, tmp_path: Path
) -> None:
    brighter = write(tmp_path, "bright", image(2).astype(np.uint16) + 1000)
    changed = with_sample(data, "target", image=brighter)
    changed = with_sample(changed, "target", 1, image=brighter, split="train")
    found = inspect(changed)
    assert found.source.stored is not None
    assert found.target.stored is not None
    assert found.source.trained is not None
    assert found.target.trained is not None
    assert found.source.stored.sum() == pytest.approx(1, abs=0.01)
    assert np.minimum(found.source.stored, found.target.stored).sum() == 0
    assert np.minimum(found.source.trained, found.target.trained).sum() > 0.9
    assert len(found.stored_edges) <= 258


def test_an_empty_domain_is_an_error(data: Dataset) -> None:
    assert "no images" in inspect(with_domain(data, "target", samples=())).first_error


def test_the_result_can_be_written_as_json(data: Dataset) -> None:
    content = json.loads(json.dumps(inspect(data).as_json()))
    assert content["severity"] == "ok"
    assert content["samples"][0]["shape"] == [160, 160]


def test_a_data_folder_can_be_inspected(tmp_path: Path) -> None:
    for seed, name in enumerate(("source", "target")):
        write(tmp_path / name / "images", "one", image(seed))
        write(tmp_path / name / "labels", "one", labels())
        content = {"classes": {1: "mitochondrion"}}
        (tmp_path / name / "dataset.yaml").write_text(yaml.safe_dump(content))
    found = inspect(Dataset.from_folders(tmp_path / "source", tmp_path / "target"))
    assert found.severity == "ok"


def test_inspecting_needs_no_torch() -> None:
    import subprocess

    code = "import sys, napari_uda.core.data.inspect; sys.exit('torch' in sys.modules)"
    assert subprocess.call([sys.executable, "-c", code]) == 0


def test_what_samples_share_is_said_once(data: Dataset) -> None:
    found = inspect(data, method_config("grl", dims=3)).problems
    messages = [problem.message for problem in found if "dims = 3" in problem.message]
    assert (
        len(messages) == len({message.partition(" ")[0] for message in messages}) == 2
    )
    assert all(" more: " in message for message in messages)
