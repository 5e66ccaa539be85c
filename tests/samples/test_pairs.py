"""What holds of every drawn pair, and what shift each one is about."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from napari.layers import Layer
from scipy.ndimage import binary_dilation

from napari_uda.core.data.inspect import inspect
from napari_uda.core.spec.folders import dataset_from_folders
from napari_uda.core.spec.methods import method_config
from napari_uda.samples import SAMPLES, cine_pair, write
from napari_uda.samples.abdomen import axial_slice
from napari_uda.samples.cine import short_axis
from napari_uda.samples.heart import chest
from napari_uda.samples.napari import layers

DRAWN = ("cine-pair", "heart-pair", "abdomen-pair")
ANATOMIES = {
    "cine": (short_axis, (96, 96), 1.5),
    "heart": (chest, (20, 40, 40), 5.0),
    "abdomen": (axial_slice, (96, 108), 3.4),
}
drawn = pytest.mark.parametrize("name", DRAWN)
anatomies = pytest.mark.parametrize("anatomy", ANATOMIES)


def body(anatomy, seed):
    draw, shape, size = ANATOMIES[anatomy]
    return draw(np.random.default_rng(seed), shape, size)


@drawn
def test_labels_are_maps_of_the_classes_and_every_subject_has_them(name):
    for domain in SAMPLES[name].draw():
        for image, labels in zip(domain.images, domain.labels, strict=True):
            assert image.shape == labels.shape
            assert labels.dtype == np.uint8
            assert set(np.unique(labels)) == {0, *domain.classes}


@drawn
def test_no_subject_occurs_twice(name):
    arrays = [array for domain in SAMPLES[name].draw() for array in domain.labels]
    assert len({array.tobytes() for array in arrays}) == len(arrays)
    size = max(np.mean(a > 0) for a in arrays)
    overlaps = [np.mean((a > 0) & (b > 0)) for a, b in pairwise(arrays)]
    assert np.mean(overlaps) < 0.8 * size  # nor are they alike


@drawn
def test_the_anatomy_of_the_domains_is_drawn_alike(name):
    domains = SAMPLES[name].draw()
    for value in domains[0].classes:
        sizes = [[np.mean(a == value) for a in d.labels] for d in domains]
        spread = np.std(sizes[0]) + np.mean(sizes[0]) / 4
        for other in sizes[1:]:
            assert np.mean(other) == pytest.approx(np.mean(sizes[0]), abs=spread)


@drawn
def test_the_written_pair_is_ready_to_train(name, tmp_path):
    write(name, tmp_path / "pair")
    folders = sorted(path.name for path in (tmp_path / "pair").iterdir())
    assert folders == sorted(domain.name for domain in SAMPLES[name].draw())
    for target in folders[1:]:
        data = dataset_from_folders(
            tmp_path / "pair/source", tmp_path / "pair" / target
        )
        method = method_config("source_only")
        dims = SAMPLES[name].draw()[0].images[0].ndim
        found = inspect(
            data, method.model_copy(update={"dims": dims, "patch_size": 48})
        )
        assert not found.first_error
        assert {row.severity for row in found.samples} == {"ok"}
        assert {sample.labels_role for sample in data.target.samples} == {"evaluate"}
        assert len(data.target.part("test")) * 3 == len(data.target.part("train"))


@drawn
def test_the_pair_opens_as_layers(name):
    opened = [Layer.create(*data) for data in layers(name)]
    names = [layer.name for layer in opened]
    assert len(set(names)) == len(names)
    for image, labels in zip(opened[::2], opened[1::2], strict=True):
        np.testing.assert_array_equal(image.extent.world, labels.extent.world)
        assert labels.name.startswith(image.name.rsplit(" ", 1)[0])


@anatomies
def test_a_subject_depends_on_its_seed_only(anatomy):
    first, again, other = (body(anatomy, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.labels, again.labels)
    for (tissue, weight), (same, equal) in zip(
        first.strokes, again.strokes, strict=True
    ):
        assert tissue == same
        np.testing.assert_array_equal(weight, equal)
    assert not np.array_equal(first.labels, other.labels)


def test_the_same_seed_gives_the_same_pair():
    for domain, again in zip(
        cine_pair.draw(), cine_pair.draw.__wrapped__(), strict=True
    ):
        np.testing.assert_array_equal(domain.images, again.images)
        np.testing.assert_array_equal(domain.labels, again.labels)


@pytest.mark.parametrize("seed", range(5))
def test_the_blood_pool_lies_in_its_myocardium(seed):
    cine = body("cine", seed)
    pool, wall = cine.labels == 2, cine.labels == 1
    assert (binary_dilation(pool) & ~pool <= wall).all()
    muscle = cine.mix(dict.fromkeys(cine.tissues, 0.0) | {"myocardium": 1.0})
    assert (muscle[wall] > 0.4).mean() > 0.95
    assert (muscle[pool] > 0.5).any()  # papillary muscles belong to the pool


@pytest.mark.parametrize("seed", range(5))
def test_the_chambers_lie_where_they_belong(seed):
    heart = body("heart", seed)
    left, right, left_atrium, right_atrium, wall = (
        np.mean(np.nonzero(heart.labels == value), axis=1) for value in range(1, 6)
    )
    assert right[2] < left[2]  # columns run from the patient's right to the left
    assert right_atrium[2] < left_atrium[2]
    assert right[1] < left_atrium[1]  # rows run from front to back
    assert left[1] < left_atrium[1]
    assert np.linalg.norm(wall - left) < 3
    inside = binary_dilation(heart.labels == 1) & (heart.labels != 1)
    assert np.isin(heart.labels[inside], (3, 5)).mean() > 0.75


@pytest.mark.parametrize("seed", range(5))
def test_the_liver_lies_on_the_right_with_its_vessels(seed):
    abdomen = body("abdomen", seed)
    liver = abdomen.labels == 1
    assert np.mean(np.nonzero(liver)[1]) < 0.45 * liver.shape[1]
    tissue = abdomen.mix(dict.fromkeys(abdomen.tissues, 0.0) | {"liver": 1.0})
    blood = abdomen.mix(dict.fromkeys(abdomen.tissues, 0.0) | {"blood": 1.0})
    assert tissue[liver].mean() > 0.75
    assert (tissue[~liver] > 0.6).mean() < 0.005
    assert (blood[liver] > 0.5).any()


def levels(domain, value):
    """Mean grey of a class in each image, as training sees it: -1 to 1."""
    found = []
    for image, labels in zip(domain.images, domain.labels, strict=True):
        window = domain.extras.get("normalise", {}).get("window")
        low, high = window or np.percentile(image, (0.5, 99.9))
        grey = np.clip(2 * (image - float(low)) / (high - low) - 1, -1, 1)
        found.append(grey[labels == value].mean())
    return np.array(found)


def test_vendors_show_muscle_and_blood_in_other_greys():
    source, target, other = cine_pair.draw()
    step = np.mean(levels(source, 2) - levels(source, 1))
    assert np.mean(levels(target, 1) - levels(source, 1)) > 0.2
    assert 0.3 < np.mean(levels(target, 2) - levels(target, 1)) < 0.95 * step
    assert 0.1 < np.mean(levels(other, 2) - levels(other, 1)) < 0.6 * step


def test_only_ct_tells_the_left_heart_from_the_right():
    ct, mr = SAMPLES["heart-pair"].draw()
    apart = [np.mean(levels(d, 1) - levels(d, 2)) for d in (ct, mr)]
    assert apart[0] > 0.3
    assert abs(apart[1]) < 0.2
    assert np.mean(levels(mr, 5)) < np.mean(levels(ct, 5)) - 0.15


def test_cone_beam_ct_is_noisy_and_off_the_hounsfield_scale():
    ct, cone, _ = SAMPLES["abdomen-pair"].draw()
    shift, noise = [], []
    for domain in (ct, cone):
        pixels = [
            i[lab == 1] for i, lab in zip(domain.images, domain.labels, strict=True)
        ]
        shift.append(np.mean([np.median(p) for p in pixels]))
        noise.append(
            np.mean([np.subtract(*np.percentile(p, (75, 25))) for p in pixels])
        )
    assert shift[0] - shift[1] > 100
    assert noise[1] > 1.4 * noise[0]
