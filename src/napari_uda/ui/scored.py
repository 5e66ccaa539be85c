"""What scoring says, without what it needs: scipy would slow down the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from napari_uda.core.metrics.gain import Gain
    from napari_uda.core.metrics.report import Row

    from .predicting import PredictRequest, PredictResult


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
    results: list[PredictResult], truths: list[Any], request: PredictRequest
) -> Iterator[Scored | Gain | str]:
    """Score in a worker, as `scoring.score` does; of files, the scores are kept.

    Last comes what run and baseline come to; or a sentence if anything fails, as napari
    lets some exceptions vanish.
    """
    try:
        yield from _score_all(results, truths, request)
    except Exception as error:
        yield f"The scores are not complete: {error or type(error).__name__}"


def _score_all(
    results: list[PredictResult], truths: list[Any], request: PredictRequest
) -> Iterator[Scored | Gain | str]:
    from napari_uda.core.metrics.budget import budget_of, unequal
    from napari_uda.core.metrics.gain import gain

    from .predicted_scores import keep_scores
    from .scoring import score

    dataset = request.run.experiment().data
    rows: list[Row] = []
    before: list[Row] = []
    for found in score(results, truths, dataset):
        if isinstance(found, Scored):
            rows += found.after
            before += found.before
        yield found
    if request.out is not None and rows:
        baseline = (request.baseline, before) if request.baseline and before else None
        if trouble := keep_scores(
            request.out, rows, baseline, request.checkpoint, results[0].steps
        ):
            yield trouble
    if request.baseline is not None:
        sections = any(
            one.input.layer is not None and one.input.layer.sections for one in results
        )
        titles = request.run.title, request.baseline.title
        unfair = unequal(budget_of(request.run), budget_of(request.baseline))
        said = gain(rows, before, *titles, sections=sections, unequal=unfair)
        if said is not None:
            yield said
