from __future__ import annotations

import dask
import dask.array as da
import numpy as np
import pytest
import xarray
from napari.layers import Image, Labels

from napari_uda.core.errors import UserError
from napari_uda.core.io import read
from napari_uda.core.spec.domain import Structure
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.snapshot import default_axes, layer_data, plan_dataset

CLASSES = {3: Structure(name="nucleus"), 7: Structure(name="vesicle")}


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path / "run")


@pytest.fixture
def in_one_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def image(shape, **options):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    return Image(values, name=options.pop("name", "one"), **options)


def labels(shape, value=3):
    return Labels(np.full(shape, value, np.int32))


def dataset(run, *pairs, target=None, **options):
    source = DomainChoice(layers=pairs, classes=CLASSES)
    target = target or DomainChoice(layers=(LayerPair(image((8, 8), name="t")),))
    return plan_dataset(source, target, **options).dataset(run)


def test_layers_become_files_in_the_run(run):
    size = {"scale": (40, 4, 4), "units": ("nm", "nm", "nm")}
    pair = LayerPair(image((3, 8, 9), **size), labels((3, 8, 9)))
    data = dataset(run, pair)
    sample = data.source.samples[0]
    assert sample.name == "one"
    assert sample.image.parent == run.data
    np.testing.assert_array_equal(read(sample.image).data, pair.image.data)
    np.testing.assert_array_equal(read(sample.labels).data, 3)
    assert data.source.voxel_size == (40, 4, 4)
    assert data.source.unit == "nm"
    assert data.source.classes == CLASSES
    assert sample.fingerprint
    assert all(file.suffix == ".npy" for file in run.data.iterdir())


def test_target_labels_have_the_chosen_role(run):
    pair = LayerPair(image((8, 8), name="t"), labels((8, 8)))
    source = LayerPair(image((8, 8)), labels((8, 8)))
    data = dataset(run, source, target=DomainChoice(layers=(pair,)))
    assert data.target.samples[0].labels_role == "evaluate"
    assert data.source.samples[0].labels_role == "train"


def test_axes_are_put_in_order_as_chosen(run):
    pair = LayerPair(
        image((8, 9, 3), scale=(4, 5, 40), units=("nm",) * 3),
        labels((8, 9, 3)),
        axes="yxz",
    )
    data = dataset(run, pair)
    sample = data.source.samples[0]
    expected = pair.image.data.transpose(2, 0, 1)
    np.testing.assert_array_equal(read(sample.image).data, expected)
    assert read(sample.labels).data.shape == (3, 8, 9)
    assert data.source.voxel_size == (40, 4, 5)


def test_lazy_and_multiscale_layers_are_written_at_the_chosen_level(run, in_one_thread):
    full = da.random.random((4, 16, 16), chunks=(1, 8, 8)).astype(np.float32)
    levels = [full, full[:, ::2, ::2]]
    layer = Image(
        levels, multiscale=True, name="big", scale=(30, 5, 5), units=("nm",) * 3
    )
    truth = Labels([np.ones((4, 16, 16), int), np.full((4, 8, 8), 3)], multiscale=True)
    data = dataset(run, LayerPair(layer, truth, level=1))
    sample = data.source.samples[0]
    np.testing.assert_array_equal(read(sample.image).data, levels[1].compute())
    assert (read(sample.labels).data == 3).all()
    assert data.source.voxel_size == (30, 10, 10)


def test_colour_becomes_grey(run):
    pixels = np.zeros((6, 7, 3), np.uint8)
    pixels[..., 1] = 100
    layer = Image(pixels, rgb=True, name="colour")
    data = dataset(run, LayerPair(layer, labels((6, 7))))
    grey = read(data.source.samples[0].image).data
    assert grey.shape == (6, 7)
    assert grey.dtype == np.uint8
    assert (grey == 59).all()


def test_overlapping_structures_are_one_file_each(run):
    masks = (labels((8, 8), 1), labels((8, 8), 1))
    data = dataset(run, LayerPair(image((8, 8)), masks))
    assert data.overlapping
    assert set(data.source.samples[0].labels) == {"nucleus", "vesicle"}


