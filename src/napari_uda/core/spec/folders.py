"""The folder convention: images/, labels/ with equal stems, and dataset.yaml."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import Field

from napari_uda.core.errors import UserError
from napari_uda.core.io import is_image, read_header, stem_of

from .classes import check_masks, folder_classes
from .config import Config, parse
from .domain import (
    Axes,
    Dataset,
    Domain,
    DomainName,
    LabelsRole,
    Normalise,
    Sample,
    Structure,
    Unit,
)

if TYPE_CHECKING:
    from pathlib import Path


class FolderConfig(Config):
    """The content of a `dataset.yaml`."""

    classes: dict[int, Structure | str] = {}
    """Raw label value to structure (or just its name)."""
    axes: Axes | None = None
    """Which axis of the files is which, where they do not say or mislead."""
    voxel_size: tuple[float, ...] | None = None
    """Size of a voxel (z,) y, x."""
    unit: Unit | None = None
    """Unit of the voxel size."""
    normalise: Normalise = "percentiles"
    """How intensities become [-1, 1]."""
    slices: Literal["z"] | None = None
    """Treat volumes slice by slice."""
    overlapping: bool = False
    """One mask per structure."""
    membrane_width: Annotated[float, Field(gt=0)] | None = None
    """Train on membranes of this width (nm) made from instance labels."""
    labels_role: LabelsRole | tuple[str | int, ...] | None = None
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


def domain_from_folder(
    folder: Path, name: DomainName, *, lenient: bool = False, axes: str | None = None
) -> Domain:
    """Scan one folder into a domain.

    Parameters
    ----------
    folder, name
        The folder, and which domain it holds.
    lenient
        Whether to pass over label files that cannot be used when looking for classes;
        inspecting each sample says what is wrong with them.
    axes
        Which axis of the files is which, whatever `dataset.yaml` says.

    Raises
    ------
    UserError
        If the folder is missing, empty, or its files do not fit together.
    """
    folder = folder.expanduser().absolute()
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise UserError(
            f"{name} folder {folder} {what}: give a folder with images/ in it."
        )
    config = folder_config(folder)
    inner = folder.name in ("images", "labels") and name == "source"
    if inner and (folder.parent / "images").is_dir():
        raise UserError(
            f"{folder} lies inside a data folder: give {folder.parent} as {name}."
        )
    inside = folder / "images"
    images = by_stem(inside if inside.is_dir() else folder)
    if not images and _holds_images(folder / name):
        raise UserError(
            f"{folder} holds no images itself, but its folder {name} does: give "
            f"{folder / name} as {name}."
        )
    if not images:
        raise UserError(
            f"{name} folder {folder} holds no images: put TIFF, NIfTI, PNG or NPY "
            "files into its images/ folder."
        )
    labels, overlapping = _labels(folder, images, config)
    splits = _splits(config, images, folder)
    if isinstance(config.labels_role, tuple):
        _check_known(config.labels_role, images, folder, "labels_role")
    samples = [
        Sample(
            name=stem,
            image=path,
            labels=labels.get(stem),
            split=splits.get(stem, "train"),
            labels_role=_role(config, stem, name),
            axes=axes or config.axes,
            fingerprint=fingerprint(path),
        )
        for stem, path in images.items()
        if stem in splits or not splits
    ]
    classes = folder_classes(config, samples, overlapping, name, lenient)
    if overlapping and name == "source":
        check_masks(classes, samples, folder)
    return parse(
        Domain,
        {
            "samples": samples,
            "classes": classes,
            "overlapping": overlapping,
            "voxel_size": config.voxel_size,
            "unit": config.unit or _header_unit(samples),
            "normalise": config.normalise,
            "slices": config.slices,
            "membrane_width": config.membrane_width,
        },
        where=str(folder / "dataset.yaml"),
    )


def _holds_images(folder: Path) -> bool:
    places = (folder / "images", folder)
    return any(by_stem(place) for place in places if place.is_dir())


def fingerprint(path: Path) -> str:
    """Hash size, beginning, middle and end of a file: quick, and enough to notice."""
    size = path.stat().st_size
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    with path.open("rb") as file:
        for offset in sorted({0, size // 2, max(0, size - (1 << 20))}):
            file.seek(offset)
            digest.update(file.read(1 << 20))
    return digest.hexdigest()


def data_folder(image: Path) -> Path:
    """Return the data folder that an image file is in, with or without images/."""
    folder = image.absolute().parent
    return folder.parent if folder.name == "images" else folder


def folder_config(folder: Path) -> FolderConfig:
    """Return what the `dataset.yaml` of a folder says; nothing, if it has none.

    Raises
    ------
    UserError
        If the file cannot be used.
    """
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


def by_stem(folder: Path) -> dict[str, Path]:
    """Return the images in a folder by their stem.

    Raises
    ------
    UserError
        If two of them have the same stem.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if not path.is_file() or not is_image(path):
            continue
        stem = stem_of(path)
        if stem in found:
            raise UserError(
                f"{found[stem].name} and {path.name} in {folder} have the same stem: "
                "rename or remove one."
            )
        found[stem] = path
    return found


