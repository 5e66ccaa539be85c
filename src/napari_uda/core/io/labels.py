"""Label files: whole numbers, 0 for background."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uda.core.errors import UserError

from .readers import read

if TYPE_CHECKING:
    from pathlib import Path

    from .volume import Volume


def read_labels(path: Path, axes: str | None = None) -> Volume:
    """Read a label file.

    Parameters
    ----------
    path, axes
        As in `read`.

    Raises
    ------
    UserError
        If it cannot be read, or holds negative or fractional values.
    """
    volume = read(path, axes)
    data = volume.data
    if data.dtype.kind == "f" and not np.array_equal(data, np.rint(data)):
        raise UserError(
            f"the labels {path} hold fractions or NaN: labels must be whole numbers, "
            "one per structure; save them as an integer type."
        )
    if data.dtype.kind != "u" and data.size and data.min() < 0:
        raise UserError(
            f"the labels {path} hold negative values (smallest {data.min():g}): use 0 "
            "for background and positive numbers for structures."
        )
    return volume
