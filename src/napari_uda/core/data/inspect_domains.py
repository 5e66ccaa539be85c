"""What concerns more than one sample: sizes, classes, leaks, splits, memory."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from napari_uda.core.io import NANOMETRES
from napari_uda.core.spec.experiment import FEWEST_SLICES

from .inspect_leaks import leaks, split_subjects
from .inspect_size import differ
from .inspection import DomainSummary, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_uda.core.spec.domain import Dataset
    from napari_uda.core.spec.methods import MethodConfig

    from .inspection import SampleReport

    Reports = Sequence[SampleReport]


def summarise_domain(
    reports: Reports,
    histograms: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
) -> DomainSummary:
    """Describe the samples of one domain together."""
    readable = [report for report in reports if report.shape]
    sizes = _sizes(readable)
    unit = readable[0].unit if sizes is not None else None
    factor = NANOMETRES[unit] if unit else 1.0
    depth = min((len(report.shape) for report in readable), default=0)
    if sizes is not None:
        depth = min(depth, sizes.shape[1])
    field_of_view = None
    if readable:
        shapes = np.array([report.shape[-depth:] for report in readable], float)
        if sizes is not None:
            shapes *= sizes[:, -depth:] / factor
        field_of_view = tuple(map(float, np.median(shapes, axis=0)))
    orientations = {report.orientation for report in readable}
    labelled = [report for report in readable if report.labelled]
    total = sum(report.labelled for report in labelled)
    names = dict.fromkeys(name for report in labelled for name in report.counts)
    return DomainSummary(
        samples=len(reports),
        labelled=sum(report.role != "unlabelled" for report in reports),
        voxel_size=None
        if sizes is None
        else tuple(map(float, np.median(sizes, axis=0) / factor)),
        unit=unit,
        field_of_view=field_of_view,
        orientation=orientations.pop()
        if len(orientations) == 1
        else "mixed"
        if orientations
        else "",
        prevalence={
            name: sum(report.counts.get(name, 0) for report in labelled) / total
            for name in names
        },
        stored=histograms[0] if histograms else None,
        trained=histograms[1] if histograms else None,
    )


def compare_domains(
    dataset: Dataset,
    reports: Reports,
    method: MethodConfig | None,
    source: DomainSummary,
    target: DomainSummary,
) -> Iterator[Problem]:
    """Yield what concerns more than one sample."""
    yield from _counts(dataset)
    yield from _no_labels(dataset)
    yield from _no_structures(dataset, reports)
    yield from _dimensions(reports, method)
    yield from _voxel_sizes(dataset, reports, source, target, method)
    yield from _orientations(source, target)
    yield from _classes(dataset, source, target)
    yield from leaks(reports)
    yield from split_subjects(reports)
    yield from _roles(dataset, reports, method)
    yield from _stages(method)


def _no_labels(dataset: Dataset) -> Iterator[Problem]:
    """Yield an error if nothing of the source has labels."""
    samples = dataset.source.samples
    if samples and not any(sample.labels for sample in samples):
        yield Problem(
            "error",
            "no_source_labels",
            "the source has no labels to learn from: give its images labels (a "
            "folder: in labels/), or swap source and target.",
        )


def _no_structures(dataset: Dataset, reports: Reports) -> Iterator[Problem]:
    """Yield an error if the source's labels hold nothing that could be learnt."""
    labelled = [r for r in reports if r.domain == "source" and r.labelled]
    if labelled and not any(report.found for report in labelled):
        names = ", ".join(structure.name for structure in dataset.structures)
        yield Problem(
            "error",
            "no_structures",
            f"no source label holds any structure ({names}): correct the labels or, in "
            "a folder, the raw values under classes in the source's dataset.yaml.",
        )


def estimate_memory(dataset: Dataset, reports: Reports) -> float:
    """Return the GB of all images as float32 and all labels as uint8."""
    structures = len(dataset.structures) if dataset.overlapping else 1
    total = 0.0
    for report in reports:
        labels = 0 if report.role == "unlabelled" else structures
        total += float(np.prod(report.shape)) * (4 + labels) if report.shape else 0.0
    return total / 1e9


