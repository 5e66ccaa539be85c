"""Our layers never make napari complain of units."""

from __future__ import annotations

import numpy as np
import pytest
from napari.utils.notifications import notification_manager

from napari_uda.ui.mosaics import Mosaic
from napari_uda.ui.previews import Previews
from napari_uda.ui.session import METADATA_KEY, Session

FLAT, STACK = np.zeros((20, 30), np.float32), np.zeros((3, 20, 30), np.float32)


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def previews(viewer, qtbot):
    previews = Previews(Session.of(viewer))
    qtbot.addWidget(previews)
    show(previews, qtbot, "source", "target")
    return previews


def show(previews, qtbot, *keys):
    """Show flat pictures, of which each new one is made in a turn of its own."""
    previews._on_loaded([Mosaic(key, FLAT) for key in keys])
    qtbot.waitUntil(lambda: set(keys) <= set(previews.layers()), timeout=10_000)


@pytest.fixture
def complaints(viewer):
    """What napari has said of units since."""
    notification_manager.records.clear()

    def complaints():
        viewer.window._qt_viewer.canvas.on_draw()
        said = [record.message for record in notification_manager.records]
        return [words for words in said if "nits" in words]

    return complaints


def units(layer):
    return tuple(map(str, layer.units))


@pytest.mark.parametrize("data", [FLAT, STACK])
def test_previews_come_first(viewer, previews, complaints, data):
    viewer.add_image(data, units=("nm",) * data.ndim)
    assert complaints() == []
    assert units(previews.layers()["source"]) == ("nanometer",) * 2


def test_previews_come_second_and_units_change(viewer, previews, complaints, qtbot):
    image = viewer.add_image(STACK, units=("pixel", "nm", "nm"))
    show(previews, qtbot, "source", "to_target")
    assert complaints() == []
    image.units = ("pixel",) * 3
    assert complaints() == []
    assert units(previews.layers()["to_target"]) == ("pixel",) * 2
    viewer.layers.remove(image)
    viewer.add_labels(FLAT.astype(int), units=("mm", "mm"))
    assert complaints() == []
    assert units(previews.layers()["source"]) == ("millimeter",) * 2


def test_layers_left_from_a_check_follow_as_far_as_they_can(viewer, complaints):
    metadata = {METADATA_KEY: {"role": "check", "kind": "image"}}
    Session.of(viewer)
    ours = viewer.add_image(STACK, metadata=metadata, units=("nm",) * 3)
    viewer.add_image(FLAT)
    assert complaints() == []
    assert units(ours) == ("nanometer", "pixel", "pixel")


def test_what_the_user_mixes_is_left_to_napari(viewer, previews, complaints):
    one = viewer.add_image(FLAT, units=("nm", "nm"))
    other = viewer.add_image(FLAT)
    assert len(complaints()) == 1
    assert (units(one), units(other)) == (("nanometer",) * 2, ("pixel",) * 2)