def test_pixels_have_no_voxel_size(run):
    data = dataset(run, LayerPair(image((8, 8), scale=(2, 2)), labels((8, 8))))
    assert data.source.voxel_size is None
    assert data.source.unit is None


def test_both_domains_can_be_resampled(run):
    size = {"scale": (4, 4), "units": ("nm", "nm")}
    target = DomainChoice(layers=(LayerPair(image((8, 8), name="t", **size)),))
    pair = LayerPair(image((8, 8), **size), labels((8, 8)))
    data = dataset(run, pair, target=target, voxel_size=(8.0, 8.0))
    assert data.voxel_size == (8, 8)


def test_different_voxel_sizes_in_a_domain_are_refused_before_writing(run):
    pairs = [
        LayerPair(image((8, 8), name=str(s), scale=(s, s), units=("nm", "nm")))
        for s in (4, 5)
    ]
    target = DomainChoice(layers=tuple(pairs))
    source = LayerPair(image((8, 8)), labels((8, 8)))
    with pytest.raises(UserError, match="4 x 4 nm, 5 x 5 nm"):
        dataset(run, source, target=target)


def test_progress_is_that_of_all_pixels_labels_included(run):
    pair = LayerPair(image((4, 8, 8)), labels((4, 8, 8)))
    source = DomainChoice(layers=(pair,), classes=CLASSES)
    target = DomainChoice(layers=(LayerPair(image((16, 32), name="t")),))
    told = []
    plan_dataset(source, target).dataset(run, lambda *one: told.append(one))
    assert told == [
        ("Copying layer 'one'", 0.25),
        ("Copying layer 'one'", 0.5),
        ("Copying layer 't'", 1.0),
    ]


def test_what_cannot_be_a_sample_is_said_in_one_sentence():
    stack = image((2, 3, 8, 8), name="movie")
    with pytest.raises(UserError, match="'movie' has shape 2 x 3 x 8 x 8"):
        layer_data(LayerPair(stack))
    with pytest.raises(UserError, match="do not fit layer"):
        layer_data(LayerPair(image((8, 8)), axes="zyx"))
    with pytest.raises(UserError, match="choose the labels of this image"):
        layer_data(LayerPair(image((8, 8)), labels((8, 9))))
    with pytest.raises(UserError, match="there is no source"):
        plan_dataset(DomainChoice(), DomainChoice())


def test_layers_need_a_run_folder():
    source = DomainChoice(layers=(LayerPair(image((8, 8)), labels((8, 8))),))
    with pytest.raises(UserError, match="need a run folder"):
        plan_dataset(source, source).dataset()


def test_folders_stay_where_they_are(tmp_path):
    import tifffile

    for name in ("source", "target"):
        for kind in ("images", "labels"):
            (tmp_path / name / kind).mkdir(parents=True)
            data = np.ones((8, 8), np.uint8)
            tifffile.imwrite(tmp_path / name / kind / "a.tif", data)
    choices = [DomainChoice(folder=tmp_path / name) for name in ("source", "target")]
    data = plan_dataset(*choices).dataset()
    assert data.source.samples[0].image == tmp_path / "source/images/a.tif"


def test_axes_are_taken_from_the_layer_or_its_dimensions():
    assert default_axes(image((8, 8))) == "yx"
    assert default_axes(image((3, 8, 8))) == "zyx"
    assert default_axes(image((8, 8, 3), axis_labels=("Y", "x", "z"))) == "yxz"
    assert default_axes(image((2, 3, 8, 8))) is None


def test_an_array_of_xarray_is_one_too(in_one_thread):
    values = np.arange(120).reshape(4, 5, 6)
    layer = Image(xarray.DataArray(values, dims=["plane", "row", "column"]))
    found = layer_data(LayerPair(layer, axes="yxz"))
    np.testing.assert_array_equal(found.image, values.transpose(2, 0, 1))
