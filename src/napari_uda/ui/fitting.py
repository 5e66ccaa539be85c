"""Settings that follow from the data, and devices there are; for workers."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from napari_uda.core.errors import UserError
from napari_uda.core.io import is_image, read_header
from napari_uda.core.spec.experiment import FEWEST_SLICES
from napari_uda.core.spec.folders import read_yaml

if TYPE_CHECKING:
    from .snapshot import DomainPlan, Snapshot

QUICK_PATCH = 128
"""Patch size that is reduced where the images are smaller."""


def fitted_settings(snapshot: Snapshot) -> dict[str, Any]:
    """Choose dims and patch size from the shapes of the images alone.

    Does for data that are not yet written what `core.spec.experiment.fitted` does for
    a data set.

    Returns
    -------
    dict
        Settings of the method; empty if the images cannot be read, which the Data tab
        explains.
    """
    try:
        source, target = _shapes(snapshot.source), _shapes(snapshot.target)
    except (UserError, OSError):
        return {}
    shapes = [*source, *target]
    if not shapes:
        return {}
    deep = all(len(shape) == 3 and shape[0] >= FEWEST_SLICES for shape in shapes)
    sliced = _sliced(snapshot.source) or _sliced(snapshot.target)
    smallest = min(min(shape[-2:]) for shape in shapes)
    settings: dict[str, Any] = {"dims": 3 if deep and not sliced else 2}
    if smallest < QUICK_PATCH:
        settings["patch_size"] = max(16, smallest // 16 * 16)
    return settings


def find_devices() -> list[tuple[str, str]]:
    """Return devices as values and words, without importing torch."""
    found = [("auto", "auto: the fastest"), ("cpu", "cpu")]
    if sys.platform == "darwin" and platform.machine() == "arm64":
        found.append(("mps", "mps: Apple GPU"))
    return found + _nvidia()


def _nvidia() -> list[tuple[str, str]]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = ["--query-gpu=index,name,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(
            [tool, *query], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    devices = []
    for line in answer.stdout.splitlines():
        index, name, memory = (part.strip() for part in line.split(",", 2))
        size = f", {int(memory) / 1024:.0f} GB" if memory.isdigit() else ""
        devices.append((f"cuda:{index}", f"cuda:{index} {name}{size}"))
    return devices


def _shapes(plan: DomainPlan) -> list[tuple[int, ...]]:
    if plan.folder is None:
        return [
            tuple(item.image.shape[:-1] if item.rgb else item.image.shape)
            for item in plan.layers
        ]
    inside = plan.folder / "images"
    folder = inside if inside.is_dir() else plan.folder
    return [read_header(file).shape for file in folder.iterdir() if is_image(file)]


def _sliced(plan: DomainPlan) -> bool:
    if plan.folder is None:
        return any(item.sections for item in plan.layers)
    file = plan.folder / "dataset.yaml"
    return file.exists() and read_yaml(file).get("slices") == "z"
