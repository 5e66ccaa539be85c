from __future__ import annotations

import numpy as np
import pytest

from napari_uda.core.engine.translated import MEASURES, measure_translations


@pytest.fixture
def images():
    """Return three smooth images of 64 x 64 pixels."""
    y, x = np.mgrid[:64, :64] / 6
    pictures = [np.sin(y + 2 * i) * np.cos(x * (1 + i / 3)) for i in range(3)]
    return 0.5 * np.stack(pictures).astype(np.float32)


def test_an_image_that_stays_keeps_everything(images):
    found = measure_translations(images, images, images)
    assert found.keys() == MEASURES.keys()
    assert found.pop("changed") == 0
    assert list(found.values()) == pytest.approx([1, 1, 1, 1])


def test_inverted_contrast_keeps_structure(images):
    found = measure_translations(images, -images, images)
    assert found["correlation"] == pytest.approx(-1)
    assert found["structure"] == pytest.approx(1)


@pytest.mark.parametrize("count", [1, 3])
def test_one_texture_for_all_inputs_has_no_variety(images, count):
    texture = np.sign(np.sin(np.arange(64) * np.pi / 4 + 0.1)).astype(np.float32)
    same = np.broadcast_to(texture, (count, 64, 64))
    found = measure_translations(images[:count], same, images)
    assert found["variety"] == pytest.approx(0, abs=1e-6)
    assert found["contrast"] > 0.5


def test_half_the_contrast(images):
    found = measure_translations(images, 0.5 * images, images)
    assert found["contrast"] == pytest.approx(0.5)
    assert found["variety"] == pytest.approx(0.5)


def test_what_cannot_be_told_is_left_out(images):
    flat = np.zeros_like(images[:1])
    assert measure_translations(images[:1], flat, images) == {
        "contrast": 0,
        "changed": pytest.approx(50 * np.abs(images[:1]).mean(), rel=0.01),
        "variety": 0,
    }
    assert measure_translations(images, images, flat).keys() == {
        "correlation", "structure", "changed",
    }  # fmt: skip
