"""TIFF, with the three places in which microscopes leave the size of a voxel."""

from __future__ import annotations

import struct
from math import isclose
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree

import numpy as np
import tifffile

from napari_uda.core.errors import UserError

from .layout import Stored
from .units import NANOMETRES, length_unit

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_ALPHA: Final = {tifffile.EXTRASAMPLE.ASSOCALPHA, tifffile.EXTRASAMPLE.UNASSALPHA}
_COLOUR: Final = {tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR}
_INCHES: Final = {tifffile.RESUNIT.INCH: 1.0, tifffile.RESUNIT.CENTIMETER: 1 / 2.54}
_PRINT_DPI: Final = (72, 96, 100, 120, 144, 150, 200, 240, 300, 350, 400, 600, 1200)
_CLASSIC_LIMIT: Final = 2**32 - 2**25  # bytes; offsets of 32 bit, and room for tags

_Spacing = tuple[dict[str, float], str | None]


def open_tiff(path: Path) -> Stored:
    """Read the tags of a TIFF file.

    The first image of the file is taken. Its axes and voxel size come from OME or
    ImageJ metadata where it has some; otherwise several pages are an unnamed axis, and
    the resolution tags give the pixel size unless they look like those of a printer.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Stored
        Its array; memory-mapped if it is stored in one piece and not compressed.

    Raises
    ------
    UserError
        If a part of the file is missing.
    """
    with tifffile.TiffFile(path) as tif:
        series = tif.series[0]
        axes = _axes(series.axes, tif.pages.first)
        shape = tuple(series.shape)
        dtype = np.dtype(series.dtype).newbyteorder(tif.byteorder)
        offset = series.dataoffset
        if offset is not None:
            cut = offset + series.size * dtype.itemsize > tif.filehandle.size
        else:
            cut = series.kind == "ome" and any(page is None for page in series)
        if cut or _has_lost_pages(tif):
            raise UserError(f"{path} is incomplete: copy it here or save it again.")
        (spacing, unit), notes = _spacing(tif, axes)
        notes += _notes(tif)

    def load() -> NDArray[Any]:
        if offset is not None:
            return np.memmap(path, dtype, "r", offset, shape)
        return tifffile.imread(path, series=0).reshape(shape)

    return Stored(
        path=path,
        shape=shape,
        dtype=dtype,
        axes=axes,
        load=load,
        spacing=tuple(spacing.get("z" if axis == "?" else axis) for axis in axes),
        unit=unit,
        notes=notes,
    )


def write_tiff(
    path: Path,
    array: NDArray[Any],
    voxel_size: tuple[float, ...] | None,
    unit: str | None,
    *,
    ome: bool,
) -> None:
    """Write a TIFF file that carries its voxel size; not compressed, to be mapped.

    Parameters
    ----------
    path
        The file to write; replaced if it exists.
    array
        uint8, uint16 or float32, (y, x) or (z, y, x).
    voxel_size, unit
        Size of a voxel in array order and its unit, or None.
    ome
        OME-TIFF rather than ImageJ's TIFF, which reaches 4 GB.
    """
    axes = "zyx"[-array.ndim :]
    metadata: dict[str, Any] = {"axes": axes.upper()}
    options: dict[str, Any] = {}
    sizes = dict(zip(axes, voxel_size, strict=True)) if voxel_size and unit else {}
    ome = ome or array.nbytes > _CLASSIC_LIMIT
    if sizes and ome:
        for axis, size in sizes.items():
            metadata[f"PhysicalSize{axis.upper()}"] = size
            metadata[f"PhysicalSize{axis.upper()}Unit"] = unit
    elif sizes:
        metadata |= {"unit": unit, "spacing": sizes.get("z", 1.0)}
        options["resolution"] = (1 / sizes["x"], 1 / sizes["y"])
    tifffile.imwrite(
        path,
        array,
        ome=ome,
        imagej=not ome,
        photometric="minisblack",
        metadata=metadata,
        **options,
    )


