"""What the scores of a translation mean, in the window and in the report alike."""

from __future__ import annotations

STRUCTURE_SCORES = {
    "correlation": "Pearson's r of intensities; -1: the contrast is inverted.",
    "structure": "Likeness of local self-similarity (MIND), where there are edges.",
    "edges": "Agreement of edge directions (normalised gradient fields).",
}
"""Scores of a slice that need no masks, the higher the better, and what they mean."""
SCORES = {
    **STRUCTURE_SCORES,
    "mask Dice": "Dice of true labels and the masks found in the translation.",
    "mask agreement": "Dice of the masks found before and after; no truth is involved.",
}
"""Scores of a slice, and what they mean."""
ORDER = (
    "The worst first: those that most scores disagree with; among equals, the one "
    "whose lowest score is lowest (of structure, edges and masks)."
)
"""How slices are ordered, as `trust.worst_first` does."""
CHANGE_FLOOR = 0.18
"""Change below which nothing is drawn: 95 % of the pixels of the built-in samples stay
below it after the strongest harmless change, blurring by two pixels (0.175)."""
CHANGE_LIMIT = 0.5
"""Change that is drawn in the brightest colour."""
CHANGES = (
    f"Changes of structure below {CHANGE_FLOOR} are not drawn (noise and slight blur "
    f"leave as much), and from {CHANGE_LIMIT} on they have the brightest colour; 1 is "
    "the most there can be."
)
"""How changes are drawn."""
