"""Adding a method takes a settings file, its listing, and a file of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import napari_uda

SETTINGS = '''\
"""Settings of a method that a test adds."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from napari_uda.core.spec.config import quantity

from .base import MethodConfig


class EntropyConfig(MethodConfig):
    """Settings of entropy minimisation."""

    title: ClassVar[str] = "Entropy minimisation"
    summary: ClassVar[str] = "Makes predictions on the target confident."
    reference: ClassVar[str] = "Vu et al., CVPR 2019"
    paper: ClassVar[dict[str, Any]] = {"steps": 30_000}

    name: Literal["entropy"] = "entropy"
    """Method."""
    entropy_weight: Annotated[float, quantity("weight", ge=0, le=1)] = 0.001
    """Weight of the target's entropy."""
'''
METHOD = '''\
"""Entropy minimisation.

Reference: Vu et al., "ADVENT", CVPR 2019, direct minimisation.
Differences from the paper: none that matters to a test.
"""

from __future__ import annotations

import torch

from napari_uda.core.losses.segmentation import segmentation_loss
from napari_uda.core.method import Batch, Method, Stepper, Task
from napari_uda.core.spec.methods import EntropyConfig


class Entropy(Method[EntropyConfig]):
    """Be sure of yourself."""

    losses = {"segmentation": ("seg",), "confidence": ("entropy",)}

    def __init__(self, config: EntropyConfig, task: Task) -> None:
        super().__init__(config, task)
        self.segmenter = self.new_segmenter()

    def optimizers(self):
        return {"all": torch.optim.Adam(self.parameters(), self.config.learning_rate)}

    def step(self, batch: Batch, engine: Stepper):
        loss_seg = segmentation_loss(
            self.segmenter(batch.source.image), batch.source.label, 1.0
        )
        chance = self.segmenter(batch.target.image).softmax(1)
        loss_entropy = -(chance * chance.clamp(min=1e-6).log()).sum(1).mean()
        engine.update("all", loss_seg + self.config.entropy_weight * loss_entropy)
        return {"seg": loss_seg.detach(), "entropy": loss_entropy.detach()}

    def segment(self, image):
        return self.segmenter(image)


METHOD = Entropy
'''


@pytest.fixture
def extended(tmp_path):
    """A copy of the package with one method more, as a contributor would add it."""
    package = Path(napari_uda.__file__).parent
    copy = tmp_path / "site" / "napari_uda"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__", "ui"))
    methods = copy / "core/spec/methods"
    (methods / "entropy.py").write_text(SETTINGS)
    listing = (methods / "__init__.py").read_text()
    listing = listing.replace(
        "from .grl import", "from .entropy import EntropyConfig\nfrom .grl import"
    ).replace("| GrlConfig", "| GrlConfig | EntropyConfig")
    (methods / "__init__.py").write_text(listing)
    (copy / "core/methods/entropy.py").write_text(METHOD)

    def napari_uda_command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "napari_uda", *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": str(copy.parent)},
            capture_output=True,
            text=True,
            check=False,
        )

    return napari_uda_command


def test_a_new_method_is_listed_described_trained_and_predicts(extended, workshop):
    listed = extended("methods", "--json")
    assert "entropy" in {row["name"] for row in json.loads(listed.stdout)}
    described = extended("methods", "entropy")
    assert "entropy_weight" in described.stdout
    folders = ("--source", "source", "--target", "target", "--out", "new.yaml")
    small = (
        "method.width=4",
        "method.levels=2",
        "method.patch_size=32",
        "method.steps=2",
    )
    done = extended("new", "entropy", *folders, *small, "method.entropy_weight=0.01")
    assert done.returncode == 0, done.stderr
    done = extended("train", "new.yaml", "--run", "its-run")
    assert done.returncode == 0, done.stderr
    done = extended("predict", "its-run", "target", "--out", "masks")
    assert done.returncode == 0, done.stderr
    assert len(list(Path("masks").glob("*.tif"))) == 2
