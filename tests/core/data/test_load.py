from __future__ import annotations

import numpy as np
import pytest

from napari_uda.core.data.load import (
    load_samples,
    resample,
    resample_labels,
    zoom_factors,
)
from napari_uda.core.errors import UserError
from napari_uda.core.io import Geometry, read, write_image, write_labels
from napari_uda.core.spec.domain import IGNORE, Dataset, Domain, Sample, Structure


def everything(_):
    return True


def nothing(_):
    return False


def load(data, domain="source", may_see=everything, **options):
    samples = data.domain(domain).samples
    return load_samples(data, domain, samples, may_see=may_see, **options)


def test_images_are_normalised_and_labels_indexed(make_dataset):
    samples = load(make_dataset())
    assert [sample.name for sample in samples] == ["s0", "s1"]
    for sample in samples:
        assert sample.image.dtype == np.float32
        assert (sample.image.min(), sample.image.max()) == (-1, 1)
        assert sample.labels.dtype == np.uint8
        assert sample.labels.shape == sample.image.shape == (40, 44)
        assert set(np.unique(sample.labels)) == {0, 1, 2}


def test_labels_that_may_not_be_seen_are_not_even_read(make_dataset):
    data = make_dataset()
    for sample in data.source.samples:
        sample.labels.unlink()
    assert [sample.labels for sample in load(data, may_see=nothing)] == [None, None]
    with pytest.raises(UserError, match="does not exist"):
        load(data)


def test_overlapping_masks_are_stacked_in_the_order_of_the_structures(make_dataset):
    data = make_dataset(overlapping=True, dims=3)
    for sample, given in zip(load(data), data.source.samples, strict=True):
        assert sample.labels.shape == (2, *sample.image.shape)
        for i, name in enumerate(("cell", "vessel")):
            np.testing.assert_array_equal(sample.labels[i], np.load(given.labels[name]))


def test_a_mask_that_is_missing_is_not_labelled(make_dataset):
    data = make_dataset(overlapping=True)
    first = data.target.samples[0]
    labels = {"vessel": first.labels["vessel"]}
    partial = first.model_copy(update={"labels": labels})
    (sample,) = load_samples(data, "target", [partial], may_see=everything)
    assert (sample.labels[0] == IGNORE).all()
    assert set(np.unique(sample.labels[1])) == {0, 1}


def test_a_label_image_serves_where_structures_may_overlap(make_dataset):
    overlapping, exclusive = make_dataset(overlapping=True), make_dataset()
    data = Dataset(source=overlapping.source, target=exclusive.target)
    raw = np.load(data.target.samples[0].labels)
    raw[:2] = IGNORE
    np.save(data.target.samples[0].labels, raw)
    labels = load(data, "target")[0].labels
    assert labels.shape == (2, *raw.shape)
    assert (labels[:, :2] == IGNORE).all()
    np.testing.assert_array_equal(labels[1, 2:], raw[2:] == 2)


def test_masks_do_not_serve_where_structures_exclude_each_other(make_dataset):
    data = Dataset(
        source=make_dataset().source, target=make_dataset(overlapping=True).target
    )
    with pytest.raises(UserError, match="one mask per structure"):
        load(data, "target")


def test_labels_of_another_shape_are_refused(make_dataset):
    data = make_dataset()
    np.save(data.source.samples[1].labels, np.zeros((40, 40), np.uint8))
    with pytest.raises(UserError, match=r"s1_label\.npy have shape 40 x 40.*40 x 44"):
        load(data)


