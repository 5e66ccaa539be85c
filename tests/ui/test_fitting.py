from __future__ import annotations

import subprocess
from importlib.machinery import ModuleSpec

import numpy as np
import pytest
from napari.layers import Image

from napari_uda.core.spec.domain import Dataset
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.methods import method_config
from napari_uda.ui import fitting
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.fitting import extent_of, find_devices, preset_config
from napari_uda.ui.snapshot import plan_dataset


def layers(*shapes, **options):
    return DomainChoice(
        layers=tuple(LayerPair(Image(np.zeros(shape), **options)) for shape in shapes)
    )


def of_layers(source, target):
    return extent_of(plan_dataset(layers(source), layers(target)))


def test_volumes_are_trained_in_3d_and_anything_else_in_2d():
    assert of_layers((20, 200, 200), (30, 200, 200)) == (3, 200)
    assert of_layers((20, 200, 200), (200, 190)) == (2, 190)
    assert of_layers((4, 200, 200), (30, 200, 200)) == (2, 200)


def test_sections_are_no_volume():
    choice = layers((30, 200, 200), units=("pixel", "nm", "nm"))
    assert extent_of(plan_dataset(choice, choice)) == (2, 200)


def test_patches_fit_into_the_smallest_image():
    assert preset_config("grl", "quick", (2, 100)).patch_size == 96
    assert preset_config("grl", "quick", (2, 200)).patch_size == 128
    assert preset_config("grl", "quick", None) == method_config("grl", "quick")


@pytest.mark.parametrize("shape", [(90, 200), (20, 150, 150), (20, 64, 80)])
@pytest.mark.parametrize("sliced", [False, True])
@pytest.mark.parametrize("preset", ["quick", "paper"])
def test_folders_give_what_an_experiment_of_them_would_have(
    tmp_path, shape, sliced, preset
):
    for name in ("source", "target"):
        for kind in ("images", "labels"):
            (tmp_path / name / kind).mkdir(parents=True)
            np.save(tmp_path / name / kind / "a.npy", np.ones(shape, np.uint8))
        if sliced:
            (tmp_path / name / "dataset.yaml").write_text("slices: z\n")
    folders = [tmp_path / name for name in ("source", "target")]
    snapshot = plan_dataset(*(DomainChoice(folder=folder) for folder in folders))
    experiment = Experiment.preset("grl", preset, Dataset.from_folders(*folders))
    assert preset_config("grl", preset, extent_of(snapshot)) == experiment.method


def test_data_that_cannot_be_read_are_left_to_the_data_tab(tmp_path):
    (tmp_path / "images").mkdir()
    choice = DomainChoice(folder=tmp_path)
    assert extent_of(plan_dataset(choice, choice)) is None
    (tmp_path / "images/a.tif").write_bytes(b"torn")
    assert extent_of(plan_dataset(choice, choice)) is None


@pytest.fixture
def cards(monkeypatch):
    """Two graphics cards, whatever this computer has."""
    monkeypatch.setattr(fitting.shutil, "which", lambda _: "nvidia-smi")
    answer = subprocess.CompletedProcess([], 0, "0, A100, 81920\n1, T4, 15360\n", "")
    monkeypatch.setattr(fitting.subprocess, "run", lambda *_, **__: answer)


@pytest.fixture
def torch_says(monkeypatch, tmp_path):
    """Return a function that lets PyTorch be built with this version of CUDA."""

    def say(cuda):
        lines = ["from typing import Optional", f"cuda: Optional[str] = {cuda!r}"]
        (tmp_path / "version.py").write_text("\n".join([*lines, "hip = None", ""]))
        spec = ModuleSpec("torch", None, origin=str(tmp_path / "__init__.py"))
        monkeypatch.setattr(fitting, "find_spec", lambda _: spec)

    return say


def test_graphics_cards_are_found_without_torch(cards, torch_says):
    torch_says("12.8")
    devices = find_devices()
    assert devices[0] == ("auto", "auto: the fastest", "")
    assert ("cuda:0", "cuda:0 A100, 80 GB", "") in devices
    assert ("cuda:1", "cuda:1 T4, 15 GB", "") in devices


def test_cards_that_pytorch_cannot_use_are_explained(cards, torch_says):
    torch_says(None)
    devices = find_devices()
    assert devices[0].words == "auto: cpu, as PyTorch lacks CUDA"
    assert [one.value for one in devices if one.problem] == ["cuda:0", "cuda:1"]
    assert "cuda:1 T4, 15 GB cannot be used" in devices[-1].problem
    assert "PyTorch was installed without CUDA" in devices[-1].problem


def test_what_this_pytorch_says_is_read_as_it_is(cards):
    import torch  # not before Qt

    unusable = any(one.problem for one in find_devices())
    assert unusable == (torch.version.cuda is None)


def test_a_broken_driver_is_no_disaster(monkeypatch):
    def fail(*_, **__):
        raise subprocess.CalledProcessError(9, "nvidia-smi")

    monkeypatch.setattr(fitting.shutil, "which", lambda _: "nvidia-smi")
    monkeypatch.setattr(fitting.subprocess, "run", fail)
    assert [one.value for one in find_devices()][:2] == ["auto", "cpu"]
