"""Settings that follow from the data, and devices there are; for workers."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from napari_uda.core.errors import UserError
from napari_uda.core.io import is_image, read_header
from napari_uda.core.spec.experiment import extent_of_shapes, fitted_config
from napari_uda.core.spec.folders import folder_config, read_yaml
from napari_uda.core.spec.methods import method_config

if TYPE_CHECKING:
    from napari_uda.core.spec.methods import MethodConfig

    from .snapshot import DomainPlan, Snapshot


class Device(NamedTuple):
    """Where a run can be computed."""

    value: str
    """What the configuration calls it."""
    words: str
    """What the user reads."""
    problem: str = ""
    """Why it cannot be used; empty if it can."""


LACKS_CUDA = (
    "{card} cannot be used: PyTorch was installed without CUDA. Install the CUDA build "
    "of PyTorch (pytorch.org) to train on it."
)


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


def find_devices() -> list[Device]:
    """Return the devices there are, without importing torch."""
    cards = _nvidia()
    if cards and not _has_cuda():
        cards = [
            card._replace(problem=LACKS_CUDA.format(card=card.words)) for card in cards
        ]
    fastest = "cpu, as PyTorch lacks CUDA" if any(c.problem for c in cards) else ""
    found = [Device("auto", f"auto: {fastest or 'the fastest'}"), Device("cpu", "cpu")]
    if sys.platform == "darwin" and platform.machine() == "arm64":
        found.append(Device("mps", "mps: Apple GPU"))
    return found + cards


def _nvidia() -> list[Device]:
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
        devices.append(Device(f"cuda:{index}", f"cuda:{index} {name}{size}"))
    return devices


def _has_cuda() -> bool:
    """Tell whether PyTorch was built with CUDA, by what it says without an import."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return True  # a trainer that cannot use a card says so
    try:
        about = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return True
    return re.search(r"^cuda\b.*= None$", about, re.MULTILINE) is None


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
    axes = plan.typed.axes or folder_config(plan.folder).axes
    files = filter(is_image, folder.iterdir())
    return [read_header(file, axes).shape for file in files]


def _sliced(plan: DomainPlan) -> bool:
    if plan.folder is None:
        return any(item.sections for item in plan.layers)
    file = plan.folder / "dataset.yaml"
    return file.exists() and read_yaml(file).get("slices") == "z"