def spaced(folder, name, shape, size, unit):
    """Write a bright half and its label as TIFF with a voxel size."""
    image = np.zeros(shape, np.uint8)
    image[..., : shape[-1] // 2] = 200
    write_image(folder / f"{name}.tif", image, Geometry(size, unit))
    write_labels(folder / f"{name}_label.tif", image // 200, Geometry(size, unit))
    return Domain(
        samples=(
            Sample(
                name=name,
                image=folder / f"{name}.tif",
                labels=folder / f"{name}_label.tif",
            ),
        ),
        classes={1: Structure(name="half")},
        unit=unit,
    )


def test_both_domains_are_resampled_to_one_voxel_size(tmp_path):
    data = Dataset(
        source=spaced(tmp_path, "a", (20, 40), (8.0, 8.0), "nm"),
        target=spaced(tmp_path, "b", (40, 40), (0.004, 0.016), "um"),
        voxel_size=(4.0, 8.0),
    )
    for name, shape in (("source", (40, 40)), ("target", (40, 80))):
        (sample,) = load(data, name)
        assert sample.image.shape == sample.labels.shape == shape
        middle = shape[1] // 2
        assert sample.labels[:, :middle].all()
        assert not sample.labels[:, middle:].any()
        bright = sample.image > 0
        assert abs(bright[5].sum() - middle) <= 1
    assert zoom_factors(
        data, "target", read(data.target.samples[0].image)
    ) == pytest.approx((1.0, 2.0))


def test_volumes_are_resampled_along_the_axes_that_are_given(tmp_path):
    data = Dataset(
        source=spaced(tmp_path, "a", (3, 20, 40), (30.0, 8.0, 8.0), "nm"),
        target=spaced(tmp_path, "b", (3, 20, 40), (30.0, 4.0, 4.0), "nm"),
        voxel_size=(4.0, 4.0),
    )
    assert load(data)[0].image.shape == (3, 40, 80)
    assert load(data, "target")[0].labels.shape == (3, 20, 40)
    coarse = data.model_copy(update={"voxel_size": (300.0, 8.0, 8.0)})
    assert load(coarse)[0].image.shape == (1, 20, 40)


def test_resampling_asks_for_a_voxel_size(make_dataset):
    data = make_dataset().model_copy(update={"voxel_size": (4.0, 4.0)})
    with pytest.raises(UserError, match=r"s0\.npy has no voxel size"):
        load(data)


def test_shrinking_smooths_images_and_not_labels():
    random = np.random.default_rng(0)
    noise = random.normal(size=(80, 80)).astype(np.float32)
    small = resample(noise, (0.25, 0.25))
    assert small.shape == (20, 20)
    assert small.std() < 0.5 * noise.std()
    labels = random.choice([0, 3, IGNORE], (2, 80, 80)).astype(np.uint8)
    shrunk = resample_labels(labels, (0.25, 0.25))
    assert shrunk.shape == (2, 20, 20)
    assert set(np.unique(shrunk)) == {0, 3, IGNORE}
    assert resample(noise, (1.0, 1.0)) is noise
    assert resample_labels(labels, (1.0, 1.0)) is labels


def test_membranes_are_made_in_the_unit_of_the_file(tmp_path):
    domain = spaced(tmp_path, "a", (20, 40), (0.004, 0.004), "um")
    domain = domain.model_copy(update={"membrane_width": 16.0})
    instances = np.ones((20, 40), np.uint8)
    instances[:, 20:] = 9
    write_labels(domain.samples[0].labels, instances, overwrite=True)
    data = Dataset(source=domain, target=domain)
    labels = load(data)[0].labels
    assert np.flatnonzero(labels[3]).tolist() == [18, 19, 20, 21]


def test_membranes_need_a_pixel_size(make_dataset):
    data = make_dataset()
    source = data.source.model_copy(update={"membrane_width": 20.0})
    with pytest.raises(UserError, match="membranes of 20 nm need a pixel size"):
        load(data.model_copy(update={"source": source}))


def test_large_images_stay_on_disk(make_dataset, tmp_path):
    data = make_dataset()
    cache = tmp_path / "run" / "data"
    memory = load(data)
    mapped = load(data, cache=cache, memory=memory[0].image.nbytes)
    assert not isinstance(mapped[0].image, np.memmap)
    assert isinstance(mapped[1].image, np.memmap)
    assert mapped[1].image.dtype == np.float16
    np.testing.assert_allclose(mapped[1].image, memory[1].image, atol=1e-3)
    np.testing.assert_array_equal(mapped[1].labels, memory[1].labels)
    files = sorted(cache.iterdir())
    assert len(files) == 1
    written = files[0].stat().st_mtime_ns
    again = load(data, cache=cache, memory=memory[0].image.nbytes)
    np.testing.assert_array_equal(again[1].image, mapped[1].image)
    assert sorted(cache.iterdir()) == files
    assert files[0].stat().st_mtime_ns == written


def test_a_changed_image_is_mapped_anew(make_dataset, tmp_path):
    data = make_dataset(samples=1)
    (before,) = load(data, cache=tmp_path / "cache", memory=0)
    image = np.load(data.source.samples[0].image)
    np.save(data.source.samples[0].image, image[::-1])
    (after,) = load(data, cache=tmp_path / "cache", memory=0)
    np.testing.assert_array_equal(after.image, before.image[::-1])
