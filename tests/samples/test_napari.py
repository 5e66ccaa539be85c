from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer

from napari_uda import samples
from napari_uda.samples import PairDomain, SamplePair
from napari_uda.samples.napari import em_pair, layers


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


def made_up(volumes: bool) -> tuple[PairDomain, ...]:
    shape = (3, 8, 10) if volumes else (8, 10)
    images = [np.zeros(shape, np.int16) for _ in range(6)]
    masks = {name: [np.ones(shape, np.uint8)] * 6 for name in ("lung", "heart")}
    classes = {
        3: {"name": "lung", "color": "#00ff00"},
        4: {"name": "heart", "color": "#ff0000"},
    }
    size = (2.0,) * len(shape)
    return tuple(
        PairDomain(name, images, masks, size, "mm", classes, 5)
        for name in ("source", "target", "target-b")
    )


def test_overlapping_structures_have_a_layer_each(monkeypatch):
    pair = SamplePair("", ("CT", "X-ray", "X-ray"), lambda: made_up(volumes=False))
    monkeypatch.setitem(samples.SAMPLES, "made-up", pair)
    opened = [Layer.create(*data) for data in layers("made-up")]
    assert [layer.name for layer in opened[:4]] == [
        "source CT", "source lung labels", "source heart labels", "target X-ray",
    ]  # fmt: skip
    assert [len(layer.data) for layer in opened] == [5] * 9
    heart = opened[2]
    assert heart.metadata["napari_uda"]["classes"][1]["name"] == "heart"
    assert heart.get_color(1).tolist() == [1, 0, 0, 1]
    roles = [layer.metadata["napari_uda"]["role"] for layer in opened]
    assert roles == ["source"] * 3 + ["target"] * 3 + ["target-b"] * 3


def test_volumes_are_layers_of_their_own_that_do_not_overlap(monkeypatch):
    pair = SamplePair("", ("CT", "MR", "MR"), lambda: made_up(volumes=True))
    monkeypatch.setitem(samples.SAMPLES, "made-up", pair)
    opened = [Layer.create(*data) for data in layers("made-up")]
    images = [layer for layer in opened if layer._type_string == "image"]
    assert [layer.name for layer in images[:2]] == ["source-00 CT", "source-01 CT"]
    assert {layer.axis_labels for layer in opened} == {("z", "y", "x")}
    corners = {tuple(layer.extent.world[0]) for layer in images}
    assert len(corners) == len(images) == 12
    boxes = [layer.extent.world[:, 1:] for layer in images]
    for k, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[:k]:
            assert (high < other_low).any() or (other_high < low).any()
