from __future__ import annotations

import numpy as np
import pytest

from napari_uda.core.spec.folders import dataset_from_folders, domain_from_folder
from napari_uda.samples import domains, torso_ct, torso_pair, write
from napari_uda.samples.radiology import frontal, radiograph, topogram
from napari_uda.samples.torso import ORGANS, torso

SIZE = (5.0, 6.0, 5.0)


@pytest.fixture(scope="module")
def body():
    return torso(np.random.default_rng(1), (76, 44, 76), SIZE)


def inside(body, organ):
    return body.parts[organ] > 0.9


def test_organs_have_their_density_and_share_no_voxel(body):
    levels = {organ: np.median(body.hu[inside(body, organ)]) for organ in ORGANS}
    assert -900 < levels["lung"] < -700
    assert 0 < levels["heart"] < 100
    assert 20 < levels["liver"] < 130
    assert levels["bone"] > 120
    total = sum(body.parts.values())
    assert total.min() >= 0
    assert total.max() < 1 + 1e-5
    assert (body.hu[0] < -900).mean() > 0.1  # air around the body


def test_organs_lie_where_they_do_in_us(body):
    middle = {
        organ: np.argwhere(inside(body, organ)).mean(0) * SIZE for organ in ORGANS
    }
    # z to the head, y to the back, x to the left.
    assert middle["liver"][0] < middle["heart"][0] < middle["lung"][0]
    assert middle["liver"][2] < middle["heart"][2] - 20
    assert middle["heart"][1] < middle["bone"][1]
    litres = {o: inside(body, o).sum() * np.prod(SIZE) / 1e6 for o in ORGANS}
    assert 2 < litres["lung"] < 6
    assert 0.2 < litres["heart"] < 0.9
    assert 0.5 < litres["liver"] < 2.5


def test_subjects_differ_and_depend_on_their_seed_only(body):
    again, other = (
        torso(np.random.default_rng(seed), (76, 44, 76), SIZE) for seed in (1, 2)
    )
    np.testing.assert_array_equal(again.hu, body.hu)
    for organ in ORGANS:
        a, b = inside(body, organ), inside(other, organ)
        assert 2 * (a & b).sum() / (a.sum() + b.sum()) < 0.95


def test_a_radiograph_integrates_from_front_to_back_with_the_head_up():
    volume = np.zeros((4, 5, 6), np.float32)
    volume[3, 1:4, 2] = 1
    found = frontal(volume, 2.0)
    assert found.shape == (4, 6)
    assert found[0, 2] == 6.0
    assert found.sum() == 6.0
    water = radiograph(np.zeros((4, 5, 6), np.float32), 2.0)
    np.testing.assert_allclose(water, 10 * 0.0193, rtol=1e-5)


def test_a_topogram_is_softer_flatter_and_noisy(body):
    paths = radiograph(body.hu, SIZE[1])
    first, second = (
        topogram(np.random.default_rng(seed), paths, 5.0).astype(float)
        for seed in (0, 1)
    )
    assert not np.array_equal(first, second)
    # Still an image of the same patient: the lungs are dark, within the trunk.
    lungs = frontal(body.parts["lung"], SIZE[1]) > 60
    liver = frontal(body.parts["liver"], SIZE[1]) > 60
    assert first[lungs].mean() < first[liver].mean()
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.9
    contrast = [
        (x[liver].mean() - x[lungs].mean()) / (x.max() - x.min())
        for x in (paths, first)
    ]
    assert contrast[1] < contrast[0]


def test_the_pair_can_be_trained_on_and_its_organs_overlap(tmp_path):
    write("torso-pair", tmp_path / "pair")
    data = dataset_from_folders(tmp_path / "pair/source", tmp_path / "pair/target")
    assert data.overlapping
    assert [item.name for item in data.structures] == list(ORGANS)
    for domain in domains("torso-pair"):
        masks_of = dict(domain.stacks())
        for k, image in enumerate(domain.images):
            assert image.shape == (128, 128)
            masks = {organ: masks_of[organ][k] for organ in ORGANS}
            assert all(mask.any() for mask in masks.values())
            assert (masks["lung"] & masks["bone"]).any()
            assert (masks["lung"] & masks["liver"]).any()


def test_the_volumes_are_one_data_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(torso_ct, "SHAPE", (32, 24, 32))
    torso_ct.draw.cache_clear()
    write("torso-ct", tmp_path / "ct")
    torso_ct.draw.cache_clear()
    domain = domain_from_folder(tmp_path / "ct/source", "source")
    assert domain.overlapping
    assert len(domain.samples) == 4
    assert domain.voxel_size == (4, 4, 4)


def test_the_committed_pair_is_what_the_code_draws():
    source, target = domains("torso-pair")
    assert (len(source.images), source.train, target.unit) == (32, 24, "mm")
    for number, (domain, k) in enumerate(((source, 0), (target, 31))):
        rng = np.random.default_rng((torso_pair.SEED, number, k))
        image, masks = torso_pair._image(domain.name, rng)
        # Another platform may round a grey level or a border the other way.
        assert np.abs(domain.images[k].astype(int) - image).max() <= 1
        assert dict(domain.stacks()).keys() == set(ORGANS)
        for organ, stack in domain.stacks():
            assert (stack[k] != masks[organ]).mean() < 1e-3, organ
