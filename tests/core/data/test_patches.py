from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_uda.core.data.load import LoadedSample, load_samples
from napari_uda.core.data.patches import PatchSampler
from napari_uda.core.errors import UserError
from napari_uda.core.spec.domain import IGNORE

CPU = torch.device("cpu")


def ramp_sample(shape, masks=0, name="ramp"):
    """Return a sample whose labels are a function of its image, voxel by voxel."""
    image = np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    labels = labels_of(image)
    if masks:
        labels = np.stack([labels > i for i in range(masks)]).astype(np.uint8)
    return LoadedSample(name, image, labels)


def labels_of(image):
    return np.digitize(image, [-0.5, 0.1, 0.6]).astype(np.uint8)


def sampler(samples, config, *, outputs=0, seed=0, stream=0, **options):
    return PatchSampler(
        samples, config, outputs=outputs, seed=seed, stream=stream, device=CPU,
        **options,
    )  # fmt: skip


@pytest.mark.parametrize("dims", [2, 3])
def test_a_batch_depends_on_seed_stream_index_and_rank_alone(dims, make_config):
    config = make_config("source_only", dims)
    samples = [ramp_sample((9, 40, 36)), ramp_sample((12, 50, 60))]

    def batch(index=5, rank=0, **options):
        made = sampler(samples, config, augment_intensity=0.5, **options)
        return made.batch(index, rank)

    one, again = batch(), batch()
    assert torch.equal(one.image, again.image)
    assert torch.equal(one.label, again.label)
    reused = sampler(samples, config, augment_intensity=0.5)
    for index in (7, 0, 5):
        other = reused.batch(index)
    assert torch.equal(one.image, other.image)
    torch.manual_seed(99)
    np.random.seed(99)
    assert torch.equal(one.image, batch().image)
    for changed in (batch(index=6), batch(rank=1), batch(seed=1), batch(stream=1)):
        assert not torch.equal(one.image, changed.image)


@pytest.mark.parametrize("masks", [0, 3])
@pytest.mark.parametrize(
    ("dims", "shape"),
    [(2, (60, 70)), (2, (5, 60, 70)), (3, (20, 40, 30)), (3, (4, 9, 40))],
)
def test_labels_stay_with_their_pixels(dims, shape, masks, make_config):
    config = make_config("source_only", dims, foreground=0.5, batch_size=4)
    made = sampler([ramp_sample(shape, masks)], config, outputs=masks)
    for index in range(6):
        batch = made.batch(index)
        assert batch.image.shape == (4, 1, *config.patch_shape)
        assert batch.image.dtype == torch.float32
        assert batch.label.dtype == torch.uint8
        expected = torch.from_numpy(labels_of(batch.image[:, 0].numpy()))
        for i in range(max(1, masks)):
            label = batch.label[:, i] if masks else batch.label
            known = label != IGNORE
            assert known.any()
            right = expected > i if masks else expected
            assert torch.equal(label[known], right.to(torch.uint8)[known])
            assert known.all() == all(
                a >= b for a, b in zip(shape[-dims:], config.patch_shape, strict=True)
            )


def test_small_images_are_padded_by_their_edge_and_not_labelled_there(make_config):
    config = make_config("source_only", flip=False, rotate=False, batch_size=1)
    small = ramp_sample((20, 40))
    patch = sampler([small], config).batch(0)
    assert patch.image.shape == (1, 1, 32, 32)
    assert (patch.label[0, :6] == IGNORE).all()
    assert (patch.label[0, -6:] == IGNORE).all()
    assert not (patch.label[0, 6:26] == IGNORE).any()
    assert (patch.image[0, 0, :6] == patch.image[0, 0, 6]).all()
    assert (patch.image[0, 0, 26:] == patch.image[0, 0, 25]).all()


@pytest.mark.parametrize("masks", [0, 2])
def test_without_labels_nothing_is_labelled(masks, make_config):
    config = make_config("source_only")
    image = ramp_sample((40, 40)).image
    batch = sampler([LoadedSample("a", image, None)], config, outputs=masks).batch(0)
    assert batch.label.shape == (2, *((masks,) if masks else ()), 32, 32)
    assert (batch.label == IGNORE).all()


