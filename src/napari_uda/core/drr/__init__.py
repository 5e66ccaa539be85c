"""Virtual X-ray: radiographs and projected labels from CT volumes and their labels."""

from .files import Radiograph, project_files
from .geometry import XrayGeometry
from .projection import Projection, project
from .rays import line_integrals
from .xray import MU_WATER, attenuation, radiograph

__all__ = [
    "MU_WATER",
    "Projection",
    "Radiograph",
    "XrayGeometry",
    "attenuation",
    "line_integrals",
    "project",
    "project_files",
    "radiograph",
]
