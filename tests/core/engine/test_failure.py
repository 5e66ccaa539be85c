from __future__ import annotations

import errno

import pytest
import torch

from napari_uda.core.api import resume, train
from napari_uda.core.engine import failure as failure_module
from napari_uda.core.engine.failure import (
    explain_failure,
    is_disk_full,
    is_memory_of_device,
    is_out_of_memory,
)
from napari_uda.core.errors import UserError
from napari_uda.core.spec.amend import amend
from napari_uda.core.spec.estimate import Estimate
from napari_uda.core.spec.events import Failed, Finished
from napari_uda.core.spec.methods import METHODS


def test_the_words_of_a_user_error_are_kept(make_experiment):
    said = explain_failure(UserError("give images."), make_experiment())
    assert said == {"message": "give images."}


@pytest.mark.parametrize(
    ("batch_size", "patch_size", "levels", "fix"),
    [
        (8, 128, 4, {"batch_size": 4}),
        (3, 128, 4, {"batch_size": 1}),
        (1, 256, 5, {"patch_size": 192}),
        (1, 48, 2, {"patch_size": 32}),
        (1, 32, 2, {"patch_size": 16}),
        (1, 32, 5, {}),
        (1, 16, 2, {}),
    ],
)
def test_a_fix_for_too_little_memory_is_smaller_and_allowed(
    batch_size, patch_size, levels, fix, make_experiment
):
    experiment = make_experiment(
        batch_size=batch_size, patch_size=patch_size, levels=levels
    )
    said = explain_failure(torch.OutOfMemoryError("CUDA out of memory."), experiment)
    assert said.get("fix", {}) == fix
    assert "ran out of memory" in said["message"]
    for key, value in fix.items():
        assert f"method.{key}={value}" in said["message"]
        config = METHODS["source_only"].model_validate(
            experiment.method.model_dump() | fix
        )
        assert getattr(config, key) < getattr(experiment.method, key)


def test_too_little_memory_is_explained_with_what_fits_and_goes_on_so(
    run, change_step, make_experiment, monkeypatch
):
    trouble = [torch.OutOfMemoryError("CUDA out of memory.")]

    def fail(number, _method):
        if number == 2 and trouble:
            raise trouble.pop()

    change_step(fail)
    # What is suggested is tested in test_estimate.py: here, how it is handed on.
    found = Estimate(
        device="cuda:0", memory=11.2e9, free=7.9e9, total=16e9, seconds=60,
        measured=0.1, suggestion={"batch_size": 1}, suggested_memory=6e9,
    )  # fmt: skip
    monkeypatch.setattr(failure_module, "estimate", lambda _, budget: found)
    *_, last = train(make_experiment(batch_size=2, steps=4), run.path)
    assert isinstance(last, Failed)
    assert "needs about 11.2 GB, 7.9 GB are free" in last.message
    assert "try method.batch_size=1" in last.message
    assert "OutOfMemoryError" in last.detail
    assert last.fix == {"batch_size": 1}

    amend(run, last.fix)
    *_, last = resume(run.path)
    assert isinstance(last, Finished)
    assert run.experiment().method.batch_size == 1


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KeyError("seg"), "Training failed: 'seg'."),
        (RuntimeError("shapes differ\nmore"), "Training failed: shapes differ."),
        (AssertionError(), "Training failed: AssertionError."),
    ],
)
def test_other_errors_become_one_sentence(error, message, make_experiment):
    said = explain_failure(error, make_experiment())
    assert said["message"].startswith(message)
    assert "fix" not in said


def test_a_full_disk_is_known_by_its_error():
    assert is_disk_full(OSError(errno.ENOSPC, "full"))
    assert is_disk_full(OSError(errno.EDQUOT, "quota"))
    assert is_disk_full(RuntimeError("PytorchStreamWriter failed: unexpected pos 64"))
    assert not is_disk_full(OSError(errno.EIO, "broken"))
    assert not is_disk_full(RuntimeError("out of memory"))


@pytest.mark.parametrize(
    ("error", "lacking", "device"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"), True, True),
        (RuntimeError("CUDA error: out of memory"), True, True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when"), True, True),
        (RuntimeError("MPS backend out of memory"), True, True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), True, False),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you"), True, False),
        (MemoryError("Unable to allocate 9 GiB"), True, False),
        (RuntimeError("shapes cannot be multiplied"), False, False),
    ],
)
def test_too_little_memory_is_known_and_whose_it_is(error, lacking, device):
    assert is_out_of_memory(error) == lacking
    assert is_memory_of_device(error) == device
