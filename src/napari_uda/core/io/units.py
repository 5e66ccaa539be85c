"""Units of length, however a file spells them."""

from __future__ import annotations

from typing import Final
from unicodedata import normalize

NANOMETRES: Final = {"nm": 1.0, "um": 1e3, "mm": 1e6}
"""The units used inside, and how many nanometres each has."""

_NAMES: Final = {
    "nm": ("nm", 1.0),
    "nanometer": ("nm", 1.0),
    "um": ("um", 1.0),
    "μm": ("um", 1.0),
    "\\u00b5m": ("um", 1.0),  # as ImageJ escapes it
    "micron": ("um", 1.0),
    "micrometer": ("um", 1.0),
    "mm": ("mm", 1.0),
    "millimeter": ("mm", 1.0),
    "cm": ("mm", 10.0),
    "centimeter": ("mm", 10.0),
    "m": ("mm", 1000.0),
    "meter": ("mm", 1000.0),
    "å": ("nm", 0.1),
    "angstrom": ("nm", 0.1),
    "pm": ("nm", 0.001),
}


def length_unit(name: str) -> tuple[str, float] | None:
    """Translate the name of a unit of length into one of ours.

    Parameters
    ----------
    name
        A unit as files and people spell it: "µm", "micron", "Micrometers", "cm", ...

    Returns
    -------
    tuple[str, float] or None
        "nm", "um" or "mm", and the factor that turns lengths into it; None if the name
        is not that of a unit of length, as "pixel" is not.
    """
    key = normalize("NFKC", name).strip().lower().replace("metre", "meter")
    return _NAMES.get(key) or _NAMES.get(key.removesuffix("s"))
