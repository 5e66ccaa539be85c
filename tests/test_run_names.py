"""Runs on the command line by the names under which the window shows them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from napari_uda.core.spec.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Outcome

    Command = Callable[..., Outcome]

NAMED = {
    "watch": ("watch", "grl-7"),
    "resume": ("train", "--resume", "grl-7"),
    "predict": ("predict", "grl-7", "target/images/a.tif", "--out", "masks"),
    "translate": (
        "translate", "grl-7", "target/images/a.tif", "--out", "masks", "--to", "source",
    ),
    "judge": (
        "translate", "run", "target/images/a.tif", "--out", "masks", "--to", "source",
        "--judge", "grl-7",
    ),
    "s-score": ("s-score", "grl-7", "source", "--judge", "run", "--to", "source"),
    "s-score judge": ("s-score", "run", "source", "--judge", "grl-7", "--to", "source"),
}  # fmt: skip
"""A command for every place where a run is named."""


@pytest.fixture
def kept(workshop: Path, runs_folder: Path) -> RunFolder:
    """Keep a copy of the run where the window keeps runs."""
    shutil.copytree(workshop / "run", runs_folder / "grl-7")
    return RunFolder(runs_folder / "grl-7")


@pytest.mark.parametrize("name", NAMED)
def test_a_name_is_looked_for_in_the_runs_folder(
    name: str, kept: RunFolder, command: Command
) -> None:
    done = command(*NAMED[name])
    assert f"There is no grl-7 here: {kept.path} is used." in done.err
    assert "does not exist" not in done.err
    assert "is used" not in done.out


def test_a_run_that_is_here_comes_first(
    workshop: Path, kept: RunFolder, command: Command
) -> None:
    (workshop / "run").rename("grl-7")
    done = command(*NAMED["watch"], "--json")
    assert (done.code, done.err) == (0, "")


def test_masks_come_from_the_run_of_that_title(
    workshop: Path, kept: RunFolder, command: Command
) -> None:
    kept.rename("my best one")
    done = command("predict", "my best one", "target/images/a.tif", "--out", "masks")
    assert done.code == 0
    assert str(kept.path) in done.err
    assert (workshop / "masks" / "a.tif").exists()


def test_a_title_of_several_runs_names_their_folders(
    kept: RunFolder, command: Command
) -> None:
    other = RunFolder(shutil.copytree(kept.path, kept.path.with_name("grl-8")))
    for run in (kept, other):
        run.rename("best")
    done = command("watch", "best")
    assert done.code == 2
    assert "several runs have the title best" in done.err
    assert str(other.path) in done.err


@pytest.mark.parametrize("given", ["elsewhere/grl-7", "nobody"])
def test_paths_and_unknown_names_are_taken_as_they_are(
    given: str, kept: RunFolder, command: Command
) -> None:
    done = command("watch", given)
    assert done.code == 2
    assert f"{given} does not exist" in done.err
