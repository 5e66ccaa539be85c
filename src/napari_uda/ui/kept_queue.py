"""The queue of a window that was closed: what waited, until another window has it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtpy.QtCore import QSettings

KEY = "queue"


def keep_queue(settings: QSettings, runs: Iterable[Path]) -> None:
    """Write down which runs wait in a window of this process."""
    paths = [str(path) for path in runs]
    if not paths and not kept_queue(settings, also_own=True):
        return  # the queue of another napari is its own
    kept = {"pid": os.getpid(), "born": _born(os.getpid()), "runs": paths}
    settings.setValue(KEY, json.dumps(kept))


def kept_queue(settings: QSettings, also_own: bool = False) -> list[Path]:
    """Return the runs that waited in a napari that is gone.

    Parameters
    ----------
    settings
        Where they were written down.
    also_own
        Whether the queue of this process counts, too: its window may be closed.
    """
    try:
        kept = json.loads(settings.value(KEY, "{}", type=str))
        if _lives(kept) and not (also_own and kept["pid"] == os.getpid()):
            return []
        return [Path(path) for path in kept["runs"]]
    except (ValueError, KeyError, TypeError):
        return []  # nothing was kept, or somebody else wrote it


def _lives(kept: dict[str, Any]) -> bool:
    born = _born(int(kept["pid"]))
    return born is not None and abs(born - float(kept["born"])) < 2


def _born(pid: int) -> float | None:
    """Return when a process began; None if there is no such process."""
    import psutil  # not at the top: it would slow down the opening of the dock

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None
