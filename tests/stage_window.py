"""Predict and Check with two images predicted, then checked, for several tests."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import tifffile

import predict_window
from check_window import FAKE, HEIGHT, WIDTH, measured, volume

PREDICTED = {"a", "a · cyclegan_01", "a · truth"}
CHECKED = {"check: original", "check: translated", "check: captions"}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "target"
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    for number, stem in enumerate("ab"):
        image = np.roll(volume((HEIGHT, WIDTH)), 7 * number, 0)
        tifffile.imwrite(folder / "images" / f"{stem}.tif", image)
        labels = np.where(image > 100, 1, 0).astype(np.uint8)
        tifffile.imwrite(folder / "labels" / f"{stem}.tif", labels)
    (folder / "dataset.yaml").write_text("classes: {1: nucleus}\n")
    return folder


def predicted(predict, qtbot, folder):
    """Predict the images of a folder."""
    predict.command = [sys.executable, str(predict_window.FAKE), "threshold"]
    predict.run.setCurrentText("cyclegan_01")
    predict.inputs.set_files([folder])
    predict_window.predict(predict, qtbot)


def checked(check, qtbot, folder):
    """Translate the images of a folder, and measure that."""
    check.command = [sys.executable, str(FAKE), "copy"]
    qtbot.waitUntil(lambda: check.inputs.run.count() == 2)
    check.inputs.run.setCurrentText("cyclegan_01")
    check.inputs.set_files([folder])
    check.inputs.look.setCurrentText("of the source")
    check.translate.click()
    measured(check, qtbot)


def seen(viewer):
    """Return the names of all layers that can be seen."""
    return {layer.name for layer in viewer.layers if layer.visible}
