"""Images and label maps on disk: TIFF, NIfTI, PNG, JPEG, NPY and NPZ."""

from __future__ import annotations

from .atomic import atomic_path, atomic_write_text
from .formats import FORMATS, is_image, stem_of, suffix_of
from .readers import read, read_header
from .units import NANOMETRES, length_unit
from .volume import Geometry, Header, Volume
from .writers import write_image, write_labels

__all__ = [
    "FORMATS",
    "NANOMETRES",
    "Geometry",
    "Header",
    "Volume",
    "atomic_path",
    "atomic_write_text",
    "is_image",
    "length_unit",
    "read",
    "read_header",
    "stem_of",
    "suffix_of",
    "write_image",
    "write_labels",
]