def _sizes(reports: Reports) -> NDArray[np.float64] | None:
    """Return the voxel sizes in nm, (samples, axes); None if one is not known."""
    rows = []
    for report in reports:
        if report.voxel_size is None or report.unit is None:
            return None
        rows.append(np.array(report.voxel_size) * NANOMETRES[report.unit])
    if not rows:
        return None
    depth = min(len(row) for row in rows)
    return np.array([row[-depth:] for row in rows])


def _counts(dataset: Dataset) -> Iterator[Problem]:
    for name in ("source", "target"):
        domain = dataset.domain(name)
        if not domain.part("train"):
            what = "no training images" if domain.samples else "no images"
            yield Problem(
                "error",
                "no_samples",
                f"the {name} has {what}: add at least one.",
            )


def _dimensions(reports: Reports, method: MethodConfig | None) -> Iterator[Problem]:
    """Yield a warning if one domain has images and the other volumes."""
    if method is not None and method.dims == 3:
        return  # each image is an error of its own
    kinds = {
        name: {
            "volumes (z, y, x)" if _is_volume(report.shape) else "images (y, x)"
            for report in reports
            if report.domain == name and report.shape
        }
        for name in ("source", "target")
    }
    if all(kinds.values()) and not kinds["source"] & kinds["target"]:
        yield Problem(
            "warning",
            "dimensions",
            f"the source holds {kinds['source'].pop()}, the target "
            f"{kinds['target'].pop()}, which are trained slice by slice: make sure "
            "that slices along z show the same view as the images.",
        )


