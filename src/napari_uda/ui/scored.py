"""What scoring says, without what it needs: scipy would slow down the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from napari_uda.core.metrics.report import Row
    from napari_uda.core.spec.domain import Dataset

    from .predicting import PredictResult


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of one image."""

    result: PredictResult
    """The prediction."""
    truth: NDArray[np.uint8] | None
    """Truth in the label values of the prediction; None without truth."""
    difference: NDArray[np.uint8] | None
    """Where they differ, as in `core.metrics.overlap.difference_map`."""
    after: tuple[Row, ...] = ()
    """Rows of the prediction."""
    before: tuple[Row, ...] = ()
    """Rows of the baseline."""
    difference_before: NDArray[np.uint8] | None = None
    """Where the baseline differs from truth."""


def score_safely(
    results: list[PredictResult], truths: list[Any], dataset: Dataset
) -> Iterator[Scored | str]:
    """Score in a worker; takes and yields what `scoring.score` does."""
    from .scoring import score

    yield from score(results, truths, dataset)
