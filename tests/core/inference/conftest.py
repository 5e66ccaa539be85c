"""Models that know the answer: their segmenter thresholds the image."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from napari_uda.core.engine.build import task_of
from napari_uda.core.inference.model import Model
from napari_uda.core.method import Method


class Threshold(Method[Any]):
    """Bright is the second structure, medium the first."""

    def segment(self, image: torch.Tensor) -> torch.Tensor:
        steps = [image > -0.4, image > 0.4]
        if self.task.overlapping:
            return torch.cat([20.0 * step - 10 for step in steps], 1)
        low, high = (step.float() for step in steps)
        return 20 * torch.cat([1 - low, low * (1 - high), high], 1)

    def segment_source(self, image: torch.Tensor) -> torch.Tensor:
        return self.segment(-image)


@pytest.fixture
def make_model() -> Any:
    def make(experiment: Any, bfloat16: bool = False) -> Model:
        method = Threshold(experiment.method, task_of(experiment)).eval()
        return Model(method, experiment, torch.device("cpu"), bfloat16)

    return make
