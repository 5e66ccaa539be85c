"""Kept from one start to the next: the folders chosen, and what was typed for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from napari_uda.core.spec.domain import Axes, Structure, Unit
from napari_uda.core.spec.geometry import TypedSize
from napari_uda.core.spec.typed import Typed

if TYPE_CHECKING:
    from qtpy.QtCore import QSettings

    from napari_uda.core.spec.domain import DomainName

MOST = 8
"""Folders remembered of each domain."""
MOST_PAIRS = 30
"""Pairs of folders whose resampling is remembered."""
MOST_TYPED = 60
"""Folders of which it is remembered what was typed."""
RESAMPLING = "resampling"
_Size = tuple[tuple[float, ...], Unit]
KEYS = ("typed_voxel_sizes", "typed_axes", "typed_classes")


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


def typed_of(settings: QSettings, folder: Path) -> Typed:
    """Return what was typed for the images of a folder."""
    size, axes, classes = (_of_folders(settings, key).get(str(folder)) for key in KEYS)
    try:
        return Typed(
            size and TypedSize(*TypeAdapter(_Size).validate_python(size)),
            TypeAdapter(Axes | None).validate_python(axes),
            TypeAdapter(dict[int, Structure]).validate_python(classes or {}),
        )
    except ValidationError:
        return Typed()  # written by somebody else


def remember_typed(settings: QSettings, folder: Path, typed: Typed) -> None:
    """Remember what is typed for a folder; forget what is as its files say."""
    classes = {raw: item.model_dump() for raw, item in typed.classes.items()}
    for key, value in zip(KEYS, (typed.size, typed.axes, classes), strict=True):
        kept = _of_folders(settings, key)
        kept.pop(str(folder), None)
        if value:
            kept = {str(folder): value, **kept}
        settings.setValue(key, json.dumps(list(kept.items())[:MOST_TYPED]))


def _of_folders(settings: QSettings, key: str) -> dict[str, Any]:
    try:
        found = json.loads(settings.value(key, "[]", type=str))
        return {str(folder): value for folder, value in found}
    except (ValueError, TypeError):
        return {}  # written by somebody else


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
