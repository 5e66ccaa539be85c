"""Procedural sample pairs: labelled source, target with truth held back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from napari_uda.core.errors import UserError

from .em import Section, em_section
from .microscope import SOURCE, TARGET, Microscope, Stain, micrograph
from .packaged import packaged
from .write import write_em_pair

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

__all__ = [
    "SAMPLES",
    "SOURCE",
    "TARGET",
    "Microscope",
    "SamplePair",
    "Section",
    "Stain",
    "em_section",
    "micrograph",
    "write",
]


class SamplePair(NamedTuple):
    """An entry of `SAMPLES`."""

    description: str
    """One line for lists."""
    write: Callable[[Path], None]
    """Writes the pair into an empty folder."""


SAMPLES: dict[str, SamplePair] = {
    "em-pair": SamplePair(
        "mitochondria in neuropil: a sharp 6 nm microscope and a pale 8 nm one",
        write_em_pair,
    ),
}


def write(name: str, folder: str | os.PathLike[str]) -> Path:
    """Write a sample pair as two data folders, `source` and `target`.

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
    if name not in SAMPLES:
        raise UserError(
            f"There is no sample pair '{name}': choose from {', '.join(SAMPLES)}."
        )
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not an empty folder: choose a new one.")
    ready = packaged(name)
    if ready is not None:
        shutil.copytree(ready, folder, dirs_exist_ok=True)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        SAMPLES[name].write(folder)
    return folder
