"""Learning rate as a function of progress, without state."""

from __future__ import annotations


def learning_rate_factor(schedule: str, progress: float) -> float:
    """Return the factor on the learning rate at a progress in [0, 1).

    `linear` is CycleGAN's: constant in the first half, then linear to zero. `poly` is
    (1 - progress)^0.9, DeepLab's and AdaptSegNet's.
    """
    match schedule:
        case "linear":
            return min(1.0, 2.0 * (1.0 - progress))
        case "poly":
            return float((1.0 - progress) ** 0.9)
        case _:
            return 1.0
