from __future__ import annotations

from pathlib import Path

import pytest

from napari_uda.core.inference.unlike import Unlike

FILE = Path("a.tif")


@pytest.fixture
def looked(make_experiment, make_dataset):
    """Return a function that says what is strange of images."""

    def look(*images, dims=2, size=(1.5, 1.5), **changes):
        data = make_dataset(dims=dims)
        own = {"voxel_size": size, "unit": "mm" if size else None, **changes}
        data = data.model_copy(
            update={
                name: data.domain(name).model_copy(update=own)
                for name in ("source", "target")
            }
        )
        said = []
        unlike = Unlike(make_experiment(data=data), "target", said.append)
        for axes, voxel in images:
            unlike.look_at(FILE, axes, voxel)
        return said

    return look


def test_what_the_run_was_trained_for_is_not_mentioned(looked):
    assert looked((2, (1.5, 1.5)), (2, (1.1, 1.1)), (2, None)) == []


@pytest.mark.parametrize(
    ("side", "words"), [(4.0, "2.7 times as small"), (0.5, "3 times as large")]
)
def test_another_pixel_size_is_said_once(looked, side, words):
    (said,) = looked((2, (side, side)), (2, (side, side)))
    assert f"pixels of {side:g} mm, this run was trained on 1.5 mm" in said
    assert words in said


def test_a_run_that_does_not_know_its_pixels_says_nothing(looked):
    assert looked((2, (4.0, 4.0)), size=None) == []


def test_a_volume_for_a_run_on_single_images_is_said(looked):
    (said,) = looked((3, (4.0, 1.5, 1.5)))
    assert "is a volume, but this run was trained on single images" in said
    assert looked((3, (4.0, 1.5, 1.5)), dims=3, slices="z") == []