@pytest.mark.parametrize(
    ("fraction", "low", "high"), [(0, 0, 0.1), (0.6, 0.5, 0.75), (1, 1, 1)]
)
def test_patches_are_centred_on_structures_as_often_as_asked(
    fraction, low, high, make_config
):
    config = make_config(
        "source_only", patch_size=16, foreground=fraction, batch_size=200
    )
    labels = np.zeros((400, 400), np.uint8)
    labels[100, 300] = 1
    labels[250, 50] = 2
    labels[380:, 380:] = IGNORE
    image = np.zeros(labels.shape, np.float32)
    batch = sampler([LoadedSample("a", image, labels)], config).batch(0)
    first = (batch.label == 1).flatten(1).any(1)
    second = (batch.label == 2).flatten(1).any(1)
    part = (first | second).float().mean()
    assert low <= part <= high
    if fraction:
        assert 0.3 < first.sum() / (first | second).sum() < 0.7


@pytest.mark.parametrize(
    ("fraction", "expected"), [(0.0, 0.25), (0.75, 0.75), (1.0, 1.0)]
)
def test_labelled_samples_get_their_part_of_the_patches(
    fraction, expected, make_config
):
    config = make_config("source_only", patch_size=16, batch_size=300)
    labelled = ramp_sample((40, 40))
    bare = [LoadedSample(n, labelled.image, None) for n in "abc"]
    batch = sampler(
        [bare[0], labelled, *bare[1:]], config, labelled_fraction=fraction
    ).batch(0)
    got = (batch.label != IGNORE).flatten(1).any(1).float().mean()
    assert got == pytest.approx(expected, abs=0.08)
    alone = sampler([labelled], config, labelled_fraction=fraction).batch(0)
    assert (alone.label != IGNORE).all()


def test_large_samples_are_cut_more_often(make_config):
    config = make_config("source_only", patch_size=16, batch_size=300)
    samples = [
        LoadedSample("a", np.full((20, 20), -1, np.float32), None),
        LoadedSample("b", np.full((60, 20), 1, np.float32), None),
    ]
    batch = sampler(samples, config).batch(0)
    assert (batch.image > 0).float().mean() == pytest.approx(0.75, abs=0.08)


def test_slices_of_volumes_are_patches_in_2d(make_config):
    config = make_config("source_only", batch_size=60, foreground=0)
    image = np.repeat(np.linspace(-1, 1, 5, dtype=np.float32), 40 * 40)
    sample = LoadedSample("a", image.reshape(5, 40, 40), None)
    batch = sampler([sample], config).batch(0)
    for patch in batch.image:
        assert patch.unique().numel() == 1
    assert batch.image.unique().numel() == 5


def test_a_flat_image_is_no_volume(make_config):
    config = make_config("source_only", 3)
    with pytest.raises(UserError, match=r"'ramp' is a 2D image.*method\.dims=2"):
        sampler([ramp_sample((40, 40))], config)


@pytest.mark.parametrize("dims", [2, 3])
def test_images_on_disk_give_the_same_patches(
    dims, tmp_path, make_dataset, make_config
):
    config = make_config("source_only", dims)
    data = make_dataset(dims=3)

    def batches(**options):
        samples = load_samples(
            data, "source", data.source.samples, may_see=lambda _: True, **options
        )
        made = sampler(samples, config)
        return [made.batch(i) for i in range(3)]

    for kept, mapped in zip(
        batches(), batches(cache=tmp_path / "cache", memory=0), strict=True
    ):
        assert mapped.image.dtype == torch.float32
        torch.testing.assert_close(mapped.image, kept.image, rtol=0, atol=1e-3)
        assert torch.equal(mapped.label, kept.label)


@pytest.mark.parametrize("known", [(), (1,), (0, 1)])
def test_a_patch_says_whether_its_domain_has_labels_at_all(known, make_config):
    whole = [ramp_sample((40, 40)), ramp_sample((40, 40))]
    samples = [
        sample if i in known else LoadedSample("bare", sample.image, None)
        for i, sample in enumerate(whole)
    ]
    made = sampler(samples, make_config("source_only"))
    assert {made.batch(index).labelled for index in range(4)} == {bool(known)}
