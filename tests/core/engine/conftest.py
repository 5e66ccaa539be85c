"""A run folder, and a way into its training steps."""

from __future__ import annotations

import itertools

import pytest

from napari_uda.core.methods.source_only import SourceOnly
from napari_uda.core.spec.run import RunFolder


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path / "run-1")


@pytest.fixture
def change_step(monkeypatch):
    """Return a function that lets a callable act before every training step."""
    original = SourceOnly.step

    def change(action):
        calls = itertools.count(1)

        def step(self, batch, engine):
            changed = action(next(calls), self)
            return original(self, batch, engine) if changed is None else changed

        monkeypatch.setattr(SourceOnly, "step", step)

    return change
