"""The rules behind the traffic lights of a run, and their thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .light import PATIENCE, Level, Light, lasting, since_when, worst
from .trust import INVERTED, STRUCTURE_IN_DOUBT, STRUCTURE_LOST

if TYPE_CHECKING:
    from napari_uda.core.spec.events import Step, Validation

    from .light import Told

WINDOW = 10
"""Reports of losses that are averaged: single ones go up and down."""
WON = 0.1
"""Loss of an opponent, as a part of what guessing costs, below which it has won: it
errs so rarely that hardly any gradient is left for the network against it."""
WINNING = 0.25
"""The same for a warning."""
NOT_NOTED = "not noted"
"""Why a light is grey that no later event of the run will change."""
LEARNT = 0.6
"""Accuracy of a domain classifier above which it tells domains apart; 0.5: guessing."""
LEARNING = 20
"""Reports of accuracy that are averaged: means of fewer get there by chance."""
COLLAPSED = 0.1
"""Contrast or variety of translations, as a part of those of real images of that look,
below which inputs make no difference to the output."""
FLAT = 0.3
"""The same for a warning."""
VANISHED = 0.05
"""Share of a structure in predictions, as a part of that in the source's labels, below
which it counts as absent."""
MASK_LOST = 0.5
"""Dice of masks through a translation, as a part of the best Dice on the source so far,
below which the mask is not kept."""
MASK_IN_DOUBT = 0.75
"""The same for a warning."""
FAIR = 0.3
"""Dice on the source below which its segmenter cannot tell whether a mask is kept."""


def discriminator(run: Told) -> Light | None:
    """Tell whether an opponent errs so rarely that nothing is learnt from it."""
    names, heard = run.opponents, run.duels
    if not names:
        return None
    who = "domain classifier" if names == ["domain"] else "discriminator"
    guessing = run.begun.guessing
    if any(name not in guessing for name in names):
        return _unknown("discriminator", who, _NOT_NOTED)
    if len(heard) < WINDOW:
        seen = f"judged once its loss was reported {WINDOW} times."
        why = f"after {WINDOW} reports"
        return Light("discriminator", "unknown", who, seen, why=why)
    # As a part of what guessing costs; the strongest opponent counts.
    parts = np.min(
        [
            [step.losses.get(name, np.inf) / guessing[name] for step in heard]
            for name in names
        ],
        axis=0,
    )
    means = np.convolve(parts, np.full(WINDOW, 1 / WINDOW), "valid")
    steps = [step.step for step in heard[WINDOW - 1 :]]
    levels: list[Level] = [
        ("error", "warning", "ok")[i] for i in np.digitize(means, (WON, WINNING))
    ]
    level, since = lasting(levels, steps, 1)
    seen = (
        f"its loss is {_percent(means[-1])} of what guessing costs, "
        f"meaned over the last {WINDOW} reports."
    )
    if level == "ok" and names == ["domain"]:
        return _guessing(heard, who, seen)
    words = {"ok": "balanced", "warning": "is winning", "error": "has won"}[level]
    knob = (
        "domain_learning_rate" if names == ["domain"] else "translation_learning_rate"
    )
    advice = (
        "The network that has to deceive it learns little from it now: where previews "
        f"and scores have stopped getting better, start again with a lower {knob}."
    )
    return Light("discriminator", level, f"{who} {words}", seen, since, advice)


def _guessing(heard: list[Step], who: str, seen: str) -> Light:
    """Tell a classifier that never learnt to tell domains apart from a deceived one.

    Both guess in the end: nothing was adapted by the first, everything by the second.
    """
    name = "discriminator"
    right = [one.losses["accuracy"] for one in heard if "accuracy" in one.losses]
    if not right:  # reports of older runs lack it
        return Light(name, "ok", f"{who} balanced", seen)
    if len(right) < LEARNING:
        seen = f"judged once its accuracy was reported {LEARNING} times."
        return Light(name, "unknown", who, seen, why=f"after {LEARNING} reports")
    means = np.convolve(right, np.full(LEARNING, 1 / LEARNING), "valid")
    if means.max() <= LEARNT:
        seen = (
            f"its accuracy, meaned over {LEARNING} reports, never exceeded {LEARNT:g} "
            f"(best {means.max():.2f}; guessing: 0.5): the segmenter learns nothing "
            "from it."
        )
        advice = (
            "Do not expect masks to differ from those of source_only by more than the "
            "seeds do: train longer, or on larger patches."
        )
        words = f"{who} guesses: no adaptation yet"
        return Light(name, "warning", words, seen, heard[0].step, advice)
    if means[-1] <= LEARNT:
        seen += (
            f" It told the domains apart before (accuracy {means.max():.2f}) and now "
            f"guesses ({means[-1]:.2f}): masks no longer show it the domain, as they "
            "should."
        )
    return Light(name, "ok", f"{who} balanced", seen)


def generator(run: Told) -> Light | None:
    """Tell whether translations are flat, or the same whatever goes in."""
    found = _measures(run, "variety", "contrast")
    if isinstance(found, str):
        return _unknown("generator", "generator", found) if found else None
    levels = [
        worst(
            _low(value, COLLAPSED, FLAT)
            for look in validation.translations.values()
            for name in ("variety", "contrast")
            if (value := look.get(name)) is not None
        )
        for validation in found
    ]
    level, since = lasting(levels, [one.step for one in found])
    words = {"ok": "varies", "warning": "is flat", "error": "has collapsed"}[level]
    least, name, look = min(
        (value, name, look)
        for look, of_look in found[-1].translations.items()
        for name in ("variety", "contrast")
        if (value := of_look.get(name)) is not None
    )
    where = "between" if name == "variety" else "within"
    seen = (
        f"differences {where} images given the look of the {look} are "
        f"{_percent(least)} of those {where} real ones."
    )
    advice = (
        "It answers every image with much the same: look at the previews, and start "
        "again with a lower translation_learning_rate or another seed."
    )
    return Light("generator", level, f"generator {words}", seen, since, advice)


def contrast(run: Told) -> Light | None:
    """Tell whether a translation exchanges bright and dark."""
    found = _measures(run, "correlation")
    if isinstance(found, str):
        return _unknown("contrast", "contrast", found) if found else None
    levels = [
        worst(
            "warning" if _is_inverted(look) else "ok"
            for look in validation.translations.values()
        )
        for validation in found
    ]
    level, since = lasting(levels, [one.step for one in found])
    least, look = min(
        (of_look["correlation"], look)
        for look, of_look in found[-1].translations.items()
        if "correlation" in of_look
    )
    seen = (
        f"the correlation of images with themselves in the look of the {look} is "
        f"{least:.2f}."
    )
    if level == "ok" and least < INVERTED:
        seen = "cannot be told unless structure is kept and validations agree."
        why = "cannot be told yet"
        return Light("contrast", "unknown", "contrast", seen, why=why)
    words = "contrast inverted" if level == "warning" else "contrast not inverted"
    advice = (
        "Bright and dark have changed places. Between CT and MR this can be right; "
        "where it is not, start again with a higher identity_weight or another seed."
    )
    return Light("contrast", level, words, seen, since, advice)


def mask(run: Told) -> Light | None:
    """Tell whether a translation keeps structure, and the masks of the source."""
    found = _measures(run, "structure")
    if isinstance(found, str):
        return _unknown("mask", "mask", found) if found else None
    best, levels = 0.0, []
    for one in found:
        best = max(best, one.scores.get("source_dice", 0.0))
        levels.append(worst([_mask_level(one, best), _structure_level(one)]))
    level, since = lasting(levels, [one.step for one in found])
    words = {"ok": "mask kept", "warning": "mask in doubt", "error": "mask not kept"}
    least, look = min(
        (of_look["structure"], look)
        for look, of_look in found[-1].translations.items()
        if "structure" in of_look
    )
    seen = f"structure in the look of the {look} is {least:.2f} (1: kept)"
    if "cycle_dice" in found[-1].scores:
        dice = found[-1].scores["cycle_dice"]
        seen += f"; masks of translated source images reach a Dice of {dice:.2f}"
    advice = (
        "The translation moves, removes or invents anatomy, and what learns from it "
        "learns that: look at it in Check, train longer, or bind it more to the "
        "original (cycle_weight, identity_weight, mind_weight)."
    )
    return Light("mask", level, words[level], f"{seen}.", since, advice)


def classes(run: Told) -> Light:
    """Tell whether a structure is missing from predictions in the target."""
    expected = {name: part for name, part in run.begun.expected.items() if part > 0}
    found = [one for one in run.validations if one.shares]
    if not expected or len(found) < PATIENCE:
        old = bool(run.validations) and not found
        seen = _NOT_NOTED if old or not run.begun.expected else _WAITING
        return _unknown("classes", "classes", seen)
    present = [
        {name for name, part in expected.items()
         if one.shares.get(name, 0.0) >= VANISHED * part}
        for one in found
    ]  # fmt: skip
    missing = [expected.keys() - names for names in present]
    gone = sorted(set.intersection(*missing[-PATIENCE:]))
    if not gone:
        return Light(
            "classes", "ok", "all classes found",
            "every structure is predicted in target images.",
        )  # fmt: skip
    had = [name for name in gone if any(name in names for names in present)]
    level: Level = "error" if had else "warning"
    named = had or gone
    steps = [one.step for one in found]
    since = min(
        since_when([name in names for names in missing], steps) for name in named
    )
    area = max(found[-1].shares.get(name, 0.0) / expected[name] for name in named)
    words = f"{', '.join(named)} {'vanished' if had else 'not found'}"
    seen = (
        f"the predicted share of target images is {_percent(area)} of the share in the "
        "labels of the source."
    )
    advice = (
        "If the target should show it: train longer, raise foreground so that more "
        "patches contain it, and see that intensities of both domains are normalised "
        "alike."
    )
    return Light("classes", level, words, seen, since, advice)


def numbers(run: Told) -> Light:
    """Tell whether losses became NaN."""
    if run.failed is not None and "NaN" in run.failed.message:
        return Light(
            "numbers", "error", "invalid numbers again",
            "the losses became invalid (NaN) a second time.",
            run.failed.step, "Lower learning_rate, or set gradient_clip to 1.",
        )  # fmt: skip
    if run.rolled_back:
        last = run.rolled_back[-1]
        return Light(
            "numbers", "warning", "invalid numbers undone", last.message, last.step,
            "Nothing need be done; if it happens again, lower learning_rate or set "
            "gradient_clip to 1.",
        )  # fmt: skip
    if not run.steps:
        seen = "judged from the first reported loss on."
        why = "after the first step"
        return Light("numbers", "unknown", "numbers", seen, why=why)
    seen = "all losses are finite numbers."
    return Light("numbers", "ok", "no invalid numbers", seen)


def _unknown(name: str, words: str, seen: str) -> Light:
    """Return a light that cannot be judged, or not yet."""
    why = f"after {PATIENCE} validations" if seen == _WAITING else NOT_NOTED
    return Light(name, "unknown", words, seen, why=why)


_WAITING = f"judged once there were {PATIENCE} validations."
_NOT_NOTED = "this run did not write down what it takes to judge that."


def _measures(run: Told, *names: str) -> list[Validation] | str:
    """Return the validations that hold measures, or why there are too few.

    An empty text means that the method does not translate.
    """
    if not run.translates:
        return ""
    found = [
        one
        for one in run.validations
        if any(name in look for look in one.translations.values() for name in names)
    ]
    if len(found) >= PATIENCE:
        return found
    return _NOT_NOTED if run.validations and not found else _WAITING


def _percent(part: float) -> str:
    return f"{100 * part:.0f} %" if part >= 0.095 else f"{100 * part:.1f} %"


def _low(value: float, error: float, warning: float) -> Level:
    """Return how bad a low value is."""
    return "error" if value < error else "warning" if value < warning else "ok"


def _is_inverted(look: dict[str, float]) -> bool:
    kept = look.get("structure", 1.0) >= STRUCTURE_LOST
    return kept and look.get("correlation", 1.0) < INVERTED


def _structure_level(one: Validation) -> Level:
    return worst(
        _low(look["structure"], STRUCTURE_LOST, STRUCTURE_IN_DOUBT)
        for look in one.translations.values()
        if "structure" in look
    )


def _mask_level(one: Validation, best: float) -> Level:
    if best < FAIR or "cycle_dice" not in one.scores:
        return "ok"
    return _low(one.scores["cycle_dice"] / best, MASK_LOST, MASK_IN_DOUBT)
