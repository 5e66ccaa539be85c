"""Voxel size of an image file: what it says, what its data folder says, or the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_uda.core.io import Geometry

from .config import parse
from .domain import Domain
from .folders import FolderConfig, read_yaml

if TYPE_CHECKING:
    from napari_uda.core.io import Header


def geometry_of(header: Header, domain: Domain | None = None) -> Geometry:
    """Return the geometry of an image file, as far as it can be known.

    The file is asked first, then the `dataset.yaml` of the folder it lies in, then the
    domain. If only y, x are given for a volume, there is no size along z.

    Parameters
    ----------
    header
        Header of the file.
    domain
        Domain whose like the image is, such as the target of a run.

    Raises
    ------
    UserError
        If that `dataset.yaml` cannot be used.
    """
    known = header.geometry
    if known.voxel_size is not None:
        return known
    for said in (_folder_of(header), domain):
        if said is not None and said.voxel_size is not None:
            size = said.voxel_size[-len(header.shape) :]
            return Geometry(size, said.unit, known.affine)
    return known


def _folder_of(header: Header) -> Domain | None:
    """Return what `dataset.yaml` says of voxels, as a domain without images."""
    folder = header.path.absolute().parent
    file = (folder.parent if folder.name == "images" else folder) / "dataset.yaml"
    if not file.is_file():
        return None
    config = parse(FolderConfig, read_yaml(file), where=str(file))
    about = {"samples": (), "voxel_size": config.voxel_size, "unit": config.unit}
    return parse(Domain, about, where=str(file))
