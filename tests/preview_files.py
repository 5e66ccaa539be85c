"""What the tests of previews share: a run with files, a wait until they are seen."""

from __future__ import annotations

import numpy as np
import pytest

from napari_uda.core.spec import events as ev
from napari_uda.core.spec.domain import Structure
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui import previews as module
from napari_uda.ui.previews import Previews
from napari_uda.ui.session import Session

STRUCTURES = (
    Structure(name="nucleus", color="#ff0000"),
    Structure(name="membrane", color="#00ff00"),
)


@pytest.fixture
def run(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.previews.mkdir(parents=True)
    return run


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def previews(viewer, qtbot, monkeypatch, run):
    """The slider over the previews of an empty run, as fast as it can be."""
    monkeypatch.setattr(module, "FASTEST", 0)
    widget = Previews(Session.of(viewer))
    qtbot.addWidget(widget)
    widget.open(run, STRUCTURES)
    return widget


def write(run, step, side=8, **more):
    image = np.full((2, side, side), step / 100, np.float16)
    labels = np.full((2, side, side), step % 3, np.uint8)
    arrays = {"source": image, "target": image, "target_prediction": labels, **more}
    file = f"previews/{step:06d}.npz"
    np.savez(run.path / file, **arrays)
    return ev.Preview(run="run", step=step, file=file)


def shown_at(previews, step):
    """Tell whether all layers show this step."""
    layers = previews.layers()
    pixel = float(layers["source"].data[0, 0]) if "source" in layers else None
    return previews._worker is None and pixel == pytest.approx(step / 100, abs=1e-3)


def show(previews, qtbot, run, step, **more):
    previews.add([write(run, step, **more)])
    qtbot.waitUntil(lambda: shown_at(previews, step), timeout=10_000)
