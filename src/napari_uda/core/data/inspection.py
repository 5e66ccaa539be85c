"""What an inspection of a data set says: per sample, per domain and in general."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_uda.core.spec.domain import DomainName, Split

Level = Literal["note", "warning", "error"]
Severity = Literal["ok", "warning", "error"]
Role = Literal["train", "evaluate", "unlabelled"]

_ORDER = ("note", "warning", "error")


@dataclass(frozen=True)
class Problem:
    """Something the user should know before hours of training."""

    level: Level
    """`note`: for information; `warning`: training works; `error`: it cannot."""
    code: str
    """Short name, the same for all problems of a kind."""
    message: str
    """One sentence: what was found, what is allowed, what to do."""
    fix: str = ""
    """Name of a remedy that can be applied for the user, such as `resample`."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Values of `Dataset` that the remedy sets."""


@dataclass(frozen=True, eq=False)
class SampleReport:
    """What was found in one sample."""

    domain: DomainName
    """Domain of the sample."""
    name: str
    """Name of the sample."""
    split: Split
    """Part of the data."""
    role: Role
    """What its labels are for."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with this sample."""
    shape: tuple[int, ...] = ()
    """(y, x) or (z, y, x); empty if the image cannot be read."""
    axes: str = ""
    """Axes of its file, one letter each in its order, such as "zyx" or "yxc"."""
    dtype: str = ""
    """Type of the intensities."""
    voxel_size: tuple[float, ...] | None = None
    """Of each axis, in `unit`."""
    unit: str | None = None
    """Unit of the voxel size."""
    orientation: str = ""
    """Directions of the axes x, y, z of a NIfTI file, such as RAS."""
    counts: dict[str, int] = field(default_factory=dict)
    """Labelled pixels by structure."""
    labelled: int = 0
    """Pixels that are labelled at all, background included."""
    pixels: NDArray[np.float32] | None = field(default=None, repr=False)
    """Regular subset of the finite intensities."""
    limits: tuple[float, float] = (0.0, 1.0)
    """Intensities that become -1 and 1."""
    key: str = ""
    """Hash of the decoded pixels: equal for copies of an image in any format."""

    @property
    def severity(self) -> Severity:
        """The worst of its problems; notes are ok."""
        return worst(self.problems)

    @property
    def found(self) -> tuple[str, ...]:
        """Names of the structures that occur."""
        return tuple(name for name, count in self.counts.items() if count)


@dataclass(frozen=True, eq=False)
class DomainSummary:
    """The samples of a domain taken together."""

    samples: int
    """How many there are."""
    labelled: int
    """How many have labels."""
    voxel_size: tuple[float, ...] | None = None
    """Median over the samples, in `unit`; None if not known for all of them."""
    unit: str | None = None
    """Unit of `voxel_size` and `field_of_view`."""
    field_of_view: tuple[float, ...] | None = None
    """Median side lengths of the images; in pixels where there is no voxel size."""
    orientation: str = ""
    """Common orientation, `mixed`, or empty if no file tells."""
    prevalence: dict[str, float] = field(default_factory=dict)
    """Share of the labelled pixels by structure; empty without labels."""
    stored: NDArray[np.float64] | None = field(default=None, repr=False)
    """Histogram of the intensities as stored, sum 1, over `Inspection.stored_edges`."""
    trained: NDArray[np.float64] | None = field(default=None, repr=False)
    """Histogram of the intensities as training sees them, over `trained_edges`."""


@dataclass(frozen=True, eq=False)
class Inspection:
    """Everything an inspection found."""

    samples: tuple[SampleReport, ...]
    """One report per sample, source first."""
    findings: tuple[Problem, ...]
    """What concerns more than one sample."""
    source: DomainSummary
    """The source taken together."""
    target: DomainSummary
    """The target taken together."""
    stored_edges: NDArray[np.float64]
    """Bin edges of the `stored` histograms: 0.1 to 99.9 % of both domains."""
    trained_edges: NDArray[np.float64]
    """Bin edges of the `trained` histograms: -1 to 1."""
    memory: float
    """GB that the normalised images and labels of both domains take."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, the gravest first; what samples share is said once."""
        shared: dict[tuple[str, ...], list[tuple[str, Problem]]] = {}
        for sample in self.samples:
            for item in sample.problems:
                key = sample.domain, item.level, item.message
                shared.setdefault(key, []).append((sample.name, item))
        named = []
        for (domain, *_), found in shared.items():
            name, item = found[0]
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            message = f"{domain} {name}{more}: {item.message}"
            named.append(replace(item, message=message))
        return tuple(
            sorted((*self.findings, *named), key=lambda one: -_ORDER.index(one.level))
        )

    @property
    def severity(self) -> Severity:
        """The worst of all problems."""
        return worst(self.problems)

    @property
    def first_error(self) -> str:
        """The first reason why training cannot start; empty if it can."""
        return next((one.message for one in self.problems if one.level == "error"), "")

    def domain(self, name: DomainName) -> DomainSummary:
        """Return the summary of a domain by its name."""
        return self.source if name == "source" else self.target

    def as_json(self) -> dict[str, Any]:
        """Return what was found as plain numbers and text, without histograms."""
        return {
            "severity": self.severity,
            "memory_gb": self.memory,
            "findings": [vars(item) for item in self.findings],
            "domains": {
                name: {
                    key: value
                    for key, value in vars(summary).items()
                    if key not in ("stored", "trained")
                }
                for name, summary in (("source", self.source), ("target", self.target))
            },
            "samples": [
                {
                    key: value
                    for key, value in vars(sample).items()
                    if key not in ("pixels", "problems", "key")
                }
                | {
                    "severity": sample.severity,
                    "problems": [vars(item) for item in sample.problems],
                }
                for sample in self.samples
            ],
        }


def worst(problems: tuple[Problem, ...]) -> Severity:
    """Return the gravest level as a severity."""
    levels = {problem.level for problem in problems}
    if "error" in levels:
        return "error"
    return "warning" if "warning" in levels else "ok"
