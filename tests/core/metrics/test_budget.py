"""Whether two runs were trained alike is told by what was done, not planned."""

from __future__ import annotations

import pytest

from napari_uda.core.metrics.budget import Budget, budget_of, unequal
from napari_uda.core.spec import events as ev
from napari_uda.core.spec.domain import Dataset, Domain, Sample, Structure
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.methods import method_config
from napari_uda.core.spec.run import RunFolder

GRL, BEFORE = method_config("grl", "quick"), method_config("source_only", "quick")


def said(steps, before, run=GRL, baseline=BEFORE, **changes):
    return unequal(
        Budget(steps, run.model_copy(update=changes)), Budget(before, baseline)
    )


@pytest.mark.parametrize(
    ("steps", "before"), [(400, 400), (400, 395), (440, 400), (0, 400)]
)
def test_the_same_budget_or_an_unknown_one_is_no_news(steps, before):
    assert said(steps, before) == ""


def test_other_numbers_of_steps_are_told_whichever_is_more():
    assert said(250, 60) == "trained for 250 steps, the baseline for 60"
    assert said(60, 1250) == "trained for 60 steps, the baseline for 1,250"
    assert said(450, 400) == "trained for 450 steps, the baseline for 400"
    assert said(80, 60) == "trained for 80 steps, the baseline for 60"


def test_other_patches_and_segmenters_are_told():
    assert said(400, 400, patch_size=64) == "trained with another patch size"
    for changed in ({"width": 32}, {"levels": 3}, {"segmenter": "lv_unet"}):
        assert said(400, 400, **changed) == "trained with another segmenter"
    assert said(9, 400, patch_size=64, segmenter="lv_unet") == (
        "trained for 9 steps, the baseline for 400, with another patch size and "
        "segmenter"
    )
    # Batches are a matter of the method: quick presets have 4 and 8.
    assert said(400, 400, method_config("synseg", "quick")) == ""


def test_steps_are_those_that_were_done(tmp_path):
    assert budget_of(RunFolder(tmp_path / "none")) is None
    assert unequal(None, Budget(5, GRL)) == unequal(Budget(5, GRL), None) == ""
    classes = {1: Structure(name="cell", color="#00ff00")}
    sample = Sample(name="a", image=tmp_path / "a.tif", labels=tmp_path / "l.tif")
    domain = Domain(samples=(sample,), classes=classes)
    experiment = Experiment(data=Dataset(source=domain, target=domain), method=GRL)
    run = RunFolder(tmp_path / "run")
    run.create(experiment)
    assert budget_of(run) == Budget(0, GRL)
    for step in (10, 20):
        run.append(
            ev.Step(
                run="run", step=step, losses={}, speed=1.0, remaining=1.0, memory=1.0
            )
        )
    run.append(ev.Stopped(run="run", step=23))
    assert budget_of(run) == Budget(23, GRL)
