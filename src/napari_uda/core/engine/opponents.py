"""What the losses of a method's opponents are when these can but guess."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from napari_uda.core.losses.adversarial import GUESSING, GUESSING_DOMAIN

if TYPE_CHECKING:
    from napari_uda.core.method import Method

DISCRIMINATORS = {
    "discriminator": 1,
    "discriminator_source": 1,
    "discriminator_target": 1,
    "discriminators": 2,
}
"""Names of the losses of discriminators, and how many of them each adds up."""
DOMAIN = "domain"
"""Name of the loss of a domain classifier."""


def guessing_losses(method: Method[Any]) -> dict[str, float]:
    """Return the losses of a method's opponents when they can but guess.

    Parameters
    ----------
    method
        The method.

    Returns
    -------
    dict
        By the name of the loss; empty if the method has no opponent.
    """
    found = {}
    for name in chain.from_iterable(method.losses.values()):
        if name in DISCRIMINATORS:
            found[name] = DISCRIMINATORS[name] * GUESSING[method.config.gan_mode]
        elif name == DOMAIN:
            found[name] = GUESSING_DOMAIN
    return found
