"""A trainer killed without warning loses nothing that its resumption does not redo."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from napari_uda.core.spec.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Outcome

SETTINGS = (
    "method.steps=60", "method.intensity=0.5", "training.log_every=1",
    "training.checkpoint_every=7", "training.validate_every=10",
)  # fmt: skip
PATIENCE = 120


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    return bool(one == other)


@pytest.mark.parametrize("method", ["grl", "cyclegan"])
def test_killed_at_random_steps_and_resumed_ends_in_the_same_bits(
    method: str, workshop: Path, command: Callable[..., Outcome]
) -> None:
    small = ("method.patch_size=32", "method.batch_size=2", "method.width=4")
    if method == "grl":
        small = (*small, "method.levels=2", "method.domain_depth=2")
    else:
        small = (*small, "method.levels=2", "method.generator_width=4")
    folders = ("--source", "source", "--target", "target", "--out", "kill.yaml")
    assert command("new", method, *folders, *small, *SETTINGS).code == 0
    assert command("train", "kill.yaml", "--run", "straight").code == 0
    run = RunFolder("killed")
    run.create(RunFolder("straight").experiment())

    resume = [sys.executable, "-m", "napari_uda", "train", "--resume", "killed"]
    kills, seed = 0, time.time_ns()
    at = sorted(random.Random(seed).sample(range(8, 55), 2))
    while kills < len(at):
        child = subprocess.Popen(resume, stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not any(e.kind == "step" and e.step >= at[kills] for e in run.events()):
            assert child.poll() is None, f"ended early (seed {seed})"
            assert time.monotonic() < end
            time.sleep(0.005)
        child.kill()
        child.wait()
        kills += 1
        assert run.state() in ("dead", "finished"), f"seed {seed}"
    assert command("train", "--resume", "killed").code == 0

    ends = [
        torch.load(Path(name, "checkpoints/last.pt"), weights_only=True)
        for name in ("straight", "killed")
    ]
    assert ends[0]["step"] == ends[1]["step"] == 60
    for part in ("networks", "average", "optimizers", "history"):
        assert same(ends[0][part], ends[1][part]), f"{part} (seed {seed})"
