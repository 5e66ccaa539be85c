"""Procedural sample pairs: labelled source, target with truth held back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from napari_uda.core.errors import UserError

from . import abdomen_pair, cine_pair, em_pair, heart_pair, torso_ct, torso_pair
from .packaged import packaged, read_pair
from .pair import PairDomain, SamplePair
from .write import write_pair

if TYPE_CHECKING:
    import os

__all__ = ["SAMPLES", "PairDomain", "SamplePair", "domains", "write", "write_pair"]

SAMPLES: dict[str, SamplePair] = {
    "em-pair": SamplePair(em_pair.DESCRIPTION, ("EM", "EM"), em_pair.draw),
    "cine-pair": SamplePair(cine_pair.DESCRIPTION, ("MR",) * 3, cine_pair.draw),
    "heart-pair": SamplePair(heart_pair.DESCRIPTION, ("CT", "MR"), heart_pair.draw),
    "abdomen-pair": SamplePair(
        abdomen_pair.DESCRIPTION, ("CT", "CBCT", "MR"), abdomen_pair.draw
    ),
    "torso-pair": SamplePair(torso_pair.DESCRIPTION, ("DRR", "X-ray"), torso_pair.draw),
    "torso-ct": SamplePair(torso_ct.DESCRIPTION, ("CT",), torso_ct.draw),
}
"""All pairs by name; a pair is one module with DESCRIPTION and draw()."""


def domains(name: str) -> tuple[PairDomain, ...]:
    """Return the domains of a sample pair, read where it is packaged, else drawn.

    Parameters
    ----------
    name
        A key of `SAMPLES`.

    Returns
    -------
    tuple of PairDomain
        Source, target and perhaps further targets; their arrays are read-only.

    Raises
    ------
    UserError
        If there is no such pair.
    """
    _check(name)
    ready = packaged(name)
    return read_pair(ready) if ready else SAMPLES[name].draw()


def write(name: str, folder: str | os.PathLike[str]) -> Path:
    """Write a sample pair as data folders: `source`, `target` and further targets.

    Parameters
    ----------
    name
        A key of `SAMPLES`.
    folder
        A new or empty folder.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    UserError
        If there is no such pair, or the folder is not empty.
    """
    _check(name)
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not an empty folder: choose a new one.")
    ready = packaged(name)
    if ready is not None:
        shutil.copytree(ready, folder, dirs_exist_ok=True)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        write_pair(SAMPLES[name].draw(), folder)
    return folder


def _check(name: str) -> None:
    if name not in SAMPLES:
        raise UserError(
            f"There is no sample pair '{name}': choose from {', '.join(SAMPLES)}."
        )
