"""From an experiment to the workload that it is; reads file headers only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_uda.core.io import Volume, read_header
from napari_uda.core.spec.workload import Shapes, Workload

from .load import zoom_factors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_uda.core.spec.domain import DomainName, Sample
    from napari_uda.core.spec.experiment import Experiment


def workload_of(experiment: Experiment) -> Workload:
    """Return what an experiment's memory and time depend on.

    Raises
    ------
    UserError
        If an image cannot be read.
    """
    data = experiment.data

    def shapes(name: DomainName, samples: Iterable[Sample]) -> Shapes:
        found = []
        for sample in samples:
            header = read_header(sample.image, axes=sample.axes)
            empty = Volume(np.broadcast_to(np.float32(0), header.shape), header)
            zoom = zoom_factors(data, name, empty) or (1.0,) * len(header.shape)
            sides = zip(header.shape, zoom, strict=True)
            found.append(tuple(max(1, round(side * by)) for side, by in sides))
        return tuple(found)

    target = data.target.part("train")
    return Workload(
        method=experiment.method,
        training=experiment.training,
        source=shapes("source", data.source.part("train")),
        target=shapes("target", target),
        tested=shapes("target", data.target.part("test")),
        structures=len(data.structures),
        overlapping=data.overlapping,
        truth=any(sample.labels is not None for sample in data.target.samples),
        trains_on_target_labels=type(experiment.method).target_labels != "never"
        and any(s.labels is not None and s.labels_role == "train" for s in target),
    )
