"""Overlap of a prediction with the truth, per class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_uda.core.errors import UserError
from napari_uda.core.spec.domain import IGNORE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Labels = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE, WRONG_CLASS = 1, 2, 3, 4
"""Values of a `difference_map`; 0 is correct background or ignored."""


@dataclass(frozen=True)
class Counts:
    """Pixels of one class that were found, invented and missed.

    A class that is in neither the truth nor the prediction scores NaN ("absent") and
    is to be left out of means; a class that is in only one of them scores 0.
    """

    tp: int = 0
    """Pixels in both the prediction and the truth."""
    fp: int = 0
    """Pixels in the prediction only."""
    fn: int = 0
    """Pixels in the truth only."""

    def __add__(self, other: Counts) -> Counts:
        """Pool two images, every pixel counting the same."""
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def truth(self) -> int:
        """Pixels of the class in the truth."""
        return self.tp + self.fn

    @property
    def predicted(self) -> int:
        """Pixels of the class in the prediction."""
        return self.tp + self.fp

    @property
    def dice(self) -> float:
        """Dice coefficient, 2 TP / (2 TP + FP + FN), which is also the F1 of pixels."""
        return self._ratio(2 * self.tp, self.truth + self.predicted)

    @property
    def precision(self) -> float:
        """Share of the predicted pixels that are right, TP / (TP + FP)."""
        return self._ratio(self.tp, self.predicted)

    @property
    def recall(self) -> float:
        """Share of the true pixels that were found, TP / (TP + FN)."""
        return self._ratio(self.tp, self.truth)

    @property
    def iou(self) -> float:
        """Intersection over union (Jaccard index), TP / (TP + FP + FN)."""
        return self._ratio(self.tp, self.tp + self.fp + self.fn)

    def _ratio(self, part: int, whole: int) -> float:
        if not self.truth and not self.predicted:
            return float("nan")
        return part / whole if whole else 0.0


def confusion(
    prediction: Labels,
    truth: Labels,
    classes: Iterable[int],
    ignore: int | None = IGNORE,
    *,
    overlapping: bool = False,
    image: str = "",
) -> dict[int, Counts]:
    """Count the true positive, false positive and false negative pixels of each class.

    Parameters
    ----------
    prediction, truth
        Label arrays `(*spatial)`; or masks `(K, *spatial)` if `overlapping`.
    classes
        Label values to score. In overlapping masks class c is channel c - 1.
    ignore
        Value of the truth whose pixels are not scored; None scores every pixel.
    overlapping
        Whether the arrays hold one mask per structure.
    image
        Name of the image, for messages.

    Raises
    ------
    UserError
        If the two arrays do not fit together or hold no labels.
    """
    masks = class_masks(
        prediction, truth, classes, ignore, overlapping=overlapping, image=image
    )
    return {label: count(predicted, true) for label, predicted, true in masks}


def count(predicted: Mask, true: Mask) -> Counts:
    """Compare two boolean masks of equal shape."""
    tp = int(np.count_nonzero(predicted & true))
    fp = int(np.count_nonzero(predicted)) - tp
    return Counts(tp, fp, int(np.count_nonzero(true)) - tp)


def class_masks(
    prediction: Labels,
    truth: Labels,
    classes: Iterable[int],
    ignore: int | None = IGNORE,
    *,
    overlapping: bool = False,
    image: str = "",
) -> Iterator[tuple[int, Mask, Mask]]:
    """Yield each class with its predicted and its true mask, without ignored pixels.

    Takes what `confusion` takes, and raises what it raises.
    """
    prediction, truth = np.asarray(prediction), np.asarray(truth)
    check_pair(prediction, truth, image=image)
    scored = None if ignore is None else truth != ignore
    if scored is not None and not overlapping and scored.all():
        scored = None
    for label in classes:
        if label == ignore and not overlapping:
            raise UserError(
                f"Class value {label} is reserved for pixels that are not scored: "
                "give the class another label value."
            )
        if overlapping:
            channel = label - 1
            if not 0 <= channel < len(truth):
                raise UserError(
                    f"Class {label} needs mask number {label}, but {_called(image)} "
                    f"has {len(truth)}: give one mask per structure."
                )
            predicted, true = prediction[channel] != 0, truth[channel] != 0
        else:
            predicted, true = prediction == label, truth == label
        if scored is not None:
            valid = scored[label - 1] if overlapping else scored
            predicted, true = predicted & valid, true & valid
        yield label, predicted, true


def difference_map(
    prediction: Labels,
    truth: Labels,
    ignore: int | None = IGNORE,
    *,
    overlapping: bool = False,
) -> npt.NDArray[np.uint8]:
    """Mark each pixel as found, invented, missed, or given to the wrong class.

    Parameters
    ----------
    prediction, truth
        Label arrays `(*spatial)`, 0 being background; or masks `(K, *spatial)`.
    ignore
        Value of the truth whose pixels are not scored; None scores every pixel.
    overlapping
        Whether the arrays hold one mask per structure.

    Returns
    -------
    numpy.ndarray
        `(*spatial)` of `TRUE_POSITIVE`, `FALSE_POSITIVE`, `FALSE_NEGATIVE`,
        `WRONG_CLASS` (one structure invented where another is missed), or 0.

    Raises
    ------
    UserError
        If the two arrays do not fit together or hold no labels.
    """
    prediction, truth = np.asarray(prediction), np.asarray(truth)
    check_pair(prediction, truth)
    if not overlapping:
        prediction, truth = prediction[None], truth[None]
    predicted, true = prediction != 0, truth != 0
    if ignore is not None:
        scored = truth != ignore
        predicted, true = predicted & scored, true & scored
    differs = predicted != true if overlapping else prediction != truth
    found = (predicted & ~differs).any(axis=0)
    invented, lost = (predicted & differs).any(axis=0), (true & differs).any(axis=0)

    result = np.zeros(found.shape, np.uint8)
    result[found] = TRUE_POSITIVE
    result[invented] = FALSE_POSITIVE
    result[lost] = FALSE_NEGATIVE
    result[invented & lost] = WRONG_CLASS
    return result


def check_pair(prediction: Labels, truth: Labels, *, image: str = "") -> None:
    """Check that a prediction and its labels are whole numbers of one shape.

    Raises
    ------
    UserError
        If they are not.
    """
    name = _called(image)
    if prediction.shape != truth.shape:
        raise UserError(
            f"{name} is {shape_text(prediction)} but its labels are "
            f"{shape_text(truth)}: predict on the image these labels were drawn on, "
            "or resample one to the other."
        )
    for array, what in ((prediction, name), (truth, f"the truth of {name}")):
        if array.dtype.kind not in "biu":
            raise UserError(
                f"{what} holds {array.dtype} values, which are not labels: "
                "give whole numbers, one per class."
            )


def shape_text(array: npt.NDArray[Any]) -> str:
    """Return the shape of an array in words, such as `10x20`."""
    return "x".join(map(str, array.shape))


def _called(image: str) -> str:
    return f"prediction {image}" if image else "the prediction"
