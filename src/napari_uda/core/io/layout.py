"""From the array as a file stores it to a grey image (y, x) or (z, y, x)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.errors import UserError

from .volume import Geometry, Header, Volume

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_UNNAMED = "?"
_COLOUR = "s"
_DROPPED = "-"
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
_COLOUR_NOTES = {
    2: "alpha channel left out",
    3: "RGB turned to grey",
    4: "RGB turned to grey, alpha channel left out",
}
_UNUSABLE = {
    "O": "Python objects, which are not loaded: save it as an array of numbers",
    "V": "records or colours as one value: save it as an array of plain numbers",
    "c": "complex numbers: save their magnitude or phase as a real image",
}


@dataclass(frozen=True, eq=False)
class Stored:
    """The array of a file, not yet read, and what the file says about it."""

    path: Path
    """The file."""
    shape: tuple[int, ...]
    """Shape as stored."""
    dtype: np.dtype[Any]
    """Type of the values that `load` returns, in any byte order."""
    axes: str
    """A letter per axis: z, y, x; s colour samples; ? unnamed; others as in TIFF."""
    load: Callable[[], NDArray[Any]]
    """Reads or maps the array."""
    spacing: tuple[float | None, ...] | None = None
    """Size of a voxel along each axis, in `unit`; None where it is not known."""
    unit: str | None = None
    """Unit of `spacing` and `affine`."""
    affine: NDArray[np.float64] | None = None
    """NIfTI affine of the file, or None."""
    notes: tuple[str, ...] = ()
    """What the user should know."""


def header_of(stored: Stored, axes: str | None = None) -> Header:
    """Describe the image that a stored array becomes.

    Parameters
    ----------
    stored
        What the file holds.
    axes
        Letters from z, y, x and c (colour) instead of those found in the file: one per
        axis of the array, or one per axis longer than 1.

    Returns
    -------
    Header
        Shape, type and geometry of the image.

    Raises
    ------
    UserError
        If the array is not a grey or colour image with two or three axes in space.
    """
    letters = _letters(stored, axes)
    spatial = [letters.index(axis) for axis in "zyx" if axis in letters]
    notes = list(stored.notes)
    if axes is None and "z" in letters and "z" not in stored.axes:
        notes.append("axes not named in the file, the first was read as depth (z)")
    if _COLOUR in letters:
        notes.append(_COLOUR_NOTES[stored.shape[letters.index(_COLOUR)]])
    dtype = np.dtype(np.uint8) if stored.dtype.kind == "b" else stored.dtype
    return Header(
        path=stored.path,
        shape=tuple(stored.shape[index] for index in spatial),
        dtype=dtype.newbyteorder("="),
        axes=letters.replace(_DROPPED, "").replace(_COLOUR, "c"),
        geometry=_geometry(stored, letters, spatial),
        notes=tuple(notes),
    )


def volume_of(stored: Stored, axes: str | None = None) -> Volume:
    """Load a stored array and put its axes in order.

    Parameters
    ----------
    stored
        What the file holds.
    axes
        As in `header_of`.

    Returns
    -------
    Volume
        The image; a view of the mapped file where nothing had to be computed.

    Raises
    ------
    UserError
        As in `header_of`.
    """
    header = header_of(stored, axes)
    letters = _letters(stored, axes)
    dropped = [index for index, axis in enumerate(letters) if axis == _DROPPED]
    kept = [letters.index(axis) for axis in "zyx" + _COLOUR if axis in letters]
    data = stored.load().transpose(*dropped, *kept)[(0,) * len(dropped)]
    if data.dtype.kind == "b":
        data = data.view(np.uint8)
    if _COLOUR in letters:
        data = _luminance(data)
    return Volume(data, header)


def _letters(stored: Stored, axes: str | None) -> str:
    """Return z, y, x, colour or dropped for every axis of the array."""
    if stored.dtype.kind not in "biuf":
        reason = _UNUSABLE.get(stored.dtype.kind, f"values of type {stored.dtype}")
        raise UserError(f"{stored.path} holds {reason}.")
    if 0 in stored.shape:
        raise UserError(f"{stored.path} holds no pixels: its shape is {stored.shape}.")
    return _found(stored) if axes is None else _assigned(stored, axes)


def _found(stored: Stored) -> str:
    lone = stored.axes.count(_UNNAMED) == 1 and "z" not in stored.axes
    named = stored.axes.replace(_UNNAMED, "z") if lone else stored.axes
    letters = "".join(
        _DROPPED if size == 1 and axis not in "zyx" else axis
        for axis, size in zip(named, stored.shape, strict=True)
    )
    size = stored.shape[letters.index(_COLOUR)] if _COLOUR in letters else 3
    kept = letters.replace(_DROPPED, "").replace(_COLOUR, "")
    if sorted(kept) not in (["x", "y"], ["x", "y", "z"]) or size not in _COLOUR_NOTES:
        raise UserError(
            f"{stored.path} has the axes {_listed(stored)}, but an image has y, x and"
            " perhaps z: save one channel and time point as a file of its own, or say"
            " which axis is which with the letters z, y, x and c."
        )
    return letters


def _assigned(stored: Stored, axes: str) -> str:
    sizes = stored.shape
    # Labels and grey images have no colour, as RGB images beside them do.
    fitting = (_spread(one, sizes) for one in (axes, axes.replace("c", "")))
    letters = next(filter(None, fitting), "")
    colours = 3
    if "c" in letters:
        colours = sizes[letters.index("c")]
        letters = letters.replace("c", _DROPPED if colours == 1 else _COLOUR)
    kept = letters.replace(_DROPPED, "").replace(_COLOUR, "")
    if sorted(kept) not in (["x", "y"], ["x", "y", "z"]) or colours not in (1, 3, 4):
        raise UserError(
            f"The axes {axes!r} do not fit {stored.path}, which has the axes"
            f" {_listed(stored)}: give each a letter, y and x once, z where it is depth"
            " and c where it is the colour of an RGB image."
        )
    return letters


def _spread(axes: str, sizes: tuple[int, ...]) -> str:
    """Return a letter per axis of the array; nothing if there are too few or many."""
    if len(axes) == len(sizes):
        return axes
    if len(axes) != sum(size > 1 for size in sizes):
        return ""
    given = iter(axes)
    return "".join(next(given) if size > 1 else _DROPPED for size in sizes)


def _listed(stored: Stored) -> str:
    return ", ".join(
        f"{'c' if axis == _COLOUR else axis}={size}"
        for axis, size in zip(stored.axes, stored.shape, strict=True)
    )


def _geometry(stored: Stored, letters: str, spatial: list[int]) -> Geometry:
    sizes = [stored.spacing[index] if stored.spacing else None for index in spatial]
    known = [size for size in sizes if size and 0 < size < np.inf]
    # An affine belongs to the axes of the file: it says nothing about other ones.
    same = all(stored.axes[index] == letters[index] for index in spatial)
    return Geometry(
        voxel_size=tuple(known) if len(known) == len(sizes) else None,
        unit=stored.unit if len(known) == len(sizes) else None,
        affine=stored.affine if same else None,
    )


def _luminance(data: NDArray[Any]) -> NDArray[Any]:
    """Turn samples (..., 2 to 4), the last of 2 or 4 being alpha, into grey values."""
    if data.shape[-1] == 2:
        return data[..., 0]
    dtype = data.dtype.newbyteorder("=")
    wide = np.float64 if dtype.itemsize > 2 and dtype != np.float32 else np.float32
    grey = np.zeros(data.shape[:-1], wide)
    for channel, weight in enumerate(_LUMINANCE):
        grey += data[..., channel] * wide(weight)
    return (grey if dtype.kind == "f" else np.rint(grey)).astype(dtype, copy=False)
