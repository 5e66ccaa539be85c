"""What all tests share: a fixed Qt binding and nothing of the user's own settings."""

from __future__ import annotations

import gc
import json
import os
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import annotated_types
import numpy as np
import pytest
import tifffile

from napari_uda.cli import main
from napari_uda.core.spec.domain import Dataset
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.methods import METHODS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

os.environ["QT_API"] = "pyqt6"
os.environ["NAPARI_CONFIG"] = ""  # napari keeps its settings in memory
os.environ["MPLBACKEND"] = "Agg"

pytest.register_assert_rewrite("bad_input", "inspected")

TIMEOUT = 30_000
TINY = (
    "method.steps=4", "method.batch_size=2", "method.patch_size=32", "method.width=4",
    "method.levels=2", "method.domain_width=4", "method.domain_depth=2",
    "training.device=cpu", "training.threads=1",
)  # fmt: skip


@pytest.fixture(autouse=True)
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder that runs go to where a test names none."""
    folder = tmp_path / "default-runs"
    monkeypatch.setenv("NAPARI_UDA_RUNS", str(folder))
    return folder


@pytest.fixture
def timeout_ms() -> int:
    """Return how long, in milliseconds, to wait for anything that will surely come."""
    return TIMEOUT


@pytest.fixture(scope="session")
def smallest() -> Callable[..., dict[str, Any]]:
    """Return a function of settings that make a method as small as it can be."""

    def settings_of(name: str, dims: int = 2) -> dict[str, Any]:
        config = METHODS[name]
        settings = {
            key: next(m.ge for m in field.metadata if isinstance(m, annotated_types.Ge))
            for key, field in config.model_fields.items()
            if key.endswith(("_width", "_depth", "_blocks", "_layers", "levels"))
            and key != "patch_depth"
        }
        return settings | {
            "dims": dims, "steps": 6, "batch_size": 2, "width": 4,
            "patch_size": 32 if dims == 2 else 16, "patch_depth": 8, "foreground": 0.5,
            "intensity": 0.5,
        }  # fmt: skip

    return settings_of


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[Any]:
        """What `--json` printed, line by line."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Return a function that runs a command in this process."""

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        return Outcome(ended.value.code, *capsys.readouterr())  # type: ignore[arg-type]

    return call


@pytest.fixture(scope="session")
def workshop_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with data, experiment.yaml and a trained run, all tiny."""
    from napari_uda.core.api import train  # not before Qt, where both are loaded

    folder = tmp_path_factory.mktemp("workshop")
    rng = np.random.default_rng(0)
    for domain, size in (("source", 6.0), ("target", 8.0)):
        for kind in ("images", "labels"):
            (folder / domain / kind).mkdir(parents=True)
        for stem in ("a", "b"):
            image = rng.integers(0, 255, (48, 48), np.uint8)
            labels = (image > 150).astype(np.uint8)
            tifffile.imwrite(folder / domain / "images" / f"{stem}.tif", image)
            tifffile.imwrite(folder / domain / "labels" / f"{stem}.tif", labels)
        (folder / domain / "dataset.yaml").write_text(
            f"classes: {{1: mito}}\nvoxel_size: [{size}, {size}]\nunit: nm\n"
        )
    data = Dataset.from_folders(folder / "source", folder / "target")
    experiment = Experiment.preset("grl", "quick", data).override(list(TINY))
    experiment.save(folder / "experiment.yaml")
    *_, last = train(experiment, folder / "run")
    assert last.kind == "finished"
    return folder


@pytest.fixture
def workshop(
    workshop_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Copy `workshop_template` and work in it, so that a test may spoil it."""
    folder = tmp_path / "workshop"
    shutil.copytree(workshop_template, folder)
    monkeypatch.chdir(folder)
    return folder


def pytest_collection_finish() -> None:
    """Spare the garbage collector, which each window calls often, all that stays."""
    gc.collect()
    gc.freeze()
