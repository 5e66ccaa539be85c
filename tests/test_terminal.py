from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_uda import run_terminal
from napari_uda.core.spec.events import Event, Finished, Started, Step, Validation
from napari_uda.core.spec.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def steps(clock: list[float], seconds: float, count: int) -> Iterator[Event]:
    """Yield the events of a run whose steps take so long, and set the clock."""
    yield Started(
        run="r", step=0, method="grl", steps=count, device="cpu", precision="float32",
        loss_groups={},
    )  # fmt: skip
    for step in range(1, count + 1):
        clock[0] += seconds
        yield Step(
            run="r", step=step, losses={"seg": 1.0}, speed=1, remaining=9, memory=1
        )
    # The losses of this step are told once, and then its scores.
    yield Validation(run="r", step=count, scores={"a": 1.0})
    yield Finished(run="r", step=count, seconds=1.0)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (1.0, ["1", "11", "21", "25", "25"]),
        (4.0, ["1", "4", "7", "10", "10"]),
        (30.0, ["1", "2", "3", "3"]),
    ],
)
def test_a_pipe_is_told_every_ten_seconds_how_training_goes(
    seconds: float,
    told: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = [100.0]
    monkeypatch.setattr(run_terminal.time, "monotonic", lambda: clock[0])
    count = {1.0: 25, 4.0: 10, 30.0: 3}[seconds]
    run_terminal.follow(steps(clock, seconds, count), RunFolder(tmp_path))
    lines = capsys.readouterr().err.splitlines()
    found = [line.split()[1].strip(":") for line in lines if line.startswith("step ")]
    assert found == told
    assert "1.0 it/s 0:09 left seg 1.000" in lines[1]
