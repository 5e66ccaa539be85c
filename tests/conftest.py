"""What all tests share: a fixed Qt binding and nothing of the user's own settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

os.environ["QT_API"] = "pyqt6"
os.environ["NAPARI_CONFIG"] = ""  # napari keeps its settings in memory
os.environ["MPLBACKEND"] = "Agg"

TIMEOUT = 30_000


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
