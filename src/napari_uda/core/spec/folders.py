"""The folder convention: images/, labels/ with equal stems, and dataset.yaml."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from pydantic import Field

from napari_uda.core.errors import UserError
from napari_uda.core.io import is_image, read, stem_of

from .config import Config, parse
from .domain import (
    PALETTE,
    Dataset,
    Domain,
    DomainName,
    LabelsRole,
    Sample,
    Structure,
    Window,
)

MOST_CLASSES = 32
"""Label files with more distinct values than this look like instance labels."""


class FolderConfig(Config):
    """The content of a `dataset.yaml`."""

    classes: dict[int, Structure | str] = {}
    """Raw label value to structure (or just its name)."""
    voxel_size: tuple[float, ...] | None = None
    """Size of a voxel (z,) y, x."""
    unit: Literal["nm", "um", "mm"] | None = None
    """Unit of the voxel size."""
    normalise: Literal["percentiles"] | Window = "percentiles"
    """How intensities become [-1, 1]."""
    slices: Literal["z"] | None = None
    """Treat volumes slice by slice."""
    overlapping: bool = False
    """One mask per structure."""
    membrane_width: Annotated[float, Field(gt=0)] | None = None
    """Train on membranes of this width (nm) made from instance labels."""
    labels_role: LabelsRole | tuple[str, ...] | None = None
    """What target labels are for, or the stems of those that may train."""
    split: dict[Literal["train", "test"], tuple[str | int, ...]] = {}
    """Stems of each split; without it all samples train."""


def dataset_from_folders(source: Path, target: Path) -> Dataset:
    """Scan two folders into a data set.

    Raises
    ------
    UserError
        If a folder is missing, empty, or its files do not fit together.
    """
    domains = {
        "source": domain_from_folder(source, "source"),
        "target": domain_from_folder(target, "target"),
    }
    return parse(Dataset, domains)


def domain_from_folder(folder: Path, name: DomainName) -> Domain:
    """Scan one folder into a domain.

    Raises
    ------
    UserError
        If the folder is missing, empty, or its files do not fit together.
    """
    folder = folder.expanduser().absolute()
    if not folder.is_dir():
        raise UserError(
            f"{name} folder {folder} does not exist: give a folder with images/ in it."
        )
    config = _read_config(folder)
    inside = folder / "images"
    images = _by_stem(inside if inside.is_dir() else folder)
    if not images:
        raise UserError(
            f"{name} folder {folder} holds no images: put TIFF, NIfTI, PNG or NPY "
            "files into its images/ folder."
        )
    labels, overlapping = _labels(folder, images, config)
    splits = _splits(config, images, folder)
    samples = [
        Sample(
            name=stem,
            image=path,
            labels=labels.get(stem),
            split=splits.get(stem, "train"),
            labels_role=_role(config, stem, name),
            fingerprint=fingerprint(path),
        )
        for stem, path in images.items()
        if stem in splits or not splits
    ]
    classes = _classes(config, samples, overlapping, name)
    return parse(
        Domain,
        {
            "samples": samples,
            "classes": classes,
            "overlapping": overlapping,
            "voxel_size": config.voxel_size,
            "unit": config.unit,
            "normalise": config.normalise,
            "slices": config.slices,
            "membrane_width": config.membrane_width,
        },
        where=str(folder / "dataset.yaml"),
    )


def fingerprint(path: Path) -> str:
    """Hash size, beginning, middle and end of a file: quick, and enough to notice."""
    size = path.stat().st_size
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    with path.open("rb") as file:
        for offset in sorted({0, size // 2, max(0, size - (1 << 20))}):
            file.seek(offset)
            digest.update(file.read(1 << 20))
    return digest.hexdigest()


def _read_config(folder: Path) -> FolderConfig:
    path = folder / "dataset.yaml"
    if not path.exists():
        return FolderConfig()
    return parse(FolderConfig, read_yaml(path), where=str(path))


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises
    ------
    UserError
        If the file is missing, is not YAML, or does not hold a mapping.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        at = f" (line {line + 1})" if line is not None else ""
        raise UserError(f"{path} is not valid YAML{at}: correct the file.") from None
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}): check the path."
        ) from None
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold keys and values, as in 'unit: nm'.")
    return content


def _by_stem(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.is_file() or not is_image(path):
            continue
        stem = stem_of(path)
        if stem in found:
            raise UserError(
                f"{found[stem].name} and {path.name} in {folder} have the same stem: "
                "rename or remove one."
            )
        found[stem] = path
    return found


def _labels(
    folder: Path, images: dict[str, Path], config: FolderConfig
) -> tuple[dict[str, Path | dict[str, Path]], bool]:
    """Return the labels of each stem and whether they overlap."""
    root = folder / "labels"
    if not root.is_dir():
        return {}, config.overlapping
    organs = sorted(path for path in root.iterdir() if path.is_dir())
    if not organs:
        files = _by_stem(root)
        _check_stems(set(files), set(images), root)
        return dict(files), False
    labels: dict[str, Path | dict[str, Path]] = {}
    masks = {organ.name: _by_stem(organ) for organ in organs}
    for name, files in masks.items():
        _check_stems(set(files), set(images), root / name)
    for stem in images:
        found = {name: files[stem] for name, files in masks.items() if stem in files}
        if found:
            labels[stem] = found
    return labels, True


def _check_stems(labels: set[str], images: set[str], folder: Path) -> None:
    strangers = sorted(labels - images)
    if strangers:
        raise UserError(
            f"{folder} has labels without an image: {_some(strangers)}; images and "
            "labels must have equal stems, as in images/01.tif and labels/01.tif."
        )


def _splits(
    config: FolderConfig, images: dict[str, Path], folder: Path
) -> dict[str, Literal["train", "test"]]:
    splits: dict[str, Literal["train", "test"]] = {}
    for split, stems in config.split.items():
        for stem in map(str, stems):
            if stem not in images:
                raise UserError(
                    f"{folder / 'dataset.yaml'}: split {split} names '{stem}', but "
                    f"there is no such image: the stems are {_some(sorted(images))}."
                )
            if stem in splits:
                raise UserError(
                    f"{folder / 'dataset.yaml'}: '{stem}' is in both splits: "
                    "keep it in train or in test."
                )
            splits[stem] = split
    if splits and "train" not in splits.values():
        raise UserError(
            f"{folder / 'dataset.yaml'}: the split has no train samples: name some."
        )
    return splits


def _role(config: FolderConfig, stem: str, name: DomainName) -> LabelsRole:
    if name == "source":
        return "train"
    match config.labels_role:
        case None:
            return "evaluate"
        case "train" | "evaluate" as role:
            return role
        case stems:
            return "train" if stem in stems else "evaluate"


def _classes(
    config: FolderConfig, samples: list[Sample], overlapping: bool, name: DomainName
) -> dict[int, Structure]:
    if config.classes:
        return {
            raw: item
            if isinstance(item, Structure)
            else Structure(name=item, color=PALETTE[i % len(PALETTE)])
            for i, (raw, item) in enumerate(config.classes.items())
        }
    if config.membrane_width is not None:
        return {1: Structure(name="membrane", color=PALETTE[0])}
    if overlapping:
        names = sorted(
            {n for s in samples if isinstance(s.labels, dict) for n in s.labels}
        )
        return _named(dict(enumerate(names, start=1)))
    if name == "target":
        return {}
    values = sorted(set().union(*(_values(sample) for sample in samples)) - {0})
    if len(values) > MOST_CLASSES:
        raise UserError(
            f"the source labels hold {len(values)} different values, which looks like "
            "instances: list classes in dataset.yaml, or set membrane_width (nm)."
        )
    return _named(
        {v: "foreground" if len(values) == 1 else f"class {v}" for v in values}
    )


def _values(sample: Sample) -> set[int]:
    if not isinstance(sample.labels, Path):
        return set()
    return {int(value) for value in np.unique(np.asarray(read(sample.labels).data))}


def _named(names: dict[int, str]) -> dict[int, Structure]:
    return {
        raw: Structure(name=name, color=PALETTE[i % len(PALETTE)])
        for i, (raw, name) in enumerate(names.items())
    }


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
