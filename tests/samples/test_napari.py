from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer

from napari_uda.samples.napari import em_pair


def test_layers_open_in_napari_side_by_side():
    viewer = ViewerModel()
    for data in em_pair():
        viewer.add_layer(Layer.create(*data))
    assert [layer.name for layer in viewer.layers] == [
        "source EM",
        "source labels",
        "target EM",
        "target truth (held back)",
    ]
    source, labels, target, truth = viewer.layers
    assert source.extent.world[1, -1] < target.extent.world[0, -1]
    np.testing.assert_array_equal(source.extent.world, labels.extent.world)
    np.testing.assert_array_equal(target.extent.world, truth.extent.world)
    assert [str(unit) for unit in source.units] == ["pixel", "nanometer", "nanometer"]
    assert source.axis_labels == ("n", "y", "x")
    assert labels.colormap.map(1)[:3].tolist() != labels.colormap.map(0)[:3].tolist()


def test_layers_say_what_they_are():
    said = [attributes["metadata"]["napari_uda"] for _, attributes, _ in em_pair()]
    assert [(one["role"], one["kind"]) for one in said] == [
        ("source", "image"),
        ("source", "labels"),
        ("target", "image"),
        ("target", "truth"),
    ]
    assert all(one["classes"][1]["name"] == "mitochondrion" for one in said)


def test_layers_can_be_painted_without_spoiling_the_sample():
    first = em_pair()[1][0]
    first[:] = 7
    assert em_pair()[1][0].max() == 1
