"""A Predict tab with runs that segment by a fake, for several tests."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_uda.core.spec.domain import Dataset, Domain, Sample, Structure
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui.predict_widget import PredictWidget
from napari_uda.ui.session import role_of

FAKE = Path(__file__).parent / "ui" / "fake_predictor.py"


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def runs(runs_folder, tmp_path):
    """Two runs of the same data, one trained on the source only; made-up weights."""
    files = []
    for name in ("image", "labels"):
        files.append(tmp_path / f"{name}.npy")
        np.save(files[-1], np.eye(64, dtype=np.uint8))
    classes = {5: Structure(name="nucleus", color="#00ff00")}
    sample = Sample(name="a", image=files[0], labels=files[1])
    domain = Domain(samples=(sample,), classes=classes)
    data = Dataset(source=domain, target=domain)
    made = {}
    for method in ("source_only", "grl"):
        run = RunFolder(runs_folder / f"{method}_01")
        run.create(Experiment.preset(method, "quick", data))
        run.checkpoints.mkdir()
        (run.checkpoints / "last.pt").touch()
        made[method] = run
    (made["grl"].checkpoints / "best.pt").touch()
    return made


@pytest.fixture
def widget(viewer, qtbot, runs):
    widget = PredictWidget(viewer)
    widget.command = [sys.executable, str(FAKE), "threshold"]
    qtbot.addWidget(widget)
    widget.run.setCurrentText("grl_01")
    qtbot.waitUntil(lambda: widget.baseline.count() == 2)
    return widget


def volume():
    image = np.zeros((3, 20, 24), np.uint8)
    image[:, 2:12, 2:12] = 50
    image[:, 5:10, 5:10] = 200
    return image


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    for stem in ("a", "b"):
        tifffile.imwrite(folder / "images" / f"{stem}.tif", volume()[0])
        labels = np.where(volume()[0] == 200, 5, 0).astype(np.uint8)
        tifffile.imwrite(folder / "labels" / f"{stem}.tif", labels)
    (folder / "dataset.yaml").write_text(
        "classes: {5: nucleus}\nsplit: {train: [a], test: [b]}\n"
    )
    return folder


def predict(widget, qtbot):
    widget.predict.click()
    assert not widget.predict.isEnabled()
    qtbot.waitUntil(lambda: not widget._work.busy, timeout=30_000)


def ours(viewer):
    return {one.name: one for one in viewer.layers if role_of(one) == "prediction"}
