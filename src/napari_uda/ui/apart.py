"""Two names shortened so that they still can be told apart."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from .steady_label import ELLIPSIS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WORDS = re.compile(r"[^\s_-]*[\s_-]*")
"""A word of a name, with what stands between it and the next one."""
_BETWEEN = " _-"


def shorter_forms(name: str, other: str) -> list[str]:
    """Return a name and shorter forms of it, the longest first.

    What both names have in common goes first: the words that they begin with, then
    those that they end with.

    Parameters
    ----------
    name, other
        The name to shorten, and that which it must not look like.
    """
    mine, others = _WORDS.findall(name)[:-1], _WORDS.findall(other)[:-1]
    # Each keeps a word, also one that is the beginning of the other.
    most = min(len(mine), len(others)) - 1
    begin = min(_common(mine, others), most)
    end = min(_common(mine[::-1], others[::-1]), most - begin)
    if name == other or (begin <= 0 and end <= 0):
        return [name]
    forms = [name]
    if begin > 0:
        forms.append(ELLIPSIS + "".join(mine[begin:]))
    if end > 0:
        own = "".join(mine[max(begin, 0) : len(mine) - end]).rstrip(_BETWEEN)
        forms.append(f"{ELLIPSIS if begin > 0 else ''}{own}{ELLIPSIS}")
    return forms


def told_apart(name: str, other: str, room: int, width: Callable[[str], int]) -> str:
    """Return the longest form of a name for which there is room, else the shortest.

    Parameters
    ----------
    name, other
        As of `shorter_forms`.
    room
        Pixels there are.
    width
        Returns how many a text takes.
    """
    forms = shorter_forms(name, other)
    return next((form for form in forms if width(form) <= room), forms[-1])


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two names begin with alike."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
