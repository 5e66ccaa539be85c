"""What an experiment's data are: samples, domains, classes and roles."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from .config import Config, matching

IGNORE = 255
"""Label index left out of every loss and score."""

DomainName = Literal["source", "target"]
Split = Literal["train", "test"]
LabelsRole = Literal["evaluate", "train"]
Unit = Literal["nm", "um", "mm"]

Axes = Annotated[
    str,
    matching(
        r"(?=.*y)(?=.*x)(?!.*(.).*\1)[zyxc]{2,4}",
        "one letter for each axis of the files, in their order: y and x, z for depth "
        "and c for the colour of RGB images, such as zyx or yxc; axes of length 1 need "
        "none, and time points have files of their own",
    ),
]

PALETTE = (
    "#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4",
    "#46f0f0", "#f032e6", "#bcf60c", "#fabebe", "#008080",
)  # fmt: skip


class Structure(Config):
    """A class of the segmentation."""

    name: str
    """Name shown to the user; structures of both domains are matched by name."""
    color: Annotated[
        str, matching("#[0-9a-fA-F]{6}", 'a colour in quotes, such as "#e6194b"')
    ] = PALETTE[0]
    """Colour of the class as #rrggbb."""


class Window(Config):
    """A fixed intensity window, for images in physical units such as Hounsfield."""

    window: tuple[float, float]
    """Intensities mapped to -1 and 1, in the unit of the file."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        low, high = self.window
        if not low < high:
            raise ValueError(
                f"window = [{low}, {high}] is empty: give [low, high] with low < high."
            )
        return self


def _rule(value: object) -> object:
    if value == "percentiles" or isinstance(value, dict | Window):
        return value
    words = "it should be percentiles, or a window such as {window: [-150, 250]}"
    raise PydanticCustomError("normalise", words)


Normalise = Annotated[Literal["percentiles"] | Window, BeforeValidator(_rule)]


class Sample(Config):
    """One image of a domain, with its labels where there are any."""

    name: str
    """Unique within its domain: the stem of the file or the name of the layer."""
    image: Path
    """Image file; a relative path starts at the folder of the YAML file."""
    labels: Path | dict[str, Path] | None = None
    """Label file, or one mask file per structure where structures overlap."""
    split: Split = "train"
    """Part of the data the sample belongs to."""
    labels_role: LabelsRole = "evaluate"
    """Of target labels. `evaluate`: only the scorer sees them; `train`: they train."""
    axes: Axes | None = None
    """Meaning of the file's axes, such as `zyx`; empty: as the file says."""
    fingerprint: str | None = None
    """Hash of the image file when the experiment was made."""


class Domain(Config):
    """The images of one microscope, scanner or modality."""

    samples: tuple[Sample, ...]
    """Images of the domain."""
    classes: dict[int, Structure] = {}
    """Raw label value to structure; a value not listed is background."""
    overlapping: bool = False
    """Structures may overlap: one mask per structure instead of one label image."""
    voxel_size: tuple[float, ...] | None = None
    """Size of a voxel (z,) y, x in `unit`, where the header of a file has none."""
    unit: Unit | None = None
    """Unit of the voxel size: nm, um or mm."""
    voxel_size_first: bool = False
    """The voxel size goes before the headers of files, as the user typed it."""
    normalise: Normalise = "percentiles"
    """`percentiles`: 0.5 and 99.9 % of each volume to -1 and 1; or a fixed window."""
    slices: Literal["z"] | None = None
    """`z`: volumes are treated slice by slice in 2D."""
    membrane_width: Annotated[float, Field(gt=0)] | None = None
    """Labels are instances; train on the membrane between them, this wide in nm."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [sample.name for sample in self.samples]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(
                f"samples named {', '.join(twice)} appear more than once: "
                "give every sample of a domain its own name."
            )
        if self.voxel_size is not None:
            check_voxel_size(self.voxel_size)
            if self.unit is None:
                raise ValueError(
                    "voxel_size has no unit: add unit: nm, um or mm to dataset.yaml."
                )
        for raw in self.classes:
            if raw <= 0:
                raise ValueError(
                    f"classes lists the label value {raw}: remove it; 0 is background "
                    "without being listed, and structures have positive values."
                )
        return self

    def part(self, split: Split) -> tuple[Sample, ...]:
        """Return the samples of one split."""
        return tuple(sample for sample in self.samples if sample.split == split)


class Dataset(Config):
    """A labelled source domain and a target domain to adapt to."""

    source: Domain
    """Labelled images."""
    target: Domain
    """Images without labels, or with labels that are used as their role says."""
    voxel_size: tuple[float, ...] | None = None
    """Resample both domains to this voxel size, in the source's unit; empty: no."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for sample in self.source.samples:
            if sample.labels is None:
                raise ValueError(
                    f"source sample '{sample.name}' has no labels: add a label file "
                    "with the same stem to labels/, or remove the image."
                )
        names = [item.name for item in self.source.classes.values()]
        if not names:
            raise ValueError(
                "the source has no classes: its labels hold background only (0); draw "
                "structures, or list them under classes in its dataset.yaml, as in "
                "1: {name: mitochondrion}."
            )
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"several classes of the source are named {', '.join(twice)}: give "
                "every class its own name."
            )
        if self.voxel_size is not None:
            check_voxel_size(self.voxel_size)
        return self

    @classmethod
    def from_folders(cls, source: str | Path, target: str | Path) -> Dataset:
        """Make a data set of two folders laid out by the folder convention.

        Raises
        ------
        UserError
            If a folder is missing, empty, or its files do not fit together.
        """
        from .folders import dataset_from_folders

        return dataset_from_folders(Path(source), Path(target))

    @property
    def structures(self) -> tuple[Structure, ...]:
        """Structures to segment; structure i has label index i + 1."""
        if self.source.membrane_width is not None:
            return (Structure(name="membrane", color=PALETTE[0]),)
        return tuple(self.source.classes.values())

    @property
    def overlapping(self) -> bool:
        """Whether structures may overlap."""
        return self.source.overlapping

    @property
    def outputs(self) -> int:
        """Channels of a segmenter: the structures, plus background if exclusive."""
        return len(self.structures) + (not self.overlapping)

    def domain(self, name: DomainName) -> Domain:
        """Return a domain by its name."""
        return self.source if name == "source" else self.target

    def label_indices(self, name: DomainName) -> dict[int, int]:
        """Map the raw label values of a domain to label indices 1..K, by name."""
        order = {item.name: i + 1 for i, item in enumerate(self.structures)}
        classes = self.domain(name).classes or self.source.classes
        return {
            raw: order[item.name] for raw, item in classes.items() if item.name in order
        }


def check_voxel_size(size: tuple[float, ...]) -> None:
    """Raise a ValueError unless this is the size of a voxel."""
    if not 2 <= len(size) <= 3 or not all(0 < side < math.inf for side in size):
        raise ValueError(
            f"voxel_size = {list(size)} is not allowed: give two or three positive "
            "numbers, (z,) y, x."
        )
