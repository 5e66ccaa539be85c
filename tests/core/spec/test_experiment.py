from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_uda.core.errors import UserError
from napari_uda.core.spec.domain import Window
from napari_uda.core.spec.experiment import Experiment, extent, runs_folder

if TYPE_CHECKING:
    from pathlib import Path

    from napari_uda.core.spec.domain import Dataset


@pytest.fixture
def experiment(data: Dataset) -> Experiment:
    return Experiment.preset("grl", "quick", data)


def with_target_truth(data: Dataset) -> Dataset:
    labels = data.source.samples[0].labels
    sample = data.target.samples[0].model_copy(update={"labels": labels})
    target = data.target.model_copy(update={"samples": (sample,)})
    return data.model_copy(update={"target": target})


def test_presets_fit_small_images(data: Dataset) -> None:
    quick = Experiment.preset("grl", "quick", data)
    paper = Experiment.preset("grl", "paper", data)
    chosen = Experiment.preset("grl", "quick", data, name="mine", patch_size=32)
    assert (quick.name, quick.method.patch_size, quick.method.dims) == ("grl", 64, 2)
    assert (paper.method.patch_size, paper.method.steps) == (64, 30_000)
    assert (chosen.name, chosen.method.patch_size) == ("mine", 32)


@pytest.mark.parametrize(("slices", "dims"), [(16, 3), (15, 2)])
def test_deep_volumes_are_trained_in_3d(
    slices: int, dims: int, data: Dataset, tmp_path: Path
) -> None:
    for name in ("source", "target"):
        stack = np.zeros((slices, 64, 64), np.uint8)
        tifffile.imwrite(tmp_path / f"{name}.tif", stack, photometric="minisblack")
    assert extent(data) == (dims, 64)
    sliced = data.target.model_copy(update={"slices": "z"})
    assert extent(data.model_copy(update={"target": sliced})) == (2, 64)


def test_what_is_saved_is_what_is_loaded(
    experiment: Experiment, tmp_path: Path
) -> None:
    changed = experiment.override(["method.learning_rate=3e-4", "name=ü: #1"])
    for file in (tmp_path / "e.yaml", tmp_path / "deep" / "er" / "e.yaml"):
        changed.save(file)
        assert Experiment.load(file) == changed


def test_files_below_the_experiment_move_with_it(
    experiment: Experiment, tmp_path: Path
) -> None:
    inside = tmp_path / "project"
    inside.mkdir()
    for name in ("source", "labels"):
        (tmp_path / f"{name}.tif").rename(inside / f"{name}.tif")

    def move(file: Path) -> Path:
        return inside / file.name if (inside / file.name).exists() else file

    experiment.with_paths(move).save(inside / "e.yaml")
    inside.rename(tmp_path / "moved")

    data = Experiment.load(tmp_path / "moved" / "e.yaml").data
    assert data.source.samples[0].image == tmp_path / "moved" / "source.tif"
    assert data.source.samples[0].labels == tmp_path / "moved" / "labels.tif"
    assert data.target.samples[0].image == tmp_path / "target.tif"
    assert str(tmp_path / "moved") not in (tmp_path / "moved" / "e.yaml").read_text()


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("method.learning_rate=3e-4", 3e-4),
        ("method.learning_rate=.5E-2", 5e-3),
        ("method.steps=1e3", 1000),
        ("method.flip=false", False),
        ("method.flip=no", False),
        ("method.schedule=linear", "linear"),
        ("training.device=cuda:1", "cuda:1"),
        ("data.voxel_size=[8,8]", (8.0, 8.0)),
        ("data.voxel_size=[8e0, 8]", (8.0, 8.0)),
        ("data.voxel_size=null", None),
        ("data.source.normalise={window: [-1e2, 250]}", Window(window=(-100, 250))),
        ("data.source.classes.1.name=er", "er"),
        ("name=007", "007"),
        ("name=2026-01-01", "2026-01-01"),
        ("name=a=b", "a=b"),
    ],
)
def test_a_setting_is_changed(
    assignment: str, value: object, experiment: Experiment
) -> None:
    changed = experiment.override([assignment])
    found: object = changed
    for key in assignment.partition("=")[0].split("."):
        found = found[int(key)] if isinstance(found, dict) else getattr(found, key)
    assert found == value
    assert type(found) is type(value)
    assert changed.model_dump() != experiment.model_dump() or value is None


