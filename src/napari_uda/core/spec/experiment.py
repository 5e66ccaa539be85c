"""An experiment: data, method and training settings; enough to reproduce a run."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import yaml
from pydantic import Field, model_validator

from napari_uda.core.errors import UserError
from napari_uda.core.io import read_header
from napari_uda.core.io.atomic import atomic_write_text

from .config import Config, matching, no_setting, parse, quantity
from .domain import Dataset, Domain, Sample
from .folders import read_yaml
from .methods import AnyMethod, MethodConfig, method_config

EXPONENT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d+")
"""Numbers that YAML takes for text."""
if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_SLICES = 16
"""Volumes with at least this many slices are trained in 3D unless told otherwise."""


class Training(Config):
    """How training runs; none of it belongs to a method."""

    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Seed of everything random; the same seed gives the same run."""
    device: Annotated[
        str, matching(r"auto|cpu|mps|cuda(:\d+)?", "auto, cpu, cuda, cuda:1 or mps")
    ] = "auto"
    """auto, cpu, cuda, cuda:1 or mps."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto: bfloat16 where the device is fast at it, and right."""
    threads: Annotated[int, quantity("threads", ge=0, le=1024)] = 0
    """Processor threads; 0: all cores."""
    memory: Annotated[float, quantity("GB", gt=0, le=10_000)] = 8.0
    """Images of a domain beyond this size stay on disk and are memory-mapped."""
    log_every: Annotated[int, quantity("steps", ge=1)] = 10
    """Steps between two reported losses."""
    validate_every: Annotated[int, quantity("steps", ge=1)] = 50
    """Steps between two rounds of scores."""
    preview_every: Annotated[int, quantity("steps", ge=1)] = 50
    """Steps between two previews."""
    checkpoint_every: Annotated[int, quantity("steps", ge=1)] = 100
    """Steps between two checkpoints."""
    selection: Literal["label_free", "last", "oracle"] = "label_free"
    """What makes a checkpoint the best: scores without target labels, the last one, or
    target truth (oracle: every report then says so)."""


