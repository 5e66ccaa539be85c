from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_uda.core.data.augment import Augmentation


def seen(augmentation, shape, times=300):
    """Return the distinct results of the geometry on a patch without symmetry."""
    image = torch.arange(float(np.prod(shape))).reshape(shape)
    random = np.random.default_rng(0)
    results = set()
    for _ in range(times):
        one, label = augmentation.geometry(image, image.long(), random)
        assert torch.equal(one.long(), label)
        results.add(tuple(one.flatten().tolist()))
    return results


@pytest.mark.parametrize(
    ("flip", "rotate", "shape", "count"),
    [
        (False, False, (3, 3), 1),
        (True, False, (3, 3), 4),
        (False, True, (3, 3), 4),
        (True, True, (3, 3), 8),
        (True, False, (2, 3, 3), 8),
        (True, True, (2, 3, 3), 16),
    ],
)
def test_all_symmetries_and_no_others_occur(flip, rotate, shape, count):
    augmentation = Augmentation(flip=flip, rotate=rotate, intensity=0)
    assert len(seen(augmentation, shape)) == count


def test_masks_turn_with_their_image():
    image = torch.arange(9.0).reshape(3, 3)
    masks = torch.stack([image > i for i in range(4)]).byte()
    random = np.random.default_rng(1)
    for _ in range(20):
        turned, label = Augmentation(True, True, 0).geometry(image, masks, random)
        assert torch.equal(label, torch.stack([turned > i for i in range(4)]).byte())


def test_intensities_change_within_their_range_and_per_image():
    images = torch.linspace(-1, 1, 64).reshape(1, 1, 8, 8).repeat(4, 1, 1, 1)
    augmentation = Augmentation(False, False, 1.0)
    changed = augmentation.intensities(images, np.random.default_rng(0))
    assert changed.shape == images.shape
    assert changed.dtype == images.dtype
    assert changed.min() >= -1
    assert changed.max() <= 1
    assert not torch.equal(changed[0], images[0])
    assert not torch.equal(changed[0], changed[1])
    again = augmentation.intensities(images, np.random.default_rng(0))
    assert torch.equal(changed, again)


def test_the_strength_scales_the_change():
    images = torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1

    def change(strength):
        augmentation = Augmentation(False, False, strength)
        changed = augmentation.intensities(images, np.random.default_rng(0))
        return float((changed - images).abs().mean())

    assert change(0.0) == 0
    assert 0 < change(0.1) < change(0.5) < change(1.0)
