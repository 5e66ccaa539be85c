"""The slices to look at, in which order, and what somebody thinks of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_uda.core.errors import UserError
from napari_uda.core.metrics.verdicts import (
    Place,
    Verdict,
    read_verdicts,
    save_verdicts,
)

from .words import ordinal_text

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_uda.core.metrics.trust import Finding, Trust

    from .check_pairs import Pair

SCORES = ("correlation", "structure", "edges", "mask")
"""Those of `core.metrics.structure`, which imports scipy; and whether masks stay."""


@dataclass(frozen=True)
class Item:
    """A slice of a pair."""

    pair: int
    slice: int


class Review:
    """Pairs of images, the scores of their slices, and verdicts kept in a file.

    Parameters
    ----------
    pairs
        Originals and translations; at least one.
    file
        Where verdicts are kept.
    """

    def __init__(self, pairs: list[Pair], file: Path) -> None:
        self.pairs = pairs
        self.file = file
        self.trouble = ""
        """Why verdicts cannot be kept, in one sentence."""
        self.items = [
            Item(i, z) for i, one in enumerate(pairs) for z in range(one.count)
        ]
        self._number = {item: number for number, item in enumerate(self.items)}
        self.scores = {name: np.full(len(self.items), np.nan) for name in SCORES}
        self.changed = np.full(len(self.items), np.nan)
        """Mean absolute change in per cent, see `core.metrics.amount`."""
        self.measured = np.zeros(len(self.items), bool)
        self.order: list[int] = []
        """Numbers of the measured items, the worst first."""
        self._verdicts: dict[Item, Verdict] = {}
        self._unsaved: set[Item] = set()
        try:
            self._kept = read_verdicts(file)
        except UserError as error:
            self._kept, self.trouble = {}, str(error)

    def number(self, item: Item) -> int:
        """Return the number of an item among all."""
        return self._number[item]

    def identify(self, pair: int, pixels: str) -> None:
        """Learn the fingerprint of an original, and what was decided about it."""
        self.pairs[pair].pixels = pixels
        for z in range(self.pairs[pair].count):
            item = Item(pair, z)
            if (kept := self._kept.get(self._place(item))) is not None:
                self._verdicts.setdefault(item, kept)

    def learn(self, item: Item, scores: dict[str, float]) -> None:
        """Take in the scores of a slice."""
        number = self.number(item)
        for name in SCORES:
            self.scores[name][number] = scores.get(name, np.nan)
        self.changed[number] = scores.get("changed", np.nan)
        self.measured[number] = True

    def sort(self) -> None:
        """Order what was measured, the worst first."""
        from napari_uda.core.metrics.trust import worst_first

        numbers = np.flatnonzero(self.measured)
        known = {name: values[numbers] for name, values in self.scores.items()}
        self.order = [int(numbers[at]) for at in worst_first(known)]

    def known(self, pair: int | None = None) -> dict[str, NDArray[np.float64]]:
        """Return the scores measured so far, of all pairs or of one."""
        wanted = self.measured.copy()
        if pair is not None:
            wanted &= np.array([item.pair == pair for item in self.items])
        return {name: values[wanted] for name, values in self.scores.items()}

    def title(self, score: str, item: Item | None = None) -> str:
        """Return what a score is called: masks are compared in two ways.

        Parameters
        ----------
        score
            One of `SCORES`.
        item
            Of which item; None for all of them together.
        """
        if score != "mask":
            return score
        pairs = self.pairs if item is None else [self.pairs[item.pair]]
        kinds = {pair.masks.kind for pair in pairs if pair.masks is not None}
        return kinds.pop() if len(kinds) == 1 else score

    @property
    def unit(self) -> str:
        """What an item is called: image, or slice if any image has several."""
        return "image" if len(self.items) == len(self.pairs) else "slice"

    def unit_of(self, item: Item) -> str:
        """Return what an item is: a slice of several, or an image."""
        return "slice" if self.pairs[item.pair].count > 1 else "image"

    def short_line(self, item: Item) -> Finding:
        """Say of an item how many scores agree, and how much was changed."""
        from napari_uda.core.metrics.amount import short_line

        return short_line(self.trust(item), float(self.changed[self.number(item)]))

    def verdict_lines(self) -> list[Finding]:
        """Say of all that is measured how much was changed, and what was kept."""
        from napari_uda.core.metrics.amount import verdict_lines

        known = self.changed[self.measured & ~np.isnan(self.changed)]
        return verdict_lines(
            self.trust(), float(known.mean()) if known.size else np.nan
        )

    def trust(self, item: Item | None = None) -> Trust:
        """Return which scores agree that anatomy was kept in an item, or in all."""
        from napari_uda.core.metrics.trust import trust

        if item is None:
            return trust(self.known())
        number = self.number(item)
        return trust({name: values[number] for name, values in self.scores.items()})

    def rank(self, item: Item) -> int | None:
        """Return the place of an item among the worst, from 0; None if not known."""
        number = self.number(item)
        return self.order.index(number) if number in self.order else None

    def beside(self, item: Item, step: int) -> Item | None:
        """Return the item that comes so many places after this one, the worst first."""
        rank = self.rank(item)
        if rank is None:
            return self.items[self.order[0]] if self.order else None
        if not 0 <= rank + step < len(self.order):
            return None
        return self.items[self.order[rank + step]]

    def name(self, item: Item) -> str:
        """Return what to call an item: image and slice."""
        pair = self.pairs[item.pair]
        if pair.count == 1:
            return pair.name
        return f"{pair.name}, slice {item.slice + 1} of {pair.count}"

    def place_text(self, item: Item) -> str:
        """Return its place among the worst, in words."""
        rank = self.rank(item)
        if rank is None:
            return "not measured yet"
        if len(self.order) == 1:
            return "the only one"
        if rank == len(self.order) - 1:
            return "the best"
        return "the worst" if rank == 0 else f"{ordinal_text(rank + 1)} worst"

    def verdict(self, item: Item) -> Verdict:
        """Return what was decided about an item."""
        return self._verdicts.get(item, Verdict())

    def decide(self, item: Item, verdict: Verdict) -> None:
        """Decide about an item; `save` keeps it."""
        if verdict != self.verdict(item):
            self._verdicts[item] = verdict
            self._unsaved.add(item)

    def save(self) -> str:
        """Write what was decided; return what went wrong, in one sentence."""
        ready = {item for item in self._unsaved if self.pairs[item.pair].pixels}
        if not ready:
            return ""
        try:
            save_verdicts(
                self.file, {self._place(item): self.verdict(item) for item in ready}
            )
        except UserError as error:
            return str(error)
        self._unsaved -= ready
        return ""

    def counts(self) -> tuple[int, int]:
        """Return how many were accepted and rejected."""
        decisions = [verdict.decision for verdict in self._verdicts.values()]
        return decisions.count("accepted"), decisions.count("rejected")

    def kept_before(self) -> dict[Place, Verdict]:
        """Return what the file holds of other images, or of other checkpoints.

        Nothing until every image is known by its fingerprint.
        """
        if not all(pair.pixels for pair in self.pairs):
            return {}
        here = {self._place(item) for item in self.items}
        return {place: kept for place, kept in self._kept.items() if place not in here}

    def _place(self, item: Item) -> Place:
        pair = self.pairs[item.pair]
        return Place(pair.name, pair.pixels, pair.translation, pair.to, item.slice)
