"""Batches, and an engine that records what a method asks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from napari_uda.core.method import Batch, Patch, Task

if TYPE_CHECKING:
    from torch import Tensor

    from napari_uda.core.method import Method


class RecordingEngine:
    """Updates as the engine does, and remembers which parameters had gradients."""

    def __init__(self, method: Method[Any], progress: float = 0.5) -> None:
        self.progress = progress
        self.optimizers = method.optimizers()
        self.reached: set[int] = set()
        self.updated: list[str] = []

    def update(
        self, optimizer: str, loss: Tensor, progress: float | None = None
    ) -> None:
        assert progress is None or 0 <= progress <= 1
        chosen = self.optimizers[optimizer]
        chosen.zero_grad(set_to_none=True)
        loss.backward()
        for group in chosen.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    assert torch.isfinite(parameter.grad).all()
                    self.reached.add(id(parameter))
        chosen.step()
        self.updated.append(optimizer)


@pytest.fixture
def recording_engine() -> type[RecordingEngine]:
    return RecordingEngine


@pytest.fixture
def make_task() -> Any:
    def make(dims: int = 2, overlapping: bool = False) -> Task:
        return Task(dims, 1, ("cell", "vessel"), overlapping)

    return make


@pytest.fixture
def make_batch() -> Any:
    """Return a function that makes a batch of noise with random labels."""

    def patch(config: Any, task: Task, seed: int) -> Patch:
        random = torch.Generator().manual_seed(seed)
        shape = (config.batch_size, *config.patch_shape)
        image = torch.rand(shape, generator=random).unsqueeze(1) * 2 - 1
        highest = 2 if task.overlapping else 3
        masks = (len(task.structures),) if task.overlapping else ()
        shape = (config.batch_size, *masks, *config.patch_shape)
        label = torch.randint(highest, shape, generator=random, dtype=torch.uint8)
        label[..., :2] = 255
        return Patch(image, label)

    def make(config: Any, task: Task, seed: int = 0) -> Batch:
        return Batch(patch(config, task, seed), patch(config, task, seed + 1000))

    return make
