"""Words in the canvas that leave the rest of the viewer alone."""

from __future__ import annotations

import numpy as np
import pytest

from napari_uda.ui.captions import LARGEST, Captions
from napari_uda.ui.session import role_of

WIDTH = 100.0
PLACE = {"scale": (2.0, 2.0), "translate": (5.0, 5.0), "units": ("nm", "nm")}


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def captions(viewer):
    captions = Captions(viewer, "captions", "")
    viewer.scene.camera.zoom = 10
    return captions


def show(captions, *texts):
    corners = [(0.0, WIDTH * at) for at in range(len(texts))]
    captions.show(texts, corners, WIDTH, PLACE)


def layers(viewer):
    return [layer for layer in viewer.layers if role_of(layer) == "caption"]


def words(layer):
    return [text for text in map(str, layer.text.values) if text]  # no spare ones


def test_one_layer_says_it_all_and_is_used_again(viewer, captions):
    image = viewer.add_image(np.zeros((4, 4)), units=("nm", "nm"))
    for _ in range(3):
        show(captions, "source", "source\ntranslated")
        show(captions, "target")
    (layer,) = layers(viewer)
    assert words(layer) == ["target"]
    np.testing.assert_array_equal(layer.data[:1], [(0, 0)])
    assert tuple(layer.translate) == PLACE["translate"]
    assert viewer.layers.selection == {image}
    viewer.layers.remove(layer)
    show(captions, "target")
    (layer,) = layers(viewer)
    # The same pictures are shown by another widget.
    other = Captions(viewer, "captions", "")
    viewer.scene.camera.zoom = 11
    assert layer.visible
    show(other, "source")
    assert (layers(viewer), words(layer)) == ([layer], ["source"])
    captions.remove()
    assert layers(viewer) == []


def test_a_picture_of_other_axes_gets_another_layer(viewer, captions):
    show(captions, "flat")
    captions.show(["deep"], [(0.0, 0.0, 0.0)], WIDTH, {"scale": (1.0, 1.0, 1.0)})
    (layer,) = layers(viewer)
    assert (layer.ndim, words(layer)) == (3, ["deep"])


def test_letters_fit_the_picture_or_go(viewer, captions):
    show(captions, "translated")
    (layer,) = layers(viewer)
    assert (layer.visible, layer.text.size) == (True, LARGEST)
    viewer.scene.camera.zoom = 0.7
    assert layer.visible
    assert layer.text.size < LARGEST
    viewer.scene.camera.zoom = 0.1
    assert not layer.visible
    viewer.scene.camera.zoom = 10
    assert (layer.visible, layer.text.size) == (True, LARGEST)
    captions.hide()
    viewer.scene.camera.zoom = 9
    assert not layer.visible


def test_hidden_in_3d_and_readable_in_both_themes(viewer, captions):
    viewer.theme = "dark"
    show(captions, "one", "two")
    (layer,) = layers(viewer)
    bright = np.array(layer.text.color.constant[:3])
    viewer.theme = "light"
    dark = np.array(layer.text.color.constant[:3])
    assert (bright > 0.7).all()
    assert (dark < 0.3).all()
    viewer.dims.ndisplay = 3
    assert not layer.visible
    viewer.dims.ndisplay = 2
    assert layer.visible
