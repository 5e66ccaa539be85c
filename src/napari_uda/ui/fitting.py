"""Settings that follow from the data, and devices there are; for workers."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from napari_uda.core.errors import UserError
from napari_uda.core.io import is_image, read_header
from napari_uda.core.spec.experiment import extent_of_shapes, fitted_config
from napari_uda.core.spec.folders import read_yaml
from napari_uda.core.spec.methods import method_config

if TYPE_CHECKING:
    from napari_uda.core.spec.methods import MethodConfig

    from .snapshot import DomainPlan, Snapshot


def extent_of(snapshot: Snapshot) -> tuple[int, int] | None:
    """Return 2 or 3 dimensions to train in, and the smallest side in the plane.

    Does for data that are not yet written what `core.spec.experiment.extent` does for
    a data set.

    Returns
    -------
    tuple[int, int] or None
        None if the images cannot be read, which the Data tab explains.
    """
    try:
        shapes = [*shapes_of(snapshot.source), *shapes_of(snapshot.target)]
        sliced = _sliced(snapshot.source) or _sliced(snapshot.target)
    except (UserError, OSError):
        return None
    if not shapes:
        return None
    return extent_of_shapes(shapes, sliced)


def preset_config(
    method: str, preset: str, extent: tuple[int, int] | None
) -> MethodConfig:
    """Return a preset as `Experiment.preset` would fit it to data of this extent.

    Raises
    ------
    UserError
        If there is no such method or preset.
    """
    if extent is None:
        return method_config(method, preset)
    try:
        return fitted_config(method, preset, *extent)
    except UserError:
        # Images too small for the networks of the preset: the form says so on Start.
        return method_config(method, preset)


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


def shapes_of(plan: DomainPlan) -> list[tuple[int, ...]]:
    """Return the shapes of a domain's images without reading their pixels.

    Raises
    ------
    UserError
        If an image cannot be read.
    """
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
