"""What the command line says of itself."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from napari_uda import terminal
from napari_uda.core.spec.methods import METHODS
from processes import PATIENCE, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Outcome

    Command = Callable[..., Outcome]


COMMANDS = (
    "demo", "samples", "methods", "new", "check", "train", "watch", "predict",
    "translate", "evaluate", "s-score", "compare", "table",
)  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, command: Command) -> None:
    overview, help_text = command("--help"), command(name, "--help")
    assert overview.code == help_text.code == 0
    assert f"\n  {name} " in overview.out
    assert help_text.out.startswith(f"Usage: napari-uda {name} ")
    assert all(len(line) <= 80 for line in help_text.out.splitlines())


def test_without_arguments_the_help_is_shown(command: Command) -> None:
    assert command() == command("--help")


def test_version(command: Command) -> None:
    done = command("--version")
    assert done.code == 0
    assert done.out.split()[0] == "napari-uda"


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import sys; from napari_uda.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"numpy", "scipy", "torch", "pydantic", "nibabel", "matplotlib"}
    assert heavy.isdisjoint(done.stderr.split())


def test_methods_are_listed_and_explained(command: Command) -> None:
    listed = json.loads(command("methods", "--json").out)
    assert [row["name"] for row in listed] == list(METHODS)
    table = command("methods", "grl").out
    for setting in METHODS["grl"].model_fields:
        assert setting == "name" or f"\n{setting} " in table


def test_a_narrow_terminal_gets_the_last_column_below(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "WIDE", 80)
    lines = command("methods", "grl").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "    Training steps in all." in lines


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_pipe_may_be_closed_early(options: list[str]) -> None:
    listing = start("methods", "grl", *options)
    assert listing.stdout is not None
    listing.stdout.close()
    assert listing.stderr is not None
    with listing.stderr as errors:
        assert errors.read() == ""
    assert listing.wait(PATIENCE) == 1