def _header_unit(samples: list[Sample]) -> str | None:
    """Return the unit of the first image that has one and can be read."""
    for sample in samples:
        with suppress(UserError):
            if unit := read_header(sample.image, sample.axes).geometry.unit:
                return unit
    return None


def _labels(
    folder: Path, images: dict[str, Path], config: FolderConfig
) -> tuple[dict[str, Path | dict[str, Path]], bool]:
    """Return the labels of each stem and whether they overlap."""
    root = folder / "labels"
    if not root.is_dir():
        return {}, config.overlapping
    organs = sorted(
        path for path in root.iterdir() if path.is_dir() and path.name[0] != "."
    )
    files = by_stem(root)
    if not organs:
        if config.overlapping:
            raise UserError(
                f"{folder / 'dataset.yaml'} says overlapping: true, but {root} has no "
                "folders: give every structure a folder of masks, as in labels/liver/."
            )
        _check_stems(set(files), set(images), root)
        return dict(files), False
    if files:
        raise UserError(
            f"{root} holds both files and folders: keep one label file per image, or "
            "one folder of masks per structure."
        )
    labels: dict[str, Path | dict[str, Path]] = {}
    masks = {organ.name: by_stem(organ) for organ in organs}
    for name in masks:
        _check_stems(set(masks[name]), set(images), root / name)
    for stem in images:
        if found := {name: masks[name][stem] for name in masks if stem in masks[name]}:
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
        _check_known(stems, images, folder, f"split {split}")
        for stem in map(str, stems):
            if splits.setdefault(stem, split) != split:
                raise UserError(
                    f"{folder / 'dataset.yaml'}: '{stem}' is in both splits: "
                    "keep it in train or in test."
                )
    if splits and "train" not in splits.values():
        raise UserError(
            f"{folder / 'dataset.yaml'}: the split has no train samples: name some."
        )
    return splits


def _check_known(
    stems: tuple[str | int, ...], images: dict[str, Path], folder: Path, key: str
) -> None:
    for stem in stems:
        if str(stem) not in images:
            hint = "" if isinstance(stem, str) else '; write numbers in quotes, as "01"'
            raise UserError(
                f"{folder / 'dataset.yaml'}: {key} names '{stem}', but there is no "
                f"such image: the stems are {_some(sorted(images))}{hint}."
            )


def _role(config: FolderConfig, stem: str, name: DomainName) -> LabelsRole:
    if name == "source":
        return "train"
    match config.labels_role:
        case None:
            return "evaluate"
        case "train" | "evaluate" as role:
            return role
        case stems:
            return "train" if stem in map(str, stems) else "evaluate"


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
