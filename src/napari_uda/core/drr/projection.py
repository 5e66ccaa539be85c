"""A CT volume and its labels as a radiograph and its labels; numpy in, numpy out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_uda.core.errors import UserError

from .rays import line_integrals
from .xray import MU_WATER, attenuation, radiograph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from .geometry import XrayGeometry


@dataclass(frozen=True, eq=False)
class Projection:
    """A virtual radiograph.

    Attributes
    ----------
    image
        (rows, columns) float32: -log of the transmitted part of the photons.
    labels
        Masks (rows, columns) uint8 by organ; they overlap as organs do.
    depths
        Path lengths (rows, columns) float32 in mm through each organ.
    """

    image: NDArray[np.float32]
    labels: dict[str, NDArray[np.uint8]]
    depths: dict[str, NDArray[np.float32]]


def project(
    ct: ArrayLike,
    voxel_size: Sequence[float],
    geometry: XrayGeometry,
    labels: Mapping[str, ArrayLike] | None = None,
    *,
    threshold: float = 0.0,
    mu_water: float = MU_WATER,
    photons: float = 0.0,
    seed: int = 0,
    device: str | torch.device = "cpu",
) -> Projection:
    """Project a CT volume and its organs along the same rays.

    As Zhang, Miao, Mansi and Liao (MICCAI 2018, section 2.1) make labelled digitally
    reconstructed radiographs: a pixel belongs to every organ that its ray passes.
    Attenuation is linear between voxels. Organs are made of whole voxels, in which path
    lengths are exact: above 0 where a ray meets a voxel of the organ, and only there.

    Parameters
    ----------
    ct
        (z, y, x) in HU.
    voxel_size
        Edges of a voxel (z, y, x) in mm.
    geometry
        Where source and detector are.
    labels
        Masks (z, y, x) by organ; they may overlap. Not zero is inside.
    threshold
        Path length in mm through an organ beyond which a pixel belongs to it.
    mu_water
        Attenuation of water in 1/mm.
    photons, seed
        Photons per pixel without a patient, and the seed of their noise; 0: no noise.
    device
        Where to compute.

    Returns
    -------
    Projection
        Image, masks and path lengths.

    Raises
    ------
    UserError
        If shapes, sizes or values make no sense.
    """
    volume = np.asarray(ct)
    if volume.ndim != 3 or 0 in volume.shape:
        raise UserError(f"a CT volume (z, y, x) is needed, not shape {volume.shape}.")
    if not np.isfinite(volume).all():
        raise UserError("the CT has NaN or infinite voxels: replace them by -1000 HU.")
    size = [float(side) for side in voxel_size]
    if len(size) != 3 or not all(0 < side < float("inf") for side in size):
        raise UserError(f"voxel size {size} mm: give three positive edges (z, y, x).")
    if not 0 <= threshold < float("inf"):
        raise UserError(f"threshold = {threshold:g} mm: give 0 or more.")
    if not 0 <= photons < float("inf"):
        raise UserError(f"photons = {photons:g}: give 0 (no noise) or more.")
    masks = {name: np.asarray(mask) for name, mask in (labels or {}).items()}
    for name, mask in masks.items():
        if mask.shape != volume.shape:
            raise UserError(
                f"label {name} has shape {mask.shape}, the CT has {volume.shape}: "
                "labels must lie on the voxels of their CT."
            )
    where = torch.device(device)

    with torch.inference_mode():
        hounsfield = torch.as_tensor(volume.astype(np.float32), device=where)
        grey = attenuation(hounsfield, mu_water)[None]
        path = line_integrals(grey, size, geometry)[0]
        noise = torch.Generator(where).manual_seed(seed)
        image = radiograph(path, photons, noise).cpu().numpy()
        depths = {}
        for name, mask in masks.items():
            solid = torch.as_tensor(mask != 0, device=where)[None]
            depth = line_integrals(solid, size, geometry, "constant")[0]
            depths[name] = depth.cpu().numpy()
    found = {
        name: (depth > threshold).astype(np.uint8) for name, depth in depths.items()
    }
    return Projection(image, found, depths)
