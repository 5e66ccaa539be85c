"""Read an image or a label map, whatever its format."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_uda.core.errors import UserError

from .formats import FORMATS, is_image, stem_of, suffix_of
from .layout import Stored, header_of, volume_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from .volume import Header, Volume

__all__ = ["FORMATS", "is_image", "read", "read_header", "stem_of", "suffix_of"]

# Imported on first use: the libraries behind them take longer to load than a plugin may
# take to open.
_OPEN: Final = {
    "TIFF": ("tiff", "open_tiff"),
    "NIfTI": ("nifti", "open_nifti"),
    "PNG": ("picture", "open_picture"),
    "JPEG": ("picture", "open_picture"),
    "NPY": ("arrays", "open_npy"),
    "NPZ": ("arrays", "open_npz"),
}


def read_header(path: str | os.PathLike[str], axes: str | None = None) -> Header:
    """Read what a file says about its image, without its pixels.

    Parameters
    ----------
    path
        A file in one of `FORMATS`.
    axes
        As in `read`.

    Returns
    -------
    Header
        Shape, type, axes, geometry, and notes for the user.

    Raises
    ------
    UserError
        If the file cannot be read or is no image, with the reason.
    """
    path = Path(path)
    with _explained(path):
        return header_of(_open(path), axes)


def read(path: str | os.PathLike[str], axes: str | None = None) -> Volume:
    """Read a grey image or a label map as (y, x) or (z, y, x).

    TIFF and NIfTI files that are not compressed, and NPY files, are memory-mapped and
    cost no memory until they are sliced; such an array is read-only and may have the
    byte order of another machine, which arithmetic and `astype` take care of. Other
    files are decoded.

    Pages or array axes without a name are read as depth, colours are turned into grey,
    and both is said in the notes of the header. Infinite values and NaN are kept.

    Parameters
    ----------
    path
        A file in one of `FORMATS`.
    axes
        Which axis is which where the file does not tell or is wrong: a letter out of
        z, y, x and c (the colour of an RGB image) for each axis of the array, in the
        order of the array (last axis first for NIfTI), or for each one longer than 1;
        c is passed over where a file has no such axis, as labels have none.

    Returns
    -------
    Volume
        The pixels and their header.

    Raises
    ------
    UserError
        If the file cannot be read or is no image, with the reason.
    """
    path = Path(path)
    with _explained(path):
        return volume_of(_open(path), axes)


def _open(path: Path) -> Stored:
    if path.is_dir():
        raise UserError(f"{path} is a folder where an image file is wanted.")
    if suffix_of(path) not in FORMATS:
        formats = ", ".join(dict.fromkeys(FORMATS.values()))
        raise UserError(f"{path} is in no format we read: convert it to {formats}.")
    if not path.exists():
        raise UserError(f"{path} does not exist: check its name and folder.")
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty: copy or save it again.")
    module, function = _OPEN[FORMATS[suffix_of(path)]]
    opener = getattr(import_module(f".{module}", __package__), function)
    stored: Stored = opener(path)
    return stored


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises into one sentence about the file."""
    try:
        yield
    except (UserError, MemoryError):
        raise
    except PermissionError as error:
        raise UserError(
            f"{path} may not be read by you: change its permissions."
        ) from error
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        reason = lines[0].replace(str(path), path.name).rstrip(".")
        kind = FORMATS.get(suffix_of(path), "image")
        raise UserError(
            f"{path} is damaged or not a {kind} file ({reason}): save it again."
        ) from error
