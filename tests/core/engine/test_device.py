from __future__ import annotations

import psutil
import pytest
import torch

from napari_uda.core.engine.device import (
    describe,
    memory_used,
    pick_device,
    set_threads,
    use_bfloat16,
)
from napari_uda.core.errors import UserError
from napari_uda.core.spec.experiment import Training


@pytest.fixture(autouse=True)
def _keep_threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def without_accelerator(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_the_processor_is_there_where_nothing_else_is(monkeypatch):
    without_accelerator(monkeypatch)
    assert pick_device("auto") == torch.device("cpu")
    assert pick_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "cuda:3", "mps"])
def test_a_device_that_is_missing_is_said(name, monkeypatch):
    without_accelerator(monkeypatch)
    with pytest.raises(UserError, match=f"device {name} is not available.*choose auto"):
        pick_device(name)


def test_accelerators_are_preferred(monkeypatch):
    without_accelerator(monkeypatch)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert pick_device("auto").type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("auto") == torch.device("cuda", 0)
    assert pick_device("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(UserError, match="there are 2 CUDA devices"):
        pick_device("cuda:2")


def test_precision_is_as_asked_for():
    cpu = torch.device("cpu")
    assert use_bfloat16(Training(precision="bfloat16"), cpu, 3)
    assert not use_bfloat16(Training(precision="float32"), cpu, 2)
    assert not use_bfloat16(Training(precision="auto"), torch.device("mps"), 2)


def test_volumes_are_not_trained_in_bfloat16_on_a_processor(monkeypatch):
    able = {"avx512_bf16": True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able, raising=False)
    cpu, auto = torch.device("cpu"), Training()
    assert use_bfloat16(auto, cpu, 2)
    assert not use_bfloat16(auto, cpu, 3)


def test_threads_are_as_asked_for_or_all_that_are_allowed(monkeypatch):
    assert set_threads(Training(threads=1)) == torch.get_num_threads() == 1
    monkeypatch.setattr(
        psutil.Process, "cpu_affinity", lambda self: [0, 1, 2], raising=False
    )
    assert set_threads(Training()) == torch.get_num_threads() == 3


def test_threads_are_found_where_there_is_no_affinity(monkeypatch):
    monkeypatch.delattr(psutil.Process, "cpu_affinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert set_threads(Training()) == 2


def test_the_processor_is_described_with_its_threads_and_memory(monkeypatch):
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert describe(cpu) == "cpu (2 threads)"
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert describe(cpu) == "cpu (1 thread)"
    assert 0.01 < memory_used(cpu) < 100
