"""What was chosen before, kept from one start to the next: folders and voxel sizes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from napari_uda.core.spec.domain import Unit
from napari_uda.core.spec.geometry import TypedSize

if TYPE_CHECKING:
    from qtpy.QtCore import QSettings

    from napari_uda.core.spec.domain import DomainName

MOST = 8
"""Folders remembered of each domain."""
MOST_PAIRS = 30
"""Pairs of folders whose resampling is remembered."""
MOST_TYPED = 60
"""Folders whose typed voxel size is remembered."""
RESAMPLING = "resampling"
TYPED = "typed_voxel_sizes"


def recent_folders(settings: QSettings, domain: DomainName) -> list[Path]:
    """Return the folders that are still there, the most recent first."""
    return [folder for folder in _kept(settings, domain) if folder.is_dir()]


def remember_folder(settings: QSettings, domain: DomainName, folder: Path) -> None:
    """Put a folder first; one that is not there now may come back with its drive."""
    if not folder.is_dir():
        return
    others = [one for one in _kept(settings, domain) if one != folder]
    _keep(settings, domain, [folder, *others])


def forget_folder(settings: QSettings, domain: DomainName, folder: Path) -> None:
    """Offer a folder no more: it turned out to hold no images."""
    _keep(settings, domain, [one for one in _kept(settings, domain) if one != folder])


def resampling_of(
    settings: QSettings, source: Path, target: Path
) -> tuple[float, ...] | None:
    """Return the voxel size that two folders were resampled to, if they were."""
    return dict(_pairs(settings)).get((str(source), str(target)))


def remember_resampling(
    settings: QSettings, source: Path, target: Path, size: tuple[float, ...] | None
) -> None:
    """Remember the voxel size that two folders are resampled to; None: as they are."""
    pair = str(source), str(target)
    kept = [one for one in _pairs(settings) if one[0] != pair]
    if size is not None:
        kept.insert(0, (pair, size))
    settings.setValue(RESAMPLING, json.dumps(kept[:MOST_PAIRS]))


def typed_size_of(settings: QSettings, folder: Path) -> TypedSize | None:
    """Return the voxel size that was typed for the images of a folder, if one was."""
    return dict(_typed(settings)).get(str(folder))


def remember_typed_size(
    settings: QSettings, folder: Path, size: TypedSize | None
) -> None:
    """Remember the voxel size that is typed for a folder; None: as its files say."""
    kept = [one for one in _typed(settings) if one[0] != str(folder)]
    if size is not None:
        kept.insert(0, (str(folder), size))
    settings.setValue(TYPED, json.dumps(kept[:MOST_TYPED]))


def _typed(settings: QSettings) -> list[tuple[str, TypedSize]]:
    try:
        return [
            (str(folder), TypedSize(tuple(map(float, sides)), unit))
            for folder, (sides, unit) in json.loads(
                settings.value(TYPED, "[]", type=str)
            )
            if unit in get_args(Unit)
        ]
    except (ValueError, TypeError):
        return []  # written by somebody else


def _pairs(settings: QSettings) -> list[tuple[tuple[str, str], tuple[float, ...]]]:
    try:
        found = json.loads(settings.value(RESAMPLING, "[]", type=str))
        return [
            ((str(source), str(target)), tuple(map(float, size)))
            for (source, target), size in found
        ]
    except (ValueError, TypeError):
        return []  # written by somebody else


def _keep(settings: QSettings, domain: DomainName, folders: list[Path]) -> None:
    settings.setValue(_key(domain), [str(one) for one in folders[:MOST]])


def _kept(settings: QSettings, domain: DomainName) -> list[Path]:
    # A list of one comes back as text, an empty one as nothing.
    found = settings.value(_key(domain)) or []
    return [Path(one) for one in ([found] if isinstance(found, str) else found)]


def _key(domain: DomainName) -> str:
    return f"recent_folders/{domain}"
