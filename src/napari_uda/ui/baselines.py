"""Which runs were trained on the same data as another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_uda.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_uda.core.spec.domain import Dataset
    from napari_uda.core.spec.run import RunFolder


@dataclass(frozen=True, eq=False)
class Baselines:
    """Runs to compare a run with."""

    dataset: Dataset | None
    """Data of the run; None if the run cannot be read."""
    same_data: tuple[RunFolder, ...] = ()
    """Other runs of the same data that can predict, newest first."""
    default: RunFolder | None = None
    """The newest that was trained on the source only."""


def find_baselines(run: RunFolder, runs: Sequence[RunFolder]) -> Iterator[Baselines]:
    """Yield the runs of the same data once; reads every experiment.

    Parameters
    ----------
    run
        The run to compare.
    runs
        All runs, newest first.
    """
    try:
        dataset = run.experiment().data
    except UserError:
        yield Baselines(None)
        return
    same: list[RunFolder] = []
    default = None
    for other in runs:
        if other.path == run.path or not any(other.checkpoints.glob("*.pt")):
            continue
        try:
            experiment = other.experiment()
        except UserError:
            continue
        if _data(experiment.data) == _data(dataset):
            same.append(other)
            if default is None and experiment.method.name == "source_only":
                default = other
    yield Baselines(dataset, tuple(same), default)


def _data(dataset: Dataset) -> tuple[frozenset[str], frozenset[str]]:
    """Return what tells data sets apart: the training images of both domains."""
    source, target = (
        frozenset(item.fingerprint or str(item.image) for item in domain.samples)
        for domain in (dataset.source, dataset.target)
    )
    return source, target