def test_settings_are_changed_together(experiment: Experiment) -> None:
    changed = experiment.override(["method.levels=6", "method.patch_size=128"])
    assert (changed.method.levels, changed.method.patch_size) == (6, 128)
    assert experiment.override([]) == experiment


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("steps", "'steps' is not a setting: write key=value"),
        ("=3", "'=3' is not a setting"),
        ("method.speed=3", "'speed' is none of dims, steps"),
        ("metod.steps=3", "unknown setting 'metod.steps': did you mean 'method.steps'"),
        ("method.step=3", "unknown setting 'method.step': did you mean 'method.steps'"),
        ("steps=3", r"unknown setting 'steps': did you mean 'method.steps'\?"),
        (
            "method.seed=3",
            "unknown setting 'method.seed': did you mean 'training.seed'",
        ),
        ("method.steps.more=3", "no setting 'method.steps.more': steps = 400 has no"),
        ("method.steps=null", "method.steps = nothing is not allowed"),
        ("method.steps=2.5", "method.steps = 2.5 is not allowed: .*whole number"),
        ("method.steps=[1]", r"method.steps = \[1\] is not allowed"),
        ("method.steps={", "method.steps = '{' is not allowed"),
        ("training.seed=-1", "training.seed = -1 is not allowed"),
        ("data.target.unit=inch", "data.target.unit = 'inch' is not allowed"),
        ("method.name=supervised", "unknown setting 'method.domain_weight'"),
    ],
)
def test_a_setting_that_cannot_be_is_explained(
    assignment: str, words: str, experiment: Experiment
) -> None:
    with pytest.raises(UserError, match=words):
        experiment.override([assignment])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 2\n", "e.yaml has format 2, .* reads format 1: update napari-uda"),
        ("version: old\n", "version = 'old' is not allowed"),
        ("- a\n", "must hold keys and values"),
        ("", "'data' is missing"),
        ("a: b: c", r"is not valid YAML \(line 1\)"),
        ("\0", "is not valid YAML"),
        ("!!python/object/apply:os.getcwd []", "is not valid YAML"),
    ],
)
def test_a_file_that_is_no_experiment_is_explained(
    text: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "e.yaml").write_text(text)
    with pytest.raises(UserError, match=words):
        Experiment.load(tmp_path / "e.yaml")


def test_a_misspelt_setting_in_the_file_is_named(
    experiment: Experiment, tmp_path: Path
) -> None:
    experiment.save(tmp_path / "e.yaml")
    text = (tmp_path / "e.yaml").read_text().replace("batch_size", "batchsize")
    (tmp_path / "e.yaml").write_text(text)
    with pytest.raises(
        UserError,
        match=r"^e.yaml: .*'method.batchsize': did you mean 'method.batch_size'",
    ):
        Experiment.load(tmp_path / "e.yaml")


def test_supervised_needs_target_labels_and_takes_them(data: Dataset) -> None:
    with pytest.raises(UserError, match="no target sample has labels"):
        Experiment.preset("supervised", "quick", data)
    made = Experiment.preset("supervised", "quick", with_target_truth(data))
    assert made.data.target.samples[0].labels_role == "train"


def test_other_methods_leave_target_truth_to_the_scorer(data: Dataset) -> None:
    made = Experiment.preset("grl", "quick", with_target_truth(data))
    assert made.data.target.samples[0].labels_role == "evaluate"


def test_runs_go_where_the_user_wants_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAPARI_UDA_RUNS", str(tmp_path / "mine"))
    assert runs_folder() == tmp_path / "mine"
    monkeypatch.delenv("NAPARI_UDA_RUNS")
    assert runs_folder().parts[-2:] == ("napari-uda", "runs")
