"""Who may import whom, where only running tells; `lint-imports` reads the rest."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

IMPORT_ALL = """
import importlib, pkgutil, sys

def import_all(name):
    module = importlib.import_module(name)
    for part in pkgutil.iter_modules(getattr(module, "__path__", []), name + "."):
        import_all(part.name)

for name in {blocked!r}:
    sys.modules[name] = None  # importing it raises ModuleNotFoundError
for name in {packages!r}:
    import_all(name)
print(*(name for name in {absent!r} if name in sys.modules))
"""


def import_all(
    *packages: str, blocked: tuple[str, ...] = (), absent: tuple[str, ...] = ()
) -> set[str]:
    """Import packages with all their modules in a new process.

    Those of `blocked` cannot be imported there; return those of `absent` that were.
    """
    code = IMPORT_ALL.format(packages=packages, blocked=blocked, absent=absent)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_core_and_command_line_need_no_window() -> None:
    window = ("magicgui", "napari", "psygnal", "PyQt6", "qtpy", "superqt", "vispy")
    import_all("napari_uda.core", "napari_uda.cli", blocked=window)


@pytest.mark.parametrize(
    "package",
    [
        "napari_uda.core.io",
        "napari_uda.core.metrics",
        "napari_uda.core.spec",
        "napari_uda.samples",
        "napari_uda.ui",
    ],
)
def test_importing_needs_no_torch(package: str) -> None:
    heavy = ("monai", "torch")
    assert import_all(package, absent=heavy) == set()


def test_the_command_line_starts_without_torch() -> None:
    assert import_all("napari_uda.cli", absent=("napari", "torch")) == set()


def test_imports_follow_the_contracts() -> None:
    lint = shutil.which("lint-imports", path=Path(sys.executable).parent)
    assert lint is not None, "lint-imports is not installed beside python"
    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
