"""From CT numbers to what a detector sees."""

from __future__ import annotations

import torch
from torch import Tensor

MU_WATER = 0.0193
"""Linear attenuation of water at 70 keV in 1/mm (NIST, XCOM)."""


def attenuation(hounsfield: Tensor, mu_water: float = MU_WATER) -> Tensor:
    """Return linear attenuation in 1/mm of CT numbers in HU; air and less is zero.

    By the definition of the Hounsfield unit, mu = mu_water (1 + HU / 1000).
    """
    return (mu_water * (1 + hounsfield / 1000)).clamp(min=0)


def radiograph(
    path: Tensor, photons: float = 0.0, generator: torch.Generator | None = None
) -> Tensor:
    """Return the log image of attenuation paths, with the noise of counted photons.

    Beer and Lambert: N = N_0 exp(-p) photons arrive; the image is -log(N / N_0), in
    which dense matter is bright. With N_0 = `photons` > 0, N is drawn from a Poisson
    distribution and at least one photon is counted.

    Parameters
    ----------
    path
        Line integrals of attenuation, without unit, of any shape.
    photons
        Photons per detector pixel without a patient; 0: no noise.
    generator
        Where the noise comes from.
    """
    if photons <= 0:
        return path
    counted = torch.poisson(photons * torch.exp(-path), generator=generator)
    return -torch.log(counted.clamp(min=1) / photons)
