"""What the command `check` says of memory and time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from conftest import Outcome

    Command = Callable[..., Outcome]


def test_check_says_what_a_run_needs(workshop: Path, command: Command) -> None:
    done = command("check", "experiment.yaml")
    assert done.code == 0
    assert re.search(
        r"Needs about \d.* of memory \(.* free\) and .* on cpu[.,]", done.out
    )
    (found,) = command("check", "experiment.yaml", "--json").objects
    assert found["estimate"]["fits"] is True
    assert 0 < found["estimate"]["memory"] < found["estimate"]["free"]
    (found,) = command("check", "experiment.yaml", "--json", "--no-estimate").objects
    assert found["estimate"] is None
    assert "Needs about" not in command("check", "experiment.yaml", "--no-estimate").out


def test_check_warns_of_too_little_memory_with_a_remedy(
    workshop: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_uda.core import api
    from napari_uda.core.spec.estimate import Estimate

    needed = Estimate(
        device="cuda:0", memory=11.2e9, free=7.9e9, total=16e9, seconds=360,
        measured=0.1, suggestion={"batch_size": 1}, suggested_memory=6.5e9,
    )  # fmt: skip
    monkeypatch.setattr(api, "estimate", lambda _: needed)
    done = command("check", "experiment.yaml")
    assert done.code == 0
    assert (
        "warning: Needs about 11.2 GB of memory (7.9 GB free) and 6 minutes on cuda:0: "
        "try batch_size = 1, which needs about 6.5 GB. "
        "Here: train ... method.batch_size=1." in done.out
    )


def test_check_survives_a_device_that_there_is_not(
    workshop: Path, command: Command
) -> None:
    text = Path("experiment.yaml").read_text().replace("device: cpu", "device: cuda:77")
    Path("experiment.yaml").write_text(text)
    done = command("check", "experiment.yaml")
    assert done.code == 0
    assert "no estimate of memory: device cuda:77 is not available" in done.out
