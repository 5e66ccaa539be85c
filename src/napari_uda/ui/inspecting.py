"""Looking at chosen folders and layers in a worker thread, sample by sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from napari_uda.core.data.inspection import Inspection, Problem, SampleReport
from napari_uda.core.errors import UserError
from napari_uda.core.io import Volume, read
from napari_uda.core.spec.classes import MOST_CLASSES
from napari_uda.core.spec.domain import (
    IGNORE,
    PALETTE,
    Dataset,
    Domain,
    Sample,
    Structure,
)
from napari_uda.core.spec.typed import Typed, typed_domain

from .layers import axes_note, classes_of, default_class, layer_volume, unnamed
from .snapshot import layer_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Labels

    from napari_uda.core.spec.domain import DomainName, LabelsRole, Unit

    from .choice import DomainChoice, LayerPair
    from .snapshot import LayerData

NOTHING = Domain(samples=())


@dataclass(frozen=True, eq=False)
class PairPlan:
    """A pair of layers as it was when looking began."""

    name: str
    data: LayerData | UserError
    """Arrays of the pair, or why it cannot be a sample."""
    labels: tuple[Labels, ...]
    """Layers that name the classes: one, or one mask per structure."""
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class LookPlan:
    """One domain as it was when looking began."""

    name: DomainName
    folder: Path | None
    pairs: tuple[PairPlan, ...]
    role: LabelsRole
    typed: Typed = field(default_factory=Typed)
    """What the user typed; of layers, the classes known so far."""


@dataclass(frozen=True)
class Planned:
    """What there is to look at, said before the first image is read."""

    samples: int
    """How many samples."""


@dataclass(frozen=True, eq=False)
class Looked:
    """The result of looking at both domains."""

    inspection: Inspection
    """What was found."""
    dataset: Dataset
    """What was looked at; not validated."""
    failures: tuple[str, ...]
    """Why a domain could not be looked at at all."""


def plan_look(name: DomainName, choice: DomainChoice) -> LookPlan:
    """Hold on to what is chosen; cheap, for the main thread."""
    pairs = () if choice.folder else tuple(map(_pair, choice.layers))
    return LookPlan(name, choice.folder, pairs, choice.labels_role, choice.typed)


def look(
    source: LookPlan, target: LookPlan, voxel_size: tuple[float, ...] | None = None
) -> Iterator[Planned | SampleReport | Looked]:
    """Yield the number of samples, the report of each, and what follows from all.

    Parameters
    ----------
    source, target
        What to look at.
    voxel_size
        Voxel size to which both domains are to be resampled, if any.
    """
    # Not at the top: it brings scipy, which would slow down the start.
    from napari_uda.core.data.inspect import conclude, inspect_samples

    failures: list[str] = []
    reports: list[SampleReport] = []
    volumes: dict[Path, Volume | tuple[LayerData, object, tuple[str, ...]]] = {}
    domains: dict[DomainName, Domain] = {}
    for plan in (source, target):
        try:
            domains[plan.name] = _domain(plan, volumes, reports)
        except UserError as error:
            failures.append(str(error))
            domains[plan.name] = NOTHING
    yield Planned(len(reports) + sum(len(one.samples) for one in domains.values()))
    yield from reports

    def reader(path: Path, axes: str | None) -> Volume:
        found = volumes.get(path)
        if found is None:
            return read(path, axes=axes)
        return layer_volume(*found) if isinstance(found, tuple) else found

    dataset = Dataset.model_construct(
        source=domains["source"], target=domains["target"], voxel_size=voxel_size
    )
    for report in inspect_samples(dataset, reader=reader):
        reports.append(report)
        yield report
    order = {"source": 0, "target": 1}
    reports.sort(key=lambda report: order[report.domain])
    yield Looked(conclude(dataset, reports), dataset, tuple(failures))


def look_safely(
    source: LookPlan, target: LookPlan, voxel_size: tuple[float, ...] | None = None
) -> Iterator[Planned | SampleReport | Looked | str]:
    """Look, and yield a sentence if it fails: napari swallows some exceptions."""
    try:
        yield from look(source, target, voxel_size)
    except Exception as error:
        yield f"The data could not be looked at: {error} ({type(error).__name__})."


def _pair(pair: LayerPair) -> PairPlan:
    data: LayerData | UserError
    try:
        data = layer_data(pair)
    except UserError as error:
        data = error
    notes = []
    if pair.image.rgb:
        notes.append("RGB turned to grey")
    if pair.image.multiscale:
        notes.append(f"resolution level {pair.level} of several is used")
    if note := axes_note(pair):
        notes.append(note.rstrip("."))
    return PairPlan(pair.image.name, data, pair.masks, tuple(notes))


def _domain(
    plan: LookPlan,
    volumes: dict[Path, Volume | tuple[LayerData, object, tuple[str, ...]]],
    reports: list[SampleReport],
) -> Domain:
    """Describe a domain; layers get made-up paths, listed in `volumes`."""
    if plan.folder is not None:
        return typed_domain(plan.folder, plan.name, plan.typed, lenient=True)
    samples, sizes, names = [], set(), set()
    for index, pair in enumerate(plan.pairs):
        problem = ""
        if isinstance(pair.data, UserError):
            problem = str(pair.data)
        elif pair.name in names:
            problem = "it is chosen twice: remove one of the two."
        names.add(pair.name)
        if problem or isinstance(pair.data, UserError):
            trouble = Problem("error", "layer", problem)
            role = "train" if plan.name == "source" else plan.role
            reports.append(
                SampleReport(plan.name, pair.name, "train", role, (trouble,))
            )
            continue
        stem = Path(f"{plan.name}-{index}")
        image = stem / pair.name
        volumes[image] = (pair.data, pair.data.image, pair.notes)
        masks = {}
        for number, mask in enumerate(pair.data.labels):
            path = stem / f"labels of {pair.name} ({number})"
            volumes[path] = (pair.data, mask, ())
            masks[number] = path
        samples.append(
            Sample(
                name=pair.name,
                image=image,
                labels=_named(masks, plan.typed.classes, pair.data.overlapping),
                labels_role="train" if plan.name == "source" else plan.role,
            )
        )
        sizes.add((pair.data.voxel_size, pair.data.unit, pair.data.sections))
    if len(sizes) > 1:
        raise UserError(
            f"the {plan.name} layers have different scales or units: type one voxel "
            "size for all, or save them as files with their own voxel sizes."
        )
    voxel_size, unit, sections = sizes.pop() if sizes else (None, None, False)
    return Domain.model_construct(
        samples=tuple(samples),
        voxel_size=voxel_size,
        unit=cast("Unit | None", unit),
        slices="z" if sections else None,
        classes=_classes(plan) if plan.name == "source" else plan.typed.classes,
        overlapping=any(isinstance(sample.labels, dict) for sample in samples),
    )


def _named(
    masks: dict[int, Path], classes: dict[int, Structure], overlapping: bool
) -> Path | dict[str, Path] | None:
    if not overlapping:
        return masks.get(0)
    names = [item.name for item in classes.values()]
    return {
        names[number] if number < len(names) else f"structure {number + 1}": path
        for number, path in masks.items()
    }


def _classes(plan: LookPlan) -> dict[int, Structure]:
    """Find the classes in the labels of a domain of layers, by the names they have.

    What was painted since is a class, too; what was erased is none any more, unless the
    user has named it.

    Raises
    ------
    UserError
        If there are so many values that they must be instances.
    """
    found: dict[int, Labels] = {}
    for pair in plan.pairs:
        if not pair.labels or isinstance(pair.data, UserError):
            continue
        if pair.data.overlapping:
            return plan.typed.classes or _structures(pair.labels)
        if described := classes_of(pair.labels[0]):
            return plan.typed.classes or described
        for labels in pair.data.labels[:1]:
            blocks = labels if len(labels.shape) == 3 else (labels,)
            for block in blocks:
                for value in np.unique(np.asarray(block)):
                    if value > 0 and value == int(value) and value != IGNORE:
                        found.setdefault(int(value), pair.labels[0])
        if len(found) > MOST_CLASSES:
            raise UserError(
                f"the source labels hold {len(found)} different values, which looks "
                "like instances: give every structure one value, or use a folder with "
                "membrane_width (nm) in its dataset.yaml."
            )
    classes = {
        value: item
        for value, item in plan.typed.classes.items()
        if value in found or item.name != unnamed(value)
    }
    for value in sorted(found.keys() - classes.keys()):
        alone = len(found.keys() | classes.keys()) == 1
        classes[value] = default_class(found[value], value, len(classes), alone)
    return dict(sorted(classes.items()))


def _structures(masks: tuple[Labels, ...]) -> dict[int, Structure]:
    """Name each mask by its class, if it describes a single one, or by its layer."""
    structures = {}
    for index, layer in enumerate(masks):
        described = list(classes_of(layer).values())
        default = Structure(name=layer.name, color=PALETTE[index % len(PALETTE)])
        structures[index + 1] = described[0] if len(described) == 1 else default
    return structures
