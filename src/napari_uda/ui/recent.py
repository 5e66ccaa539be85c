"""Folders chosen as source or target before, kept from one start to the next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtpy.QtCore import QSettings

    from napari_uda.core.spec.domain import DomainName

MOST = 8
"""Folders remembered of each domain."""


def recent_folders(settings: QSettings, domain: DomainName) -> list[Path]:
    """Return the folders that are still there, the most recent first."""
    return [folder for folder in _kept(settings, domain) if folder.is_dir()]


def remember_folder(settings: QSettings, domain: DomainName, folder: Path) -> None:
    """Put a folder first; one that is not there now may come back with its drive."""
    if not folder.is_dir():
        return
    others = [one for one in _kept(settings, domain) if one != folder]
    settings.setValue(_key(domain), [str(one) for one in [folder, *others][:MOST]])


def _kept(settings: QSettings, domain: DomainName) -> list[Path]:
    # A list of one comes back as text, an empty one as nothing.
    found = settings.value(_key(domain)) or []
    return [Path(one) for one in ([found] if isinstance(found, str) else found)]


def _key(domain: DomainName) -> str:
    return f"recent_folders/{domain}"
