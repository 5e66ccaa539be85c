"""Where the X-ray source, the patient and the detector are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from napari_uda.core.errors import UserError


@dataclass(frozen=True)
class XrayGeometry:
    """Source, patient and detector; lengths in mm, angles in degrees.

    The origin is the centre of the volume, axes are (z, y, x). Without rotation, rays
    travel along +y, detector columns follow +x, and rows run from high to low z: from
    head to feet where z grows towards the head.

    Attributes
    ----------
    kind
        cone: rays from a point; parallel: rays that are all alike.
    source_detector, source_patient
        Distances of the source from the detector and from the volume's centre; cone
        only.
    rotation
        Turn of source and detector about the patient's z axis.
    tilt
        Turn towards the head, after the rotation.
    size
        Rows and columns of the detector.
    pitch
        Edge of a detector pixel. A cone beam enlarges the patient by
        `source_detector / source_patient` on the detector.

    Raises
    ------
    UserError
        If a value makes no sense.
    """

    kind: Literal["cone", "parallel"] = "cone"
    source_detector: float = 1500.0
    source_patient: float = 1000.0
    rotation: float = 0.0
    tilt: float = 0.0
    size: tuple[int, int] = (256, 256)
    pitch: float = 2.0

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.kind not in ("cone", "parallel"):
            raise UserError(f"geometry {self.kind}: choose cone or parallel.")
        numbers = (
            self.source_detector, self.source_patient, self.rotation, self.tilt,
            self.pitch,
        )  # fmt: skip
        if not all(map(math.isfinite, numbers)):
            raise UserError("a distance or angle of the X-ray geometry is no number.")
        if self.pitch <= 0:
            raise UserError(f"pitch = {self.pitch:g} mm: give more than 0.")
        if min(self.size) < 1 or max(self.size) > 16_384:
            rows, columns = self.size
            raise UserError(
                f"a detector of {rows} x {columns} pixels: give 1 to 16384 each."
            )
        if abs(self.tilt) > 60:
            raise UserError(f"tilt = {self.tilt:g} degrees: give -60 to 60.")
        if self.kind == "cone" and not 0 < self.source_patient < self.source_detector:
            raise UserError(
                f"source_patient = {self.source_patient:g} mm and source_detector = "
                f"{self.source_detector:g} mm: the patient has to be between source "
                "and detector, so the first must be positive and smaller."
            )

    def rays(
        self, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
    ) -> tuple[Tensor, Tensor]:
        """Return a point on every pixel's ray and its direction of unit length.

        Returns
        -------
        tuple of Tensor
            (rows, columns, 3) each, (z, y, x) in mm.
        """
        turn, tilt = math.radians(self.rotation), math.radians(self.tilt)
        ahead = (
            math.sin(tilt),
            math.cos(tilt) * math.cos(turn),
            math.cos(tilt) * math.sin(turn),
        )
        across = (0.0, -math.sin(turn), math.cos(turn))
        down = (
            -math.cos(tilt),
            math.sin(tilt) * math.cos(turn),
            math.sin(tilt) * math.sin(turn),
        )

        def vector(values: tuple[float, float, float]) -> Tensor:
            return torch.tensor(values, device=device, dtype=dtype)

        rows, columns = (
            (torch.arange(count, device=device, dtype=dtype) - (count - 1) / 2)
            * self.pitch
            for count in self.size
        )
        plane = rows[:, None, None] * vector(down) + columns[None, :, None] * vector(
            across
        )
        if self.kind == "parallel":
            return plane, vector(ahead).expand_as(plane)
        source = -self.source_patient * vector(ahead)
        way = plane + self.source_detector * vector(ahead)
        return source.expand_as(way), way / way.norm(dim=-1, keepdim=True)
