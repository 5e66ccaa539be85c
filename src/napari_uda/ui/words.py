"""Words, signs and colours that several widgets use."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DOMAIN_COLORS = {"source": "#4c9be8", "target": "#e8833a"}
"""Blue and orange, apart for any colour vision; as text by `muted.readable`."""
SEVERITY_COLORS = {
    "ok": "#3fa45b",
    "note": "#8a94a6",
    "warning": "#d99a1c",
    "error": "#e05252",
}
DIFFERENCE_WORDS = {
    "found": "#56b4e9",
    "invented": "#d55e00",
    "missed": "#f0e442",
    "wrong class": "#cc79a7",
}
"""The legend of a difference map; as `core.metrics.figures.DIFFERENCE`."""
SEVERITY_SIGNS = {
    "ok": "\N{BLACK CIRCLE}",
    "note": "\N{BULLET}",
    "warning": "\N{BLACK UP-POINTING TRIANGLE}",
    "error": "\N{BLACK SQUARE}",
}
"""Signs of different shape, so that colour is not all that tells them apart."""


def short_dtype(name: str) -> str:
    """Return the short form of a type, such as u16 for uint16."""
    for long, short in (("uint", "u"), ("int", "i"), ("float", "f")):
        if name.startswith(long):
            return short + name.removeprefix(long)
    return name


def size_text(size: Sequence[float] | None, unit: str | None) -> str:
    """Return a size such as `10x1.5x1.5 mm`, or a dash if it is not known.

    A square is given by its one side.
    """
    if not size:
        return "\N{EN DASH}"
    if unit == "nm" and max(size) >= 1000:
        unit, size = "um", [side / 1000 for side in size]
    sides = [f"{side:.4g}" if side >= 100 else f"{side:.3g}" for side in size]
    if len(set(sides)) == 1 and len(size) == 2:
        return f"{sides[0]} {unit_text(unit)}"
    return f"{'x'.join(sides)} {unit_text(unit)}"


def unit_text(unit: str | None) -> str:
    """Return a unit as people write it."""
    return {"um": "\N{MICRO SIGN}m"}.get(unit or "", unit or "px")


def memory_text(gigabytes: float) -> str:
    """Return an amount of memory in MB or GB."""
    if gigabytes < 0.95:
        return f"{max(1, round(1000 * gigabytes))} MB"
    return f"{gigabytes:.1f} GB"


def duration_text(seconds: float) -> str:
    """Return a time such as `45 s`, `3:05 min` or `2:10 h`."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d} h"


def share_text(share: float) -> str:
    """Return a share as a percentage with two significant digits."""
    return f"{100 * share:.2g} %" if share else "0 %"


def count_text(number: int, word: str) -> str:
    """Return a number with its word, in the plural where it needs one."""
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    plural = f"{word}es" if word.endswith("s") else plural
    return f"{number} {word if number == 1 else plural}"


def marked_text(level: str, text: str) -> str:
    """Return a sentence as rich text, with the sign of a severity before it."""
    sign = "\N{RIGHTWARDS ARROW}" if level == "ok" else SEVERITY_SIGNS[level]
    color = SEVERITY_COLORS.get(level)
    style = f" style='color:{color}'" if color else ""
    return f"<span{style}>{sign}</span> {escape(text[:1].upper() + text[1:])}"


def ordinal_text(number: int) -> str:
    """Return a place such as `1st`, `22nd` or `13th`."""
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else suffix}"