class Experiment(Config):
    """Everything that determines a run."""

    version: Literal[1] = 1
    """Format of this file."""
    name: Annotated[str, Field(min_length=1, max_length=120)] = "experiment"
    """Name of the run."""
    data: Dataset
    """Source and target."""
    method: AnyMethod
    """Method and its settings."""
    training: Training = Training()
    """How training runs."""
    versions: dict[str, str] = {}
    """Versions of the packages that made the run folder."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        labelled = [
            sample
            for sample in self.data.target.part("train")
            if sample.labels is not None and sample.labels_role == "train"
        ]
        use = type(self.method).target_labels
        if use == "required" and not labelled:
            raise ValueError(
                f"{self.method.name} trains on target labels, but no target sample has "
                "labels with labels_role: train: add labels or choose another method."
            )
        return self

    @classmethod
    def preset(
        cls,
        method: str,
        preset: str,
        data: Dataset,
        *,
        name: str | None = None,
        **changes: Any,
    ) -> Experiment:
        """Make an experiment from a method's preset, fitted to the data.

        Parameters
        ----------
        method, preset
            Name of a method, and `quick` or `paper`.
        data
            Source and target. For `supervised`, target labels get the role `train`.
        name
            Name of the experiment; by default that of the method.
        **changes
            Settings of the method to change.

        Raises
        ------
        UserError
            If a name or a value is not allowed, or the data cannot be read.
        """
        config = fitted_config(method, preset, *extent(data), **changes)
        if type(config).target_labels == "required":
            data = with_target_labels(data)
        return parse(
            cls, {"name": name or method, "data": data, "method": config}, where=""
        )

    @classmethod
    def load(cls, path: str | Path) -> Experiment:
        """Read an experiment; relative paths start at the folder of the file.

        Raises
        ------
        UserError
            If the file is missing or says something that is not allowed.
        """
        path = Path(path)
        content = read_yaml(path)
        version = content.get("version")
        if isinstance(version, int) and version > 1:
            raise UserError(
                f"{path} has format {version}, but this napari-uda reads format 1: "
                "update napari-uda."
            )
        experiment = parse(cls, content, where=path.name)
        folder = path.absolute().parent
        return experiment.with_paths(lambda file: folder / file)

    def save(self, path: str | Path) -> None:
        """Write the experiment as YAML; files below its folder get relative paths."""
        path = Path(path)
        folder = path.absolute().parent

        def relative(file: Path) -> Path:
            inside = file.is_absolute() and file.is_relative_to(folder)
            return file.relative_to(folder) if inside else file

        content = self.with_paths(relative).model_dump(mode="json", exclude_none=True)
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=88)
        atomic_write_text(path, text)

    def override(self, assignments: list[str]) -> Experiment:
        """Change settings given as `method.steps=300`.

        Raises
        ------
        UserError
            If an assignment is malformed, names no setting, or its value is not
            allowed.
        """
        content = self.model_dump()
        for assignment in assignments:
            key, equals, text = assignment.partition("=")
            if not equals or not key:
                raise UserError(
                    f"'{assignment}' is not a setting: write key=value, as in "
                    "method.learning_rate=3e-4."
                )
            _assign(content, key.split("."), text, key)
        return parse(Experiment, content)

    def with_paths(self, change: Any) -> Experiment:
        """Return a copy with `change` applied to the path of every file."""

        def moved(sample: Sample) -> Sample:
            labels = sample.labels
            if isinstance(labels, Path):
                labels = change(labels)
            elif labels is not None:
                labels = {name: change(file) for name, file in labels.items()}
            return sample.model_copy(
                update={"image": change(sample.image), "labels": labels}
            )

        def domain(one: Domain) -> Domain:
            return one.model_copy(
                update={"samples": tuple(moved(sample) for sample in one.samples)}
            )

        data = self.data.model_copy(
            update={
                "source": domain(self.data.source),
                "target": domain(self.data.target),
            }
        )
        return self.model_copy(update={"data": data})


def extent(data: Dataset) -> tuple[int, int]:
    """Return whether to train in 2D or 3D, and the smallest side in the plane.

    Raises
    ------
    UserError
        If an image cannot be read.
    """
    samples = (*data.source.samples, *data.target.samples)
    shapes = [read_header(sample.image, axes=sample.axes).shape for sample in samples]
    return extent_of_shapes(shapes, "z" in (data.source.slices, data.target.slices))


def extent_of_shapes(
    shapes: Sequence[tuple[int, ...]], sliced: bool
) -> tuple[int, int]:
    """Return what `extent` does, from shapes (y, x) or (z, y, x)."""
    deep = all(len(shape) == 3 and shape[0] >= FEWEST_SLICES for shape in shapes)
    return 3 if deep and not sliced else 2, min(min(shape[-2:]) for shape in shapes)


def fitted_config(
    method: str, preset: str, dims: int, smallest: int, **changes: Any
) -> MethodConfig:
    """Return the settings of a preset, with patches that fit into the smallest image.

    Raises
    ------
    UserError
        If a name or a value is not allowed, or the images are too small.
    """
    changes = {"dims": dims, **changes}
    config = method_config(method, preset, **changes)
    if "patch_size" not in changes and config.patch_size > smallest:
        changes["patch_size"] = max(16, smallest // 16 * 16)
        config = method_config(method, preset, **changes)
    return config


def with_target_labels(data: Dataset) -> Dataset:
    """Give the labels of the target's training samples the role `train`."""
    samples = tuple(
        sample.model_copy(update={"labels_role": "train"})
        if sample.labels is not None and sample.split == "train"
        else sample
        for sample in data.target.samples
    )
    return data.model_copy(
        update={"target": data.target.model_copy(update={"samples": samples})}
    )


def _value(text: str) -> Any:
    """Read a value as YAML would, but also 3e-4 as a number."""
    try:
        return float(text) if EXPONENT.fullmatch(text) else yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _assign(content: dict[Any, Any], keys: list[str], text: str, name: str) -> None:
    *parents, last = keys
    place = content
    for parent in parents:
        nested = place[_known(place, parent, name)]
        if not isinstance(nested, dict):
            raise UserError(
                f"there is no setting '{name}': {parent} = {nested!s:.40} has no "
                "settings of its own that could be changed here."
            )
        place = nested
    if last not in map(str, place):
        for section in ("method", "training"):
            if last in content[section]:
                meant = f"{section}.{last}"
                raise UserError(f"unknown setting '{name}': did you mean '{meant}'?")
    key = _known(place, last, name)
    # A name may look like a number or a date; it is text all the same.
    keep = isinstance(place[key], str) and not text.startswith(("{", "["))
    place[key] = text if keep else _value(text)


def _known(content: dict[Any, Any], part: str, name: str) -> Any:
    """Return the key that is written as `part`; label values are whole numbers."""
    for key in content:
        if str(key) == part:
            return key
    raise UserError(f"{no_setting(name, part, [str(key) for key in content])}.")


def runs_folder() -> Path:
    """Return the folder for runs: $NAPARI_UDA_RUNS, or one in the documents."""
    if chosen := os.environ.get("NAPARI_UDA_RUNS"):
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_documents_path() / "napari-uda" / "runs"
