"""Every segmenter trains, resumes and predicts; batch normalisation too."""

from __future__ import annotations

from importlib import import_module
from typing import get_args

import numpy as np
import pytest
import torch

from napari_uda.core.api import load, resume, train
from napari_uda.core.methods.source_only import SourceOnly
from napari_uda.core.methods.supervised import Supervised
from napari_uda.core.networks.segmenters import SEGMENTERS
from napari_uda.core.spec.events import Step
from napari_uda.core.spec.methods import METHODS
from napari_uda.core.spec.run import RunFolder

every_segmenter = pytest.mark.parametrize("segmenter", SEGMENTERS)


@every_segmenter
@pytest.mark.parametrize("kind", [SourceOnly, Supervised])
@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("overlapping", [False, True])
def test_the_baselines_learn_with_every_segmenter(
    segmenter, kind, dims, overlapping, make_config, make_task, make_batch,
    recording_engine,
):  # fmt: skip
    torch.manual_seed(0)
    name = "source_only" if kind is SourceOnly else "supervised"
    config = make_config(name, dims, segmenter=segmenter, learning_rate=2e-3)
    task = make_task(dims, overlapping)
    method = kind(config, task)
    wanted = SEGMENTERS[segmenter]
    assert type(method.segmenter) is getattr(wanted, "func", wanted)
    batch, engine = make_batch(config, task), recording_engine(method)
    losses = [float(method.step(batch, engine)["seg"]) for _ in range(6)]
    assert losses[-1] < losses[0]


CHOICES = [
    (name, segmenter)
    for name, config in METHODS.items()
    for segmenter in get_args(config.model_fields["segmenter"].annotation)
]


@pytest.mark.parametrize(("name", "segmenter"), CHOICES)
def test_every_method_segments_with_the_chosen_network(
    name, segmenter, make_config, make_task
):
    kind = import_module(f"napari_uda.core.methods.{name}").METHOD
    wanted = SEGMENTERS[segmenter]
    wanted = getattr(wanted, "func", wanted)
    with torch.device("meta"):
        method = kind(make_config(name, segmenter=segmenter), make_task())
    for child, network in method.named_children():
        if child.endswith("segmenter"):
            assert any(type(module) is wanted for module in network.modules())


@pytest.mark.parametrize(
    "settings",
    [{"segmenter": name} for name in SEGMENTERS]
    + [{"segmenter": "duse_unet", "batch_size": 1}],
)
def test_with_batch_normalisation_a_resumed_run_equals_an_uninterrupted_one(
    settings, tmp_path, make_experiment, assert_same
):
    experiment = make_experiment("source_only", norm="batch", **settings)
    whole = list(train(experiment, tmp_path / "whole"))
    run = RunFolder(tmp_path / "halves")
    for event in train(experiment, run.path):
        if isinstance(event, Step) and event.step == 3:
            run.request("stop")
    assert [*resume(run.path)][-1].kind == whole[-1].kind == "finished"
    for file in ("last.pt", "best.pt"):
        one, other = (
            torch.load(tmp_path / half / "checkpoints" / file, weights_only=True)
            for half in ("whole", "halves")
        )
        assert_same(one, other)
    statistics = [key for key in one["average"]["segmenter"] if "running_mean" in key]
    assert statistics

    model = load(run.path, device="cpu")
    image = np.random.default_rng(0).normal(size=(50, 70)).astype(np.float32)
    first = model.segment(image)
    assert first.shape == image.shape
    assert np.array_equal(model.segment(image), first)
