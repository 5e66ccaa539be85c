"""Check where the device has no room: again on the processor, by one button."""

from __future__ import annotations

import json
import sys

import pytest
from qtpy.QtWidgets import QLabel

from check_window import FAKE, add_image, measured, runs, viewer, widget
from napari_uda.ui.child import DEVICE_FULL
from napari_uda.ui.fitting import Device

__all__ = ["runs", "viewer", "widget"]  # fixtures

AUTO, CPU = Device("auto", "auto: the fastest"), Device("cpu", "cpu")
CARD = Device("cuda:0", "cuda:0 T4, 15 GB")


@pytest.fixture
def full(widget, viewer, qtbot):
    """A Check tab on a machine with a graphics card, which is full."""
    add_image(viewer)
    device = widget.inputs.device
    qtbot.waitUntil(lambda: device.count() == 2)
    assert not device.isVisibleTo(widget)
    device.set_devices([AUTO, CPU, CARD])
    widget.command = [sys.executable, str(FAKE), "full"]
    return widget


def test_a_button_does_it_again_on_the_processor(full, qtbot, runs):
    full.translate.click()
    measured(full, qtbot)
    assert full.message.text() == DEVICE_FULL
    assert full.news.fix.isVisibleTo(full)
    assert full.panel.review is None

    full.news.fix.click()
    assert not full.news.fix.isVisibleTo(full)
    measured(full, qtbot)
    assert full.panel.review is not None
    words = json.loads((runs["cyclegan"].path / "asked.jsonl").read_text())
    assert words[words.index("--device") + 1] == "cpu"
    assert full.inputs.device.currentText() == "cpu"


def test_two_layers_are_compared_without_a_device(full):
    device = full.inputs.device
    [caption] = [one for one in full.findChildren(QLabel) if one.text() == "Device"]
    assert device.isVisibleTo(full)
    assert caption.isVisibleTo(full)
    full.inputs.origin.setCurrentText("compare two layers")
    assert not device.isVisibleTo(full)
    assert not caption.isVisibleTo(full)
