"""Folders and titles of new runs, from whatever a user types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_UNFIT = re.compile(r"[^\w.-]+")
_COUNTED = re.compile(r"(.+)_\d\d")
_MOST = 10_000


class RunName(NamedTuple):
    """What a new run is called.

    Attributes
    ----------
    folder
        Name of its folder, which is its id.
    title
        What the window calls it.
    """

    folder: str
    title: str


def folder_name(text: str) -> str:
    """Return a text without what the name of a folder cannot have."""
    return _UNFIT.sub("-", text).strip("-.") or "run"


def free_name(runs: Path, text: str) -> RunName:
    """Return a name for a new run that no other has, counted up if need be.

    Parameters
    ----------
    runs
        Folder of all runs.
    text
        What it is to be called; not empty.
    """
    wanted = RunName(folder_name(text), text)
    return wanted if _is_free(runs, wanted) else next_name(runs, text, 2)


def next_name(runs: Path, text: str, first: int = 1) -> RunName:
    """Return the first name with a number that no other run has.

    Parameters
    ----------
    runs
        Folder of all runs.
    text
        What comes before the number; one that is there is replaced.
    first
        Least number.
    """
    counted = _COUNTED.fullmatch(text)
    stem = counted[1] if counted else text
    titles = (f"{stem}_{number:02d}" for number in range(first, _MOST))
    names = (RunName(folder_name(title), title) for title in titles)
    return next(name for name in names if _is_free(runs, name))


def _is_free(runs: Path, name: RunName) -> bool:
    return not (runs / name.folder).exists()
