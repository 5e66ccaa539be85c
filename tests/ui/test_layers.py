from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_uda.core.io import Geometry
from napari_uda.core.spec.domain import Structure
from napari_uda.ui.choice import LayerPair
from napari_uda.ui.layers import (
    aligned,
    axes_choices,
    axes_note,
    class_colormap,
    classes_of,
    default_class,
    from_layer_axes,
    images_in,
    labels_in,
    labels_kwargs,
    layer_volume,
    placed,
    to_layer_axes,
    voxel_sides,
)
from napari_uda.ui.session import METADATA_KEY
from napari_uda.ui.snapshot import layer_data

STACK = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def test_previews_and_predictions_are_never_offered():
    viewer = ViewerModel()
    image = viewer.add_image(STACK)
    labels = viewer.add_labels(STACK)
    for role in ("preview", "prediction"):
        metadata = {METADATA_KEY: {"role": role}}
        viewer.add_image(STACK, metadata=metadata)
        viewer.add_labels(STACK, metadata=metadata)
    viewer.add_points(np.zeros((1, 3)))
    assert images_in(viewer.layers) == [image]
    assert labels_in(viewer.layers) == [labels]


def test_axes_of_a_stack_can_be_corrected_and_those_of_an_image_not():
    assert axes_choices(Image(STACK[0])) == ("yx",)
    assert axes_choices(Image(STACK))[0] == "zyx"
    assert set(axes_choices(Image(STACK))) >= {"zyx", "xyz", "yxz"}
    assert axes_choices(Image(STACK, axis_labels=("y", "x", "z")))[0] == "yxz"
    assert axes_choices(Image(STACK[None])) == ()


def test_time_or_channels_are_not_taken_for_depth_silently():
    doubtful = LayerPair(Image(STACK, axis_labels=("t", "y", "x")))
    assert "t, y, x" in axes_note(doubtful)
    assert "choose the axes" in axes_note(doubtful)
    assert "no names" in axes_note(LayerPair(Image(STACK)))
    plain = Image(STACK, axis_labels=("z", "y", "x"))
    assert axes_note(LayerPair(plain)) == ""
    assert axes_note(LayerPair(plain, axes="yxz")) == ""
    assert axes_note(LayerPair(Image(STACK[0]))) == ""


@pytest.mark.parametrize("axes", ["zyx", "xyz", "yxz", "zxy"])
def test_axes_there_and_back(axes):
    there = from_layer_axes(STACK, axes)
    np.testing.assert_array_equal(to_layer_axes(there, axes), STACK)
    assert there.shape == tuple(STACK.shape[axes.index(letter)] for letter in "zyx")


def test_a_layer_becomes_a_volume_with_its_geometry():
    units = ("mm", "um", "um")
    image = Image(STACK, scale=(0.002, 3, 4), units=units)
    item = layer_data(LayerPair(image))
    volume = layer_volume(item, item.image)
    np.testing.assert_array_equal(volume.data, STACK)
    assert volume.header.geometry.voxel_size == pytest.approx((2, 3, 4))
    assert volume.header.geometry.unit == "um"
    assert volume.header.axes == "zyx"


def test_a_colour_layer_becomes_grey():
    colour = np.zeros((5, 6, 3), np.uint8)
    colour[..., 1] = 100
    item = layer_data(LayerPair(Image(colour, rgb=True)))
    grey = layer_volume(item, item.image).data
    np.testing.assert_array_equal(grey, np.full((5, 6), 59, np.uint8))


def test_sections_get_a_thickness_only_where_one_is_needed():
    units = ("pixel", "nm", "nm")
    item = layer_data(LayerPair(Image(STACK, scale=(1, 4, 5), units=units)))
    assert item.sections
    assert item.voxel_size == (4, 5)
    assert voxel_sides(item) == (4, 4, 5)


def test_a_result_lies_over_its_image():
    image = Image(
        STACK,
        scale=(3, 2, 2),
        translate=(7, 8, 9),
        units=("um", "um", "um"),
        axis_labels=("z", "y", "x"),
        affine=np.diag([1, 2, 1, 1]),
    )
    labels = Labels(STACK, **aligned(image, STACK.shape))
    for corner in ((0, 0, 0), (1, 2, 3), (0.5, 0.5, 0.5)):
        assert labels.data_to_world(corner) == pytest.approx(
            image.data_to_world(corner)
        )
    assert labels.units == image.units
    assert labels.axis_labels == image.axis_labels


def test_a_result_of_a_coarser_level_covers_the_same_field():
    fine = np.zeros((16, 16), np.uint8)
    image = Image([fine, fine[::2, ::2]], multiscale=True, scale=(3, 3), rotate=30)
    labels = Labels(np.zeros((8, 8), np.uint8), **aligned(image, (8, 8)))
    for fine_corner, coarse_corner in ((-0.5, -0.5), (15.5, 7.5)):
        assert labels.data_to_world((coarse_corner,) * 2) == pytest.approx(
            image.data_to_world((fine_corner,) * 2)
        )


def test_files_are_placed_by_their_geometry():
    place = placed(Geometry((4.0, 2.0, 2.0), "um"), 3)
    assert Image(STACK, **place).scale == pytest.approx((4, 2, 2))
    assert Image(STACK, **placed(Geometry(None, None), 3)).scale == pytest.approx(1)


def test_classes_have_names_and_colours_in_the_layer():
    classes = {2: Structure(name="liver", color="#ff0000")}
    layer = Labels(STACK, **labels_kwargs("mask", classes, {}))
    assert layer.get_color(2) == pytest.approx((1, 0, 0, 1))
    assert layer.get_color(7)[3] == 0
    assert "liver" in layer.get_status((0, 0, 2), world=True)["coordinates"]


def test_classes_are_taken_from_metadata_or_from_the_colours_shown():
    described = Labels(
        STACK,
        metadata={METADATA_KEY: {"classes": {1: "liver", "2": {"name": "spleen"}}}},
    )
    assert [item.name for item in classes_of(described).values()] == ["liver", "spleen"]
    painted = Labels(
        STACK, colormap=class_colormap({3: Structure(name="x", color="#0000ff")})
    )
    assert classes_of(painted) == {}
    assert default_class(painted, 3, 0, alone=True).color == "#0000ff"
    assert default_class(painted, 3, 0, alone=True).name == "foreground"
    assert default_class(Labels(STACK), 3, 0, alone=False).name == "class 3"
