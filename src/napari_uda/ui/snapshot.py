"""From chosen folders and layers to a Dataset that another process can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_uda.core.errors import UserError
from napari_uda.core.io.units import NANOMETRES, length_unit
from napari_uda.core.spec.config import parse
from napari_uda.core.spec.domain import Dataset, Domain, Sample
from napari_uda.core.spec.folders import fingerprint
from napari_uda.core.spec.typed import Typed, typed_domain

from .array_file import write_array

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.layers import Image, Labels

    from napari_uda.core.spec.domain import DomainName, LabelsRole
    from napari_uda.core.spec.run import RunFolder

    from .choice import DomainChoice, LayerPair

    Progress = Callable[[str, float], None]
    """Called with a sentence and a number."""


@dataclass(frozen=True, eq=False)
class LayerData:
    """The pixels of one sample as its layers hold them now, axes in order (z,) y, x."""

    name: str
    """Name of the image layer."""
    image: Any
    """Array, in memory or lazy; its last axis is the colour if `rgb`."""
    rgb: bool
    """Whether the image has colours, which become grey."""
    labels: tuple[Any, ...]
    """Label image, or one mask per structure; empty without labels."""
    overlapping: bool
    """Whether `labels` are one mask per structure."""
    voxel_size: tuple[float, ...] | None
    """Size of a voxel in `unit`, of a pixel (y, x) for sections; None if the layer's
    units are pixels."""
    unit: str | None
    """nm, um or mm."""
    sections: bool = False
    """Whether the first axis counts sections and has no length of its own."""


@dataclass(frozen=True, eq=False)
class DomainPlan:
    """One domain, before anything is written."""

    name: DomainName
    folder: Path | None
    layers: tuple[LayerData, ...]
    labels_role: LabelsRole
    typed: Typed = field(default_factory=Typed)
    """What the user typed; of layers, the classes are all there are."""

    @property
    def pixels(self) -> int:
        """How many are to be copied: those of layers and of their labels."""
        arrays = (one for item in self.layers for one in (item.image, *item.labels))
        return sum(prod(array.shape) for array in arrays)

    def domain(self, folder: Path | None, progress: Progress) -> Domain:
        """Scan the folder, or write the layers into `folder`.

        Parameters
        ----------
        folder
            Where layers are written to.
        progress
            Called with a sentence and how many pixels more were copied.

        Raises
        ------
        UserError
            If files or layers do not fit together.
        """
        if self.folder is not None:
            progress(f"Scanning the {self.name} folder", 0.0)
            return typed_domain(self.folder, self.name, self.typed)
        if folder is None:
            raise UserError(
                f"the {self.name} consists of layers, which need a run folder to be "
                "written to: start a run, or choose a folder of files."
            )
        sizes = {(item.voxel_size, item.unit) for item in self.layers}
        if len(sizes) > 1:
            found = ", ".join(sorted(map(_size, sizes)))
            raise UserError(
                f"the {self.name} layers have different voxel sizes ({found}): choose "
                "layers of one scale and unit, or save them as files with their "
                "own voxel sizes."
            )
        voxel_size, unit = sizes.pop()
        folder.mkdir(parents=True, exist_ok=True)
        samples = [
            self._written(item, folder / f"{self.name}_{index:03d}", progress)
            for index, item in enumerate(self.layers)
        ]
        return parse(
            Domain,
            {
                "samples": samples,
                "classes": self.typed.classes,
                "overlapping": any(item.overlapping for item in self.layers),
                "voxel_size": voxel_size,
                "unit": unit,
                "slices": "z" if any(item.sections for item in self.layers) else None,
            },
        )

    def _written(self, item: LayerData, stem: Path, progress: Progress) -> Sample:
        def write(array: Any, suffix: str, rgb: bool = False) -> Path:
            path = stem.with_name(f"{stem.name}_{suffix}.npy")
            before = 0.0
            for done in write_array(path, array, rgb):
                more = (done - before) * prod(array.shape)
                progress(f"Copying layer '{item.name}'", more)
                before = done
            return path

        labels: Path | dict[str, Path] | None = None
        if item.overlapping:
            names = [structure.name for structure in self.typed.classes.values()]
            if len(names) != len(item.labels):
                raise UserError(
                    f"'{item.name}' has {len(item.labels)} masks for {len(names)} "
                    "structures: give every sample one mask per structure."
                )
            labels = {
                name: write(mask, f"mask_{index}")
                for index, (name, mask) in enumerate(
                    zip(names, item.labels, strict=True)
                )
            }
        elif item.labels:
            labels = write(item.labels[0], "labels")
        image = write(item.image, "image", item.rgb)
        role = "train" if self.name == "source" else self.labels_role
        return Sample(
            name=item.name,
            image=image,
            labels=labels,
            labels_role=role,
            fingerprint=fingerprint(image),
        )


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Source and target as they were when training was started."""

    source: DomainPlan
    target: DomainPlan
    voxel_size: tuple[float, ...] | None = None
    """Voxel size that both domains are resampled to, in the source's unit."""

    def dataset(
        self, run: RunFolder | None = None, progress: Progress | None = None
    ) -> Dataset:
        """Scan the folders and write the layers; for a worker thread.

        Parameters
        ----------
        run
            Run folder that takes the pixels of layers; not needed for folders.
        progress
            Called with a sentence and the fraction done of all copying.

        Raises
        ------
        UserError
            If files or layers do not fit together.
        """
        copied, total = 0.0, max(1, self.source.pixels + self.target.pixels)

        def say(text: str, more: float) -> None:
            nonlocal copied
            copied += more
            if progress is not None:
                progress(text, min(1.0, copied / total))

        folder = run.data if run else None
        return parse(
            Dataset,
            {
                "source": self.source.domain(folder, say),
                "target": self.target.domain(folder, say),
                "voxel_size": self.voxel_size,
            },
        )