def _axes(axes: str, page: Any) -> str:
    # Samples that are not declared to be colours are channels that a microscope wrote.
    colour = page.photometric in _COLOUR or set(page.extrasamples[:1]) & _ALPHA
    letters = {"I": "?", "Q": "?", "S": "s" if colour else "c"}
    return "".join(letters.get(axis, axis.lower()) for axis in axes)


def _has_lost_pages(tif: tifffile.TiffFile) -> bool:
    """Tell whether the last page points to one beyond the end of the file.

    tifffile stops there and only logs it, so that a stack would merely look shorter.
    """
    form, file = tif.tiff, tif.filehandle
    last = tif.pages[len(tif.pages) - 1].offset
    file.seek(last)
    (tags,) = struct.unpack(form.tagnoformat, file.read(form.tagnosize))
    file.seek(last + form.tagnosize + tags * form.tagsize)
    (following,) = struct.unpack(form.offsetformat, file.read(form.offsetsize))
    return bool(following >= file.size)


def _notes(tif: tifffile.TiffFile) -> tuple[str, ...]:
    notes = []
    if len(tif.series) > 1:
        notes.append(f"holds {len(tif.series)} images, only the first was read")
    if tif.pages.first.photometric == tifffile.PHOTOMETRIC.PALETTE:
        notes.append("indices of a colour palette, not colours, were read")
    if tif.pages.first.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        notes.append("0 is white in this file, values were not inverted")
    return tuple(notes)


def _spacing(tif: tifffile.TiffFile, axes: str) -> tuple[_Spacing, tuple[str, ...]]:
    """Return the voxel size by axis with its unit, and notes."""
    if tif.ome_metadata:
        return _ome_spacing(tif.ome_metadata), ()
    x, y = (_pixels_per_unit(tif.pages.first, axis) for axis in "XY")
    if not x or not y:
        return ({}, None), ()
    imagej = tif.imagej_metadata or {}
    length = length_unit(str(imagej.get("unit", "")))
    if length is None:
        return _print_spacing(tif.pages.first, x, y), ()
    unit, factor = length
    notes: tuple[str, ...] = ()
    if "spacing" not in imagej and set(axes) & {"z", "?"}:
        notes = (f"z spacing not in the file, taken as {factor:g} {unit} like ImageJ",)
    z = abs(float(imagej.get("spacing", 1.0)))  # ImageJ may write a negative one
    return ({"z": z * factor, "y": factor / y, "x": factor / x}, unit), notes


def _ome_spacing(xml: str) -> _Spacing:
    root = ElementTree.fromstring(xml)
    pixels = next(item for item in root.iter() if item.tag.endswith("Pixels"))
    sizes: dict[str, float] = {}
    unit = None
    for axis in "xyz":
        name = f"PhysicalSize{axis.upper()}"
        size, length = pixels.get(name), length_unit(pixels.get(f"{name}Unit", "µm"))
        if size is None or length is None:
            continue
        unit = unit or length[0]
        factor = length[1] * NANOMETRES[length[0]] / NANOMETRES[unit]
        sizes[axis] = float(size) * factor
    return sizes, unit


def _print_spacing(page: Any, x: float, y: float) -> _Spacing:
    """Turn resolution tags into micrometres unless they are meant for printing."""
    tag = page.tags.get("ResolutionUnit")
    inches = _INCHES.get(tag.value if tag else tifffile.RESUNIT.INCH)
    if inches is None or x == 1:
        return {}, None
    if any(isclose(x / inches, dpi, rel_tol=0.015) for dpi in _PRINT_DPI):
        return {}, None
    return {"y": 25_400 * inches / y, "x": 25_400 * inches / x}, "um"


def _pixels_per_unit(page: Any, axis: str) -> float | None:
    tag = page.tags.get(f"{axis}Resolution")
    if tag is None:
        return None
    pixels, units = tag.value
    return float(pixels / units) if units else None
