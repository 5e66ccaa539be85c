from __future__ import annotations

import numpy as np
import pytest

from napari_uda.core.data import normalise as module
from napari_uda.core.data.normalise import intensity_range, normalise
from napari_uda.core.spec.domain import Window


def test_percentiles_become_the_ends():
    image = np.arange(10_001, dtype=np.uint16).reshape(73, 137)
    low, high = intensity_range(image, "percentiles")
    assert (low, high) == pytest.approx((50, 9990))
    result = normalise(image, "percentiles")
    assert result.dtype == np.float32
    assert result.shape == image.shape
    assert result.flat[49] == -1
    assert result.flat[9991] == 1
    assert result.flat[5020] == pytest.approx(0, abs=1e-6)
    assert (result.min(), result.max()) == (-1, 1)


def test_a_window_is_the_same_for_every_image():
    window = Window(window=(-150, 250))
    image = np.array([[-1024, -150, 50], [250, 3000, 0]], np.int16)
    expected = np.array([[-1, -1, 0], [1, 1, -0.25]], np.float32)
    np.testing.assert_allclose(normalise(image, window), expected)


def test_nan_and_infinity_do_not_count():
    image = np.linspace(0, 100, 10_000).reshape(100, 100)
    clean = intensity_range(image, "percentiles")
    image[0, :3] = np.nan, np.inf, -np.inf
    assert intensity_range(image, "percentiles") == pytest.approx(clean, abs=0.05)
    assert normalise(image, "percentiles")[0, :3].tolist() == [-1, 1, -1]
    nothing = np.full((3, 3), np.nan)
    assert (normalise(nothing, "percentiles") == -1).all()


@pytest.mark.parametrize("value", [0, 7, -3.5, 1e20, -1e17])
def test_a_constant_image_stays_constant_and_finite(value):
    assert (normalise(np.full((4, 5), value), "percentiles") == -1).all()


@pytest.mark.parametrize(
    "kind", ["bool", "uint8", ">u2", "int16", "float16", "float32", "float64"]
)
def test_every_type_of_image_is_scaled(kind):
    image = (np.arange(400).reshape(20, 20) % 2).astype(kind)
    assert np.unique(normalise(image, "percentiles")).tolist() == [-1, 1]


def test_the_image_is_left_alone():
    image = np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10)
    before = image.copy()
    normalise(image, "percentiles")
    np.testing.assert_array_equal(image, before)


def test_large_images_are_sampled_in_all_their_columns(monkeypatch):
    image = np.tile(np.arange(100.0), (100, 1))
    whole = intensity_range(image, "percentiles")
    monkeypatch.setattr(module, "MOST_PIXELS", 100)
    low, high = intensity_range(image, "percentiles")
    assert (low, high) == pytest.approx(whole, abs=10)
