"""What the curves of a run mean, and the colours of scores: the same in every run."""

from __future__ import annotations

COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#0072b2", "#8c8c8c")
"""Colours that everybody can tell apart (Okabe and Ito, 2008), seen on dark and light:
their black and their yellow are left out."""
SCORE_COLORS = {
    "information": "#56b4e9",
    "confidence": "#e69f00",
    "consistency": "#009e73",
    "morphology": "#cc79a7",
    "cycle_dice": "#d55e00",
    "source_dice": "#8c8c8c",
}
"""Colours of the label-free scores, whichever of them a method has."""
TRUTH_COLORS = tuple(reversed(COLORS[:-1]))
"""Colours of truth, in the order of the structures; its curves are dashed."""
HINTS = {
    "information": "How sure the masks of target images are, while all classes occur "
    "in them (mutual information), 0 to 1.",
    "confidence": "How sure the masks of target images are, pixel by pixel, 0 to 1; "
    "also high where all are of one class.",
    "consistency": "Dice between the masks of target images and those of the same "
    "images mirrored.",
    "morphology": "How alike the areas of the structures in target images are to those "
    "of the source labels; 1 if they are equal.",
    "cycle_dice": "Dice between the labels of source images and the masks of the same "
    "images translated to the look of the target.",
    "source_dice": "Dice on source images, as the method segments them, and their "
    "labels: what loses a tenth of it has forgotten the source and is not the best "
    "checkpoint. Where they are first translated to the look of the target, it equals "
    "cycle_dice.",
    "accuracy": "Part of the images whose domain the classifier tells right: 0.5 is "
    "guessing, 1 is always right. No loss.",
}
"""One sentence for each; those of scores are in docs/scores.md, too."""
TRUTH = " (truth)"
BEST = (
    "Best checkpoint so far: step {step:,}. At each validation, scores that use no "
    "target labels are ranked among those of all before, and the best mean rank wins, "
    "unless source_dice lost a tenth; supervised takes the newest."
)
"""How the best checkpoint is chosen."""
BROAD = ("source_dice",)
"""Curves that lie below others of the same values, and are seen beside them."""
TRUTH_HINT = (
    "Dice of {what} on the held-back truth of a few target patches: shown, and never "
    "used to choose a checkpoint."
)
SHARES = ("accuracy",)
"""What is drawn among the losses and is none."""


def hint_of(name: str) -> str:
    """Return a sentence on what a curve measures; empty if there is none."""
    if name.endswith(TRUTH):
        what = name.removesuffix(TRUTH)
        return TRUTH_HINT.format(what="all structures" if what == "mean" else what)
    return HINTS.get(name, "")
