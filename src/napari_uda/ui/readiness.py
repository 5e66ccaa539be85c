"""Whether training can start on what is chosen, in a sentence."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from .words import SEVERITY_SIGNS, count_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_uda.core.data.inspection import Problem
    from napari_uda.core.spec.domain import DomainName

    from .inspecting import Looked

OF_SOURCE = ("no_source_labels", "no_structures")
"""Errors that are said before a target is chosen."""


class Readiness(NamedTuple):
    """What is said of the data as a whole.

    Attributes
    ----------
    level
        "error", "warning", "note" or "ok".
    text
        One sentence.
    problem
        Why training cannot start; empty if it can.
    """

    level: str
    text: str
    problem: str


def readiness(
    looked: Looked | None, missing: str, typed: Mapping[DomainName, str]
) -> Readiness:
    """Say whether training can start, or the first reason why not.

    Parameters
    ----------
    looked
        What was found; None before anything was looked at.
    missing
        What is still to be chosen, in a sentence; empty if nothing is.
    typed
        By domain, why the voxel size that was typed cannot be used, if it cannot.
    """
    problem = _wrong(looked, typed, alone=bool(missing)) if looked else ""
    if problem:
        return Readiness("error", problem, problem)
    if missing or looked is None:
        return Readiness("note", missing, missing)
    found = looked.inspection.problems
    if warnings := [item for item in found if item.level == "warning"]:
        text = f"ready to train, but {warnings[0].message}"
        if len(warnings) > 1:
            text += f" (and {count_text(len(warnings) - 1, 'more warning')})"
        return Readiness("warning", text, "")
    text = "Ready to train."
    if note := next((item for item in found if item.code == "resampled"), None):
        text += f" {note.message[:1].upper()}{note.message[1:]}"
    return Readiness("ok", text, "")


def remedy(looked: Looked | None) -> Problem | None:
    """Return the first warning that can be mended at the press of a button."""
    found = looked.inspection.problems if looked else ()
    return next((item for item in found if item.level == "warning" and item.fix), None)


def all_problems(looked: Looked | None) -> str:
    """Return everything that was found, a line each."""
    found = looked.inspection.problems if looked else ()
    return "\n".join(f"{SEVERITY_SIGNS[item.level]} {item.message}" for item in found)


def _wrong(looked: Looked, typed: Mapping[DomainName, str], alone: bool) -> str:
    """Return the first reason why what is chosen cannot be trained on, or nothing."""
    sizes = (
        f"The voxel size of the {name} cannot be used: {problem}"
        for name, problem in typed.items()
        if problem
    )
    errors = (
        one.message
        for one in looked.inspection.problems
        if one.level == "error" and (not alone or one.code in OF_SOURCE)
    )
    return next(chain(looked.failures, sizes, errors), "")
