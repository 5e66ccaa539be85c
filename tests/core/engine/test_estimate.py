"""What a run is said to need is about what it takes, and suggestions fit."""

from __future__ import annotations

import pytest
import torch

from napari_uda.core.api import estimate, train
from napari_uda.core.data.workload import workload_of
from napari_uda.core.engine import device as devices
from napari_uda.core.engine import estimate as module
from napari_uda.core.engine import rehearsal as rehearsal_module
from napari_uda.core.engine.crowding import Crowding
from napari_uda.core.engine.estimate import _ladder, _Needs
from napari_uda.core.engine.rehearsal import Rehearsal
from napari_uda.core.networks.unet import pooling_strides
from napari_uda.core.spec.methods import METHODS, method_config

CPU = torch.device("cpu")


@pytest.fixture
def workload(make_experiment):
    return workload_of(
        make_experiment(batch_size=4, patch_size=64, width=8, levels=3, steps=20)
    )


@pytest.fixture
def little_memory(monkeypatch):
    """Return a function that leaves so many bytes free."""

    def leave(free):
        monkeypatch.setattr(devices, "memory_free", lambda _: (free, 1e12))

    return leave


def test_small_patches_tell_what_large_ones_take(workload):
    small, large = (
        Rehearsal(workload, workload.with_method(patch_size=side).method, CPU).memory()
        for side in (32, 64)
    )  # fmt: skip
    told = small.static + 4 * (small.learning - small.static)
    assert told == pytest.approx(large.learning, rel=0.1)
    assert large.static == pytest.approx(small.static, rel=0.05)


def test_weights_gradients_averages_and_states_stay(workload):
    rehearsal = Rehearsal(workload, workload.method, CPU)
    weights = sum(
        p.nbytes
        for net in rehearsal._learner.networks.values()
        for p in net.parameters()
    )
    # the weights, their average, their gradients, and two moments of Adam
    assert rehearsal.memory().static == pytest.approx(5 * weights, rel=0.05)


def test_the_time_of_a_run_is_about_what_it_takes(make_experiment, tmp_path):
    experiment = make_experiment(
        batch_size=4, patch_size=64, width=8, levels=3, steps=12
    )
    told = estimate(experiment, budget=60)
    *_, last = train(experiment, tmp_path / "run")
    assert told.measured == 1
    assert told.device == "cpu"
    # Other tests and programs may take turns: this notices wrong units, not noise.
    assert last.seconds / 4 < told.seconds < last.seconds * 4


def test_a_step_that_was_disturbed_does_not_count(workload, monkeypatch):
    rehearsal = Rehearsal(workload, workload.method, CPU)
    measured = rehearsal.memory()
    times = iter([0.1, 9.0, 0.1, 0.3, 0.2, 0.5, 0.4])
    monkeypatch.setattr(rehearsal, "_clocked", lambda *_: next(times))
    told = rehearsal.time(measured)
    assert told.seconds == (0.1,)
    assert (told.judging, told.preview) == (0.2, 0.4)


def test_time_of_one_thread_is_shared_out(workload, monkeypatch):
    rehearsal = Rehearsal(workload, workload.method, CPU)
    measured = rehearsal.memory()
    works = iter(range(0, 1000, 8))  # each act takes 8 s of this process
    monkeypatch.setattr(rehearsal_module.time, "process_time", lambda: next(works))
    told = rehearsal.time(measured, shared=4)
    assert told.seconds == pytest.approx((8 / 4**0.9,))


@pytest.mark.parametrize("crowd", [0.8, 0.0])
def test_it_is_shared_out_to_all_threads_of_the_run(
    workload, monkeypatch, threads, crowd
):
    shared = []
    original = Rehearsal.time

    def time(rehearsal, measured, shared_by=0, **given):
        shared.append(given.get("shared", shared_by))
        return original(rehearsal, measured)

    monkeypatch.setattr(Rehearsal, "time", time)
    monkeypatch.setattr(module, "others_now", lambda: crowd)
    monkeypatch.setattr(Crowding, "others", 0.0)
    monkeypatch.setattr(devices, "set_threads", lambda _: 6)
    estimate(workload, budget=0)
    assert set(shared) == ({6} if crowd else {0})


