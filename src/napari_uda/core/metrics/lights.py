"""Traffic lights of a run: what its events say about trouble, in words.

Each light is a rule over the events, explained in docs/training-lights.md with the runs
that its thresholds were read off.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_uda.core.spec.events import (
    Failed,
    Resumed,
    Started,
    Step,
    Validation,
    Warned,
)

from .light import ORDER, Light, Told
from .light_rules import (
    NOT_NOTED,
    classes,
    contrast,
    discriminator,
    generator,
    mask,
    numbers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from napari_uda.core.spec.events import Event

RULES: tuple[Callable[[Told], Light | None], ...] = (
    discriminator, generator, contrast, mask, classes, numbers,
)  # fmt: skip


def lights(events: Iterable[Event]) -> list[Light]:
    """Say what the events of a run show of trouble.

    Parameters
    ----------
    events
        What the run has said and what still holds, in order.

    Returns
    -------
    list of Light
        One for each rule that applies to the method of the run; none before it began.
    """
    run: Told | None = None
    for event in events:
        match event:
            case Started() | Resumed():
                if run is None:
                    run = Told(event)
                run.begun, run.failed = event, None
            case Step() if run:
                run.steps.append(event)
            case Validation() if run:
                run.validations.append(event)
            case Warned(code="nan") if run:
                run.rolled_back.append(event)
            case Failed() if run:
                run.failed = event
    if run is None:
        return []
    if run.opponents:
        # What has no opponent yet trains in a stage before: it need not translate.
        first = next((step.step for step in run.duels), None)
        later = (one for one in run.validations if first and one.step >= first)
        run.validations = list(later)
    found = [light for rule in RULES if (light := rule(run)) is not None]
    return [_waiting(light, run.prelude) for light in found]


def _waiting(light: Light, phase: str) -> Light:
    """Say of a light that is grey in the phase before the translation that it is."""
    if light.level != "unknown" or light.why == NOT_NOTED or not phase:
        return light
    seen = f"{phase} trains the segmenter only: there is nothing to judge yet."
    return replace(light, seen=seen, why=f"{phase}, segmenter only")


def troubles(found: Sequence[Light]) -> list[Light]:
    """Return the lights that are not green, the worst first."""
    bad = [light for light in found if light.level in ("warning", "error")]
    return sorted(bad, key=lambda light: -ORDER.index(light.level))
