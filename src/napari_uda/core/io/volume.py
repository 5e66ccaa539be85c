"""What an image file holds: pixels, and where they lie in space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Geometry:
    """Where the pixels of an image lie in space, as far as its file tells."""

    voxel_size: tuple[float, ...] | None
    """Size of a voxel in `unit`, in array order (z,) y, x; None if not known."""
    unit: str | None
    """Unit of length: "nm", "um" or "mm"; None if not known."""
    affine: NDArray[np.float64] | None = None
    """NIfTI affine (4, 4) from file indices (x, y, z) to space, in `unit`, or None."""


@dataclass(frozen=True, eq=False)
class Header:
    """What is known of an image before its pixels are read."""

    path: Path
    """The file."""
    shape: tuple[int, ...]
    """Shape of the array that `read` returns: (y, x) or (z, y, x)."""
    dtype: np.dtype[Any]
    """Type of its values, in the byte order of this machine."""
    axes: str
    """Axes found in the file, one letter each in its order, such as "zyx" or "yxc"."""
    geometry: Geometry
    """Voxel size and orientation."""
    notes: tuple[str, ...] = ()
    """What had to be assumed or changed, one phrase each, for the user to see."""


@dataclass(frozen=True, eq=False)
class Volume:
    """An image: grey values or labels, (y, x) or (z, y, x), with its header."""

    data: NDArray[Any]
    """The pixels, not to be written to; in the byte order of the file if mapped."""
    header: Header
    """Where they come from."""
