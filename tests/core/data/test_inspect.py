"""What an inspection is, and what it says about samples, splits and stages."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
import yaml

from inspected import SHAPE, image, labels, only, with_domain, with_sample, write
from napari_uda.core.data.inspect import inspect
from napari_uda.core.spec.domain import Dataset
from napari_uda.core.spec.methods import method_config

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uda.core.data.inspection import Inspection


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
