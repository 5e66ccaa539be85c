"""How large the voxels of an image are: one rule, whoever asks.

What the user typed goes before the header of the file, that before the `dataset.yaml`
of its folder, and that before what the run knows of its target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from napari_uda.core.io import NANOMETRES, Geometry

from .config import parse
from .domain import Domain
from .folders import data_folder, fingerprint, folder_config

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_uda.core.io import Header

    from .domain import Unit


class TypedSize(NamedTuple):
    """A voxel size that the user typed.

    Attributes
    ----------
    voxel_size
        Size of a voxel (z,) y, x in `unit`.
    unit
        nm, um or mm.
    """

    voxel_size: tuple[float, ...]
    unit: Unit


class Sized(Protocol):
    """Whatever may say how large voxels are: a domain, a `dataset.yaml`, the user."""

    @property
    def voxel_size(self) -> tuple[float, ...] | None:
        """Size of a voxel (z,) y, x, or None."""

    @property
    def unit(self) -> str | None:
        """Unit of the voxel size."""


def geometry_of(
    header: Header, *others: Sized | None, typed: Sized | None = None
) -> Geometry:
    """Return the geometry of an image, as far as it can be known.

    If only y, x are given for a volume, there is no size along z.

    Parameters
    ----------
    header
        Header of the image.
    others
        Whom to ask if the header says nothing, in this order.
    typed
        What the user typed, which goes before the header. An affine is changed with
        it, so that what is written with it has that size.
    """
    known = header.geometry
    if typed is not None and typed.voxel_size is not None:
        return _resized(header, typed)
    if known.voxel_size is not None:
        return known
    for said in others:
        if said is not None and said.voxel_size is not None:
            size = said.voxel_size[-len(header.shape) :]
            return Geometry(size, said.unit, known.affine)
    return known


def whole_size(
    geometry: Geometry, ndim: int, unit: str | None = None
) -> tuple[tuple[float, ...] | None, str | None]:
    """Return voxel size and unit; None, so distances in pixels, if an axis is unknown.

    Parameters
    ----------
    geometry
        Of an image.
    ndim
        Number of its axes.
    unit
        Unit to return it in; None for that of the geometry, which for TIFF files is
        that of whatever program wrote them.
    """
    size = geometry.voxel_size or ()
    if len(size) != ndim:
        return None, None
    if geometry.unit is None or unit is None:
        return size, geometry.unit
    scale = NANOMETRES[geometry.unit] / NANOMETRES[unit]
    return tuple(side * scale for side in size), unit


def sample_geometry(header: Header, domain: Domain) -> Geometry:
    """Return the geometry of an image that is a sample of a domain."""
    typed = domain if domain.voxel_size_first else None
    return geometry_of(header, domain, typed=typed)


def file_geometry(
    header: Header, domain: Domain, typed: Sized | None = None
) -> Geometry:
    """Return the geometry of an image file, wherever it comes from.

    Parameters
    ----------
    header
        Header of the file.
    domain
        Domain whose like the image is, such as the target of a run.
    typed
        What the user typed for this image; without it, what was typed for the domain
        holds for the samples of that domain, known by their fingerprints.

    Raises
    ------
    UserError
        If the `dataset.yaml` of its folder cannot be used.
    """
    if typed is None and domain.voxel_size_first:
        ours = {sample.fingerprint for sample in domain.samples}
        typed = domain if fingerprint(header.path) in ours else None
    return geometry_of(header, _folder_of(header), domain, typed=typed)


def with_typed_size(domain: Domain, typed: TypedSize | None) -> Domain:
    """Return a domain that has the voxel size which the user typed, if any."""
    if typed is None:
        return domain
    said = {"voxel_size": typed.voxel_size, "unit": typed.unit}
    return domain.model_copy(update={**said, "voxel_size_first": True})


def _folder_of(header: Header) -> Domain:
    """Return what `dataset.yaml` says of voxels, as a domain without images."""
    folder = data_folder(header.path)
    config = folder_config(folder)
    about = {"samples": (), "voxel_size": config.voxel_size, "unit": config.unit}
    return parse(Domain, about, where=str(folder / "dataset.yaml"))


def _resized(header: Header, typed: Sized) -> Geometry:
    """Return the geometry with another voxel size; axes not given stay as they are."""
    known, ndim, unit = header.geometry, len(header.shape), typed.unit
    size = (typed.voxel_size or ())[-ndim:]
    if known.voxel_size is None or known.unit is None or unit is None:
        return Geometry(size, unit)
    scale = NANOMETRES[known.unit] / NANOMETRES[unit]
    rest = known.voxel_size[: ndim - len(size)]
    size = (*(side * scale for side in rest), *size)
    if known.affine is None:
        return Geometry(size, unit)
    return Geometry(size, unit, _stretched(known.affine * scale, size))


def _stretched(
    affine: NDArray[np.float64], size: tuple[float, ...]
) -> NDArray[np.float64]:
    """Return an affine whose axes x, y(, z) have other lengths; the origin stays."""
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    wanted = np.array([*size[::-1], *lengths[len(size) :]])
    result = affine.copy()
    result[:3, :3] *= wanted / lengths
    result[3] = (0.0, 0.0, 0.0, 1.0)
    return result
