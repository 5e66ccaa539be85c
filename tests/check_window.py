"""A Check tab with runs that translate by a fake, for several tests."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_uda.core.spec.domain import Dataset, Domain, Sample, Structure
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui.check_widget import CheckWidget
from napari_uda.ui.session import METADATA_KEY, role_of

FAKE = Path(__file__).parent / "ui" / "fake_translator.py"
PLACE = {
    "scale": (4.0, 2.0, 2.0),
    "translate": (8.0, 10.0, 30.0),
    "units": ("nm",) * 3,
    "axis_labels": ("z", "y", "x"),
}
SLICES, HEIGHT, WIDTH = 5, 40, 48


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def runs(runs_folder, tmp_path):
    """Make runs of four methods, with made-up weights."""
    file = tmp_path / "image.npy"
    np.save(file, np.eye(64, dtype=np.uint8))
    classes = {1: Structure(name="nucleus", color="#00ff00")}
    sample = Sample(name="a", image=file, labels=file)
    domain = Domain(samples=(sample,), classes=classes)
    data = Dataset(source=domain, target=domain)
    made = {}
    for method in ("grl", "accseg", "cyclegan"):
        run = RunFolder(runs_folder / f"{method}_01")
        run.create(Experiment.preset(method, "quick", data))
        run.checkpoints.mkdir()
        (run.checkpoints / "best.pt").touch()
        made[method] = run
    return made


@pytest.fixture
def widget(viewer, qtbot, runs):
    widget = CheckWidget(viewer)
    widget.command = [sys.executable, str(FAKE), "invert"]
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: widget.inputs.run.count() == 2)
    widget.inputs.run.setCurrentText("cyclegan_01")
    return widget


def volume(shape=(SLICES, HEIGHT, WIDTH)):
    noise = np.random.default_rng(0).normal(size=shape)
    smooth = gaussian_filter(noise, (0, 3, 3)[-len(shape) :])
    return (
        np.digitize(smooth, np.quantile(smooth, [0.3, 0.6, 0.9])).astype(np.uint8) * 60
    )


def damaged(image):
    """Invert; the third slice loses everything, the second some of it."""
    fake = 1 - 2 * image.astype(np.float32) / 255
    fake[2] = np.random.default_rng(0).normal(size=image.shape[1:]) / 4
    fake[1, :20] = fake[1].mean()
    return fake


def add_image(viewer, role="target", name="MR", data=None):
    metadata = {METADATA_KEY: {"role": role, "kind": "image"}} if role else {}
    data = volume() if data is None else data
    place = PLACE if data.ndim == 3 else {}
    return viewer.add_image(data, name=name, metadata=metadata, **place)


def measured(widget, qtbot):
    qtbot.waitUntil(
        lambda: (
            not widget._work.busy
            and (widget.panel.review is None or not widget.panel.busy)
        ),
        timeout=60_000,
    )


def compare(widget, qtbot, translated=None):
    """Compare an image of the viewer with a damaged copy of it."""
    viewer = widget.session.viewer
    original = add_image(viewer)
    other = viewer.add_image(
        damaged(original.data) if translated is None else translated, name="fake"
    )
    widget.inputs.origin.setCurrentText("compare two layers")
    widget.inputs.image.setLayer(original)
    widget.inputs.translated.setLayer(other)
    assert widget.translate.text() == "Compare"
    widget.translate.click()
    measured(widget, qtbot)
    return original, other


def ours(viewer):
    return {
        layer.name.removeprefix("check: "): layer
        for layer in viewer.layers
        if role_of(layer) == "check"
    }


def shown(viewer):
    return {name for name, layer in ours(viewer).items() if layer.visible}


def state(layer):
    return (
        layer.name, layer.visible, layer.opacity, tuple(layer.translate),
        tuple(layer.contrast_limits), tuple(layer.scale),
    )  # fmt: skip


def seen(layer):
    """Return the pixels that napari shows of a layer."""
    layer.set_view_slice()
    return np.asarray(layer._slice.image.raw)


def slice_now(viewer):
    return round((viewer.dims.point[0] - PLACE["translate"][0]) / PLACE["scale"][0])


def press(viewer, key):
    viewer.keymap[next(one for one in viewer.keymap if str(one) == key)](viewer)
