"""Predict where the device has no room: again on the processor, by one button."""

from __future__ import annotations

import json
import sys

import pytest
from qtpy.QtWidgets import QLabel

from napari_uda.ui.child import DEVICE_FULL
from napari_uda.ui.fitting import Device
from predict_window import FAKE, ours, predict, runs, viewer, volume, widget

__all__ = ["runs", "viewer", "widget"]  # fixtures

AUTO, CPU = Device("auto", "auto: the fastest"), Device("cpu", "cpu")
CARD = Device("cuda:0", "cuda:0 T4, 15 GB")
LACKING = CARD._replace(problem="PyTorch was installed without CUDA.")


@pytest.fixture
def full(widget, viewer, qtbot):
    """A Predict tab on a machine with a graphics card, which is full."""
    viewer.add_image(volume(), name="MR")
    qtbot.waitUntil(lambda: widget.device.count() == 2)
    widget.device.set_devices([AUTO, CPU, CARD])
    widget.command = [sys.executable, str(FAKE), "full"]
    return widget


def device_of(run):
    words = json.loads((run.path / "asked.json").read_text())["words"]
    return words[words.index("--device") + 1]


def test_a_button_does_it_again_on_the_processor(full, viewer, qtbot, runs):
    assert not full.news.fix.isVisibleTo(full)
    predict(full, qtbot)
    assert full.message.text() == DEVICE_FULL
    assert full.news.fix.isVisibleTo(full)
    assert not ours(viewer)

    full.news.fix.click()
    assert not full.news.fix.isVisibleTo(full)
    qtbot.waitUntil(lambda: not full._work.busy, timeout=30_000)
    assert full.message.text().startswith("1 image predicted.")
    assert "MR · grl_01" in ours(viewer)
    assert [device_of(run) for run in runs.values()] == ["cpu", "cpu"]
    assert full.device.currentText() == "cpu"
    full.device.set_devices([AUTO, CPU, CARD])
    assert full.device.value() == "cpu"


def test_the_button_goes_with_its_sentence(full, qtbot):
    predict(full, qtbot)
    assert full.news.fix.isVisibleTo(full)
    full.command = [sys.executable, str(FAKE), "refuse"]
    predict(full, qtbot)
    assert "too small" in full.message.text()
    assert not full.news.fix.isVisibleTo(full)


def test_the_device_that_is_chosen_computes_both_runs(full, qtbot, runs):
    full.command = [sys.executable, str(FAKE), "threshold"]
    full.device.choose("cuda:0")
    predict(full, qtbot)
    assert [device_of(run) for run in runs.values()] == ["cuda:0", "cuda:0"]
    full.device.choose("auto")
    predict(full, qtbot)
    assert [device_of(run) for run in runs.values()] == ["auto", "auto"]


@pytest.mark.parametrize(
    ("devices", "seen"),
    [([AUTO, CPU], False), ([AUTO, CPU, LACKING], False), ([AUTO, CPU, CARD], True)],
    ids=["processor", "card without CUDA", "card"],
)
def test_devices_are_offered_where_there_is_a_choice(widget, qtbot, devices, seen):
    qtbot.waitUntil(lambda: widget.device.count() == 2)
    box = widget.device
    assert not box.isVisibleTo(widget)
    box.set_devices(devices)
    assert [box.itemText(i) for i in range(box.count())] == [d.words for d in devices]
    assert box.isVisibleTo(widget) == seen
    [caption] = [one for one in widget.findChildren(QLabel) if one.text() == "Device"]
    assert caption.isVisibleTo(widget) == seen
