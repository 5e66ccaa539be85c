"""Arrays that are computed slice by slice."""

from __future__ import annotations

import numpy as np
import pytest

from napari_uda.ui.sliced import Sliced

VOLUME = np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)


@pytest.mark.parametrize("axes", ["zyx", "xyz", "yzx"])
@pytest.mark.parametrize(
    "key",
    [
        np.s_[1],
        np.s_[-1, :, 2],
        np.s_[..., 1],
        np.s_[1:3, ::2],
        np.s_[:, 0, ::-1],
        np.s_[np.int64(2), 1:, :],
    ],
)
def test_it_gives_what_the_whole_array_would(axes, key):
    lazy = Sliced(VOLUME.__getitem__, VOLUME.shape, axes)
    whole = VOLUME.transpose(["zyx".index(letter) for letter in axes])
    assert lazy.shape == whole.shape
    np.testing.assert_array_equal(lazy[key], whole[key])
    np.testing.assert_array_equal(np.asarray(lazy), whole)


def test_a_single_image_has_one_slice():
    image = VOLUME[0]
    lazy = Sliced(lambda z: image + z, image.shape, "xy")
    np.testing.assert_array_equal(np.asarray(lazy), image.T)
    np.testing.assert_array_equal(lazy[2, 1:], image.T[2, 1:])


def test_only_what_is_asked_for_is_computed():
    asked = []

    def compute(z):
        asked.append(z)
        return VOLUME[z]

    Sliced(compute, VOLUME.shape, "zyx")[1]
    assert asked == [1]


def test_beyond_its_end_there_is_nothing():
    with pytest.raises(IndexError):
        Sliced(VOLUME.__getitem__, VOLUME.shape, "zyx")[3]