def plan_dataset(
    source: DomainChoice,
    target: DomainChoice,
    voxel_size: tuple[float, ...] | None = None,
) -> Snapshot:
    """Hold on to the arrays of chosen layers; cheap, for the main thread.

    Raises
    ------
    UserError
        If nothing is chosen, or a layer cannot be a sample.
    """
    return Snapshot(
        plan_domain("source", source), plan_domain("target", target), voxel_size
    )


def plan_domain(name: DomainName, choice: DomainChoice) -> DomainPlan:
    """Hold on to the arrays of one domain.

    Raises
    ------
    UserError
        If nothing is chosen, or a layer cannot be a sample.
    """
    if choice.empty:
        raise UserError(f"there is no {name}: choose a folder or layers for it.")
    layers: tuple[LayerData, ...] = ()
    if choice.folder is None:
        layers = tuple(map(layer_data, choice.layers))
    return DomainPlan(name, choice.folder, layers, choice.labels_role, choice.typed)


def default_axes(image: Image) -> str | None:
    """Guess the letters of a layer's axes, without the colour axis.

    Returns
    -------
    str or None
        Such as "zyx"; None where the user has to say what the axes are.
    """
    names = tuple(label.strip().lower() for label in image.axis_labels)
    if sorted(names) in (["x", "y"], ["x", "y", "z"]):
        return "".join(names)
    return {2: "yx", 3: "zyx"}.get(image.ndim)


def layer_data(pair: LayerPair) -> LayerData:
    """Put the axes of a pair in order without reading its pixels.

    Raises
    ------
    UserError
        If the axes are not y, x and perhaps z, or the labels do not fit the image.
    """
    image = pair.image
    axes = pair.axes or default_axes(image)
    if axes is None or sorted(axes) not in (["x", "y"], ["x", "y", "z"]):
        shape = " x ".join(map(str, _pixels(image, pair.level).shape))
        raise UserError(
            f"layer '{image.name}' has shape {shape}, which is neither (y, x) nor "
            "(z, y, x): split its channels or time points into layers of their own."
        )
    if len(axes) != image.ndim:
        raise UserError(
            f"the axes {axes} do not fit layer '{image.name}', which has "
            f"{image.ndim} axes: give each axis one of the letters z, y and x."
        )
    order = [axes.index(letter) for letter in "zyx" if letter in axes]
    pixels = _pixels(image, pair.level)
    rgb = bool(image.rgb)
    ordered = pixels.transpose(*order, *([image.ndim] if rgb else []))
    labels = tuple(
        _labels(layer, pair, pixels.shape[: image.ndim]).transpose(*order)
        for layer in pair.layers[1:]
    )
    sections = len(order) == 3 and _counts_sections(image, order)
    voxel_size, unit = _voxel_size(
        image, pixels.shape, order[-2:] if sections else order
    )
    if pair.size is not None:
        voxel_size, unit = pair.size
        sections = sections and len(voxel_size) == 2
    return LayerData(
        image.name,
        ordered,
        rgb,
        labels,
        isinstance(pair.labels, tuple),
        voxel_size,
        unit,
        sections,
    )


def _pixels(layer: Image | Labels, level: int) -> Any:
    data = layer.data
    if layer.multiscale:
        data = data[min(level, len(data) - 1)]
    if isinstance(data, np.ndarray):
        return data
    # xarray names its axes and zarr cannot turn them; as dask both stay lazy.
    import dask.array

    return dask.array.asarray(data)  # type: ignore[no-untyped-call]


def _labels(layer: Labels, pair: LayerPair, shape: tuple[int, ...]) -> Any:
    pixels = _pixels(layer, pair.level)
    if pixels.shape != shape:
        raise UserError(
            f"labels '{layer.name}' have shape {pixels.shape}, but image "
            f"'{pair.image.name}' has {shape}: choose the labels of this image."
        )
    return pixels


def _counts_sections(image: Image, order: list[int]) -> bool:
    """Tell whether y and x have a unit of length, but the first axis has none."""
    known = [length_unit(str(image.units[axis])) is not None for axis in order]
    return known == [False, True, True]


def _voxel_size(
    image: Image, shape: tuple[int, ...], order: list[int]
) -> tuple[tuple[float, ...] | None, str | None]:
    """Return the voxel size in the unit of the last axis, or None for pixels."""
    units = [length_unit(str(image.units[axis])) for axis in order]
    if None in units:
        return None, None
    known = [unit for unit in units if unit is not None]
    name = known[-1][0]
    full = image.level_shapes[0] if image.multiscale else shape
    size = tuple(
        float(image.scale[axis])
        * (full[axis] / shape[axis])
        * factor
        * (NANOMETRES[unit] / NANOMETRES[name])
        for axis, (unit, factor) in zip(order, known, strict=True)
    )
    return size, name


def _size(item: tuple[tuple[float, ...] | None, str | None]) -> str:
    size, unit = item
    return "unknown" if size is None else f"{' x '.join(f'{s:g}' for s in size)} {unit}"
