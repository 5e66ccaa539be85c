from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_erosion, label

from napari_uda.samples.em import em_section
from napari_uda.samples.microscope import SOURCE, TARGET, micrograph


@pytest.fixture(scope="module")
def section():
    return em_section(np.random.default_rng(3), (160, 192), 8.0)


def test_a_section_is_complete(section):
    assert section.image.shape == section.cells.shape == section.mitochondria.shape
    assert section.image.shape == (160, 192)
    assert section.image.min() >= 0
    assert section.image.max() <= 1
    assert set(np.unique(section.cells)) == set(range(1, section.cells.max() + 1))
    assert 0.03 < section.mitochondria.mean() < 0.45


def test_every_mitochondrion_lies_in_one_cell_apart_from_its_membrane(section):
    parts, count = label(section.mitochondria)
    assert count > 2
    for part in range(1, count + 1):
        assert len(np.unique(section.cells[parts == part])) == 1
    edge = np.zeros(section.cells.shape, bool)
    edge[1:] |= section.cells[1:] != section.cells[:-1]
    edge[:, 1:] |= section.cells[:, 1:] != section.cells[:, :-1]
    assert not (edge & section.mitochondria).any()


def test_membranes_are_dark_and_mitochondria_between_them_and_cytoplasm(section):
    edge = np.zeros(section.cells.shape, bool)
    edge[1:] |= section.cells[1:] != section.cells[:-1]
    cytoplasm = binary_erosion(~edge & ~section.mitochondria, iterations=4)
    levels = [
        section.image[mask].mean() for mask in (edge, section.mitochondria, cytoplasm)
    ]
    assert levels[0] < levels[1] - 0.1 < levels[2] - 0.2


def test_anatomy_has_a_physical_size():
    # The same piece of tissue at half the pixel size has as many cells, not four
    # times as many.
    coarse, fine = (
        np.mean(
            [
                em_section(np.random.default_rng(k), shape, pixel).cells.max()
                for k in range(3)
            ]
        )
        for shape, pixel in (((96, 96), 16.0), ((192, 192), 8.0))
    )
    assert fine == pytest.approx(coarse, rel=0.35)


def test_a_section_depends_on_its_seed_only():
    first, again, other = (
        em_section(np.random.default_rng(seed), (64, 64), 8.0) for seed in (1, 1, 2)
    )
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.image, other.image)


def test_the_stain_changes_greys_but_no_anatomy():
    source, target = (
        em_section(np.random.default_rng(1), (96, 96), 8.0, microscope.stain)
        for microscope in (SOURCE, TARGET)
    )
    np.testing.assert_array_equal(source.mitochondria, target.mitochondria)
    np.testing.assert_array_equal(source.cells, target.cells)
    assert not np.array_equal(source.image, target.image)


def test_the_target_microscope_is_paler_and_softer(section):
    source, target = (
        micrograph(np.random.default_rng(0), section.image, microscope).astype(float)
        for microscope in (SOURCE, TARGET)
    )
    assert np.ptp(np.percentile(target, (1, 99))) < np.ptp(
        np.percentile(source, (1, 99))
    )
    sharpness = [np.abs(np.diff(x)).mean() / x.std() for x in (source, target)]
    assert sharpness[1] < sharpness[0]