@pytest.fixture
def threads():
    """Let torch have as many threads as before."""
    before = torch.get_num_threads()
    yield before
    torch.set_num_threads(before)


def test_on_a_busy_processor_its_own_time_counts(workload, monkeypatch, threads):
    monkeypatch.setattr(module, "others_now", lambda: 0.8)
    clock = iter(range(0, 1_000_000, 1000))  # each step takes 1000 s of the day
    monkeypatch.setattr(rehearsal_module.time, "perf_counter", lambda: next(clock))
    told = estimate(workload, budget=0)
    assert told.crowded == 0.8
    assert torch.get_num_threads() == 1
    assert told.seconds < 100
    assert "longer while other work takes 80% of it" in str(told)


def test_who_comes_while_it_is_measured_is_noticed_too(workload, monkeypatch, threads):
    monkeypatch.setattr(module, "others_now", lambda: 0.0)
    monkeypatch.setattr(Crowding, "others", 0.5)
    told = estimate(workload, budget=0)
    assert told.crowded == 0.5


def test_a_quiet_machine_is_measured_by_the_clock(workload, monkeypatch, threads):
    monkeypatch.setattr(module, "others_now", lambda: 0.2)
    monkeypatch.setattr(Crowding, "others", 0.2)
    told = estimate(workload, budget=0)
    assert told.crowded == 0
    assert "other work" not in str(told)


@pytest.mark.parametrize("name", ["td_gan", "accseg"])
def test_a_stage_that_takes_one_patch_of_a_batch_is_measured_with_large_ones(name):
    config = method_config(name, "quick")
    pixels = _ladder(config)[0].patch_size ** 2
    assert pixels * config.translation_batch_size >= 16_000


@pytest.fixture
def cramped():
    """Return a function: what is suggested for half of the memory that is needed."""

    def suggest(workload):
        needs = _Needs(workload, CPU, free=0.0)
        needs._base = 1.0
        points = [needs._rehearse(one, timed=False) for one in _ladder(workload.method)]
        needs._free = needs.memory(workload.method, points) / 2
        changes, memory = needs.suggestion(points)
        METHODS[workload.method.name].model_validate(
            workload.method.model_dump() | changes
        )
        # What was suggested is measured in full, not extrapolated.
        smaller = workload.with_method(**changes)
        full = needs._rehearse(smaller.method, timed=False)
        assert needs.memory(smaller.method, [full]) <= needs._free
        assert memory <= needs._free
        return changes

    return suggest


def test_a_run_that_does_not_fit_gets_a_batch_that_does(workload, cramped):
    assert cramped(workload.with_method(patch_size=128)) in (
        {"batch_size": 1}, {"batch_size": 2},
    )  # fmt: skip


def test_one_patch_that_does_not_fit_becomes_smaller(workload, cramped):
    changes = cramped(workload.with_method(batch_size=1, patch_size=128))
    assert set(changes) == {"patch_size"}
    assert 32 <= changes["patch_size"] < 128


def test_a_huge_batch_is_told_from_a_part_of_it(workload):
    needs = _Needs(workload, CPU, free=0.0)
    needs._base = 1.0
    few, many = (
        needs._rehearse(workload.with_method(batch_size=n).method, timed=False)
        for n in (4, 4000)
    )
    assert many.learning - many.static == pytest.approx(
        1000 * (few.learning - few.static), rel=0.1
    )


def test_what_never_fits_gets_no_suggestion(workload, little_memory):
    little_memory(-1e12)
    found = estimate(workload, budget=0)
    assert not found.fits
    assert found.suggestion == {}
    assert "width" in found.advice


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("preset", ["quick", "paper"])
@pytest.mark.parametrize("dims", [2, 3])
def test_smaller_patches_keep_the_network(name, preset, dims):
    config = method_config(name, preset, dims=dims)
    ladder = _ladder(config)
    assert ladder[-1] == config
    sizes = [one.patch_size for one in ladder]
    assert sizes == sorted(sizes)
    if dims == 3:
        assert (
            len({tuple(pooling_strides(c.patch_shape, c.levels)) for c in ladder}) == 1
        )
        assert len({tuple(pooling_strides(c.patch_shape, 4)) for c in ladder}) == 1