def _is_volume(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and shape[0] > 1


def _voxel_sizes(
    dataset: Dataset,
    reports: Reports,
    source: DomainSummary,
    target: DomainSummary,
    method: MethodConfig | None,
) -> Iterator[Problem]:
    readable = [report for report in reports if report.shape]
    if not readable:
        return
    if dataset.voxel_size is not None:
        unit = source.unit or ""
        yield Problem(
            "note",
            "resampled",
            f"both domains are resampled to {_by(dataset.voxel_size)} {unit} for "
            "training; results are brought back to the grid of each image.",
        )
        return
    if source.voxel_size is None or target.voxel_size is None:
        # If neither is known, each sample says so.
        if source.voxel_size is not None or target.voxel_size is not None:
            missing = "source" if source.voxel_size is None else "target"
            yield Problem(
                "warning",
                "one_voxel_size",
                f"the voxel size of the {missing} is not known, so it cannot be "
                "compared with the other domain: give its voxel size and unit.",
            )
        return
    working = _working_size(readable, _is_planar(dataset, readable, method))
    size = tuple(
        float(f"{side:.4g}") for side in working / NANOMETRES[source.unit or "nm"]
    )
    remedy = f"resample both domains to {_by(size)} {source.unit}"
    medians = []
    for name, summary in (("source", source), ("target", target)):
        found = _sizes([report for report in readable if report.domain == name])
        assert found is not None
        axes = found[:, -len(working) :]
        medians.append(np.median(axes, axis=0))
        low, high = axes.min(axis=0), axes.max(axis=0)
        if differ(low, high):
            yield Problem(
                "warning",
                "voxel_size_varies",
                f"voxel sizes within the {name} range from {_by(low, summary.unit)} to "
                f"{_by(high, summary.unit)} {summary.unit}: {remedy}.",
                "resample",
                {"voxel_size": size},
            )
    if differ(*medians):
        yield Problem(
            "warning",
            "voxel_size_differs",
            f"voxels are {_by(medians[0], source.unit)} {source.unit} in the source, "
            f"{_by(medians[1], target.unit)} {target.unit} in the target: {remedy}.",
            "resample",
            {"voxel_size": size},
        )


def _is_planar(dataset: Dataset, reports: Reports, method: MethodConfig | None) -> bool:
    """Tell whether training is in 2D, so that only y and x matter."""
    if method is not None:
        return method.dims == 2
    sliced = "z" in (dataset.source.slices, dataset.target.slices)
    shapes = [report.shape for report in reports]
    return sliced or any(len(s) == 2 or s[0] < FEWEST_SLICES for s in shapes)


def _working_size(reports: Reports, planar: bool) -> NDArray[np.float64]:
    """Return the coarsest voxel size of all, in nm: a finer one would invent detail."""
    sizes = _sizes(reports)
    assert sizes is not None
    coarsest: NDArray[np.float64] = sizes.max(axis=0)
    return coarsest[-2:] if planar else coarsest


def _orientations(source: DomainSummary, target: DomainSummary) -> Iterator[Problem]:
    found = source.orientation, target.orientation
    if "mixed" in found or (all(found) and found[0] != found[1]):
        yield Problem(
            "warning",
            "orientation",
            f"the axes point {found[0] or 'nowhere known'} in the source and "
            f"{found[1] or 'nowhere known'} in the target; slices are trained as "
            "stored: reorient the files to one convention.",
        )


def _classes(
    dataset: Dataset, source: DomainSummary, target: DomainSummary
) -> Iterator[Problem]:
    names = [item.name for item in dataset.structures]
    if source.prevalence:
        for name in names:
            if not source.prevalence.get(name):
                yield Problem(
                    "warning",
                    "absent_in_source",
                    f"{name} occurs in no source labels, so it cannot be learned: add "
                    "images that show it, or remove the class.",
                )
    if target.prevalence:
        for name in names:
            if source.prevalence.get(name) and not target.prevalence.get(name):
                yield Problem(
                    "warning",
                    "absent_in_target",
                    f"{name} occurs in the source but in no target truth: if the "
                    "target does not show it, adaptation may invent it.",
                )
    if dataset.source.membrane_width is not None or not names:
        return
    strange = [
        item.name for item in dataset.target.classes.values() if item.name not in names
    ]
    if strange and len(strange) == len(dataset.target.classes):
        yield Problem(
            "error",
            "no_common_class",
            f"no class of the target ({', '.join(strange)}) has the name of one of the "
            f"source ({', '.join(names)}): give equal structures equal names in both "
            "dataset.yaml, or remove classes and labels of the target.",
        )
        return
    for name in strange:
        yield Problem(
            "warning",
            "unknown_class",
            f"{name} is a class of the target only and counts as background: label it "
            "in the source too, or give both the same name.",
        )


def _roles(
    dataset: Dataset, reports: Reports, method: MethodConfig | None
) -> Iterator[Problem]:
    target = [report for report in reports if report.domain == "target"]
    roles = Counter(report.role for report in target if report.split == "train")
    if method is not None and type(method).target_labels == "never" and roles["train"]:
        yield Problem(
            "note",
            "labels_ignored",
            f"{roles['train']} target samples have labels with labels_role = train, "
            f"but {method.title} never trains on target labels: they are left out.",
        )
    if target and all(report.role == "unlabelled" for report in target):
        yield Problem(
            "note",
            "no_truth",
            "no target image has labels: scores will be label-free, without Dice.",
        )
    if reports and not (dataset.source.part("test") or dataset.target.part("test")):
        yield Problem(
            "note",
            "no_test",
            "no images are kept for a test: scores are measured on images that were "
            "trained on; name some in split of dataset.yaml, whole subjects at a time.",
        )


def _stages(method: MethodConfig | None) -> Iterator[Problem]:
    pretrain: float | None = getattr(method, "pretrain", None)
    if method is None or pretrain is None:
        return
    for part, of, name in (
        (pretrain, "pretrain", "segmenter learns for"),
        (1 - pretrain, "1 - pretrain", "translation has"),
    ):
        if part * method.steps < 1:
            yield Problem(
                "warning",
                "stage",
                f"the {name} less than one step, as {of} = {part:.3g} of "
                f"{method.steps} steps: change method.pretrain or raise method.steps.",
            )


def _by(size: Sequence[float] | NDArray[np.float64], unit: str | None = None) -> str:
    factor = NANOMETRES[unit] if unit else 1.0
    return " x ".join(f"{side / factor:.4g}" for side in size)
