from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_uda.core.api import load
from napari_uda.core.errors import UserError
from napari_uda.core.inference.model import raw_values, resample_to, tile_shape
from napari_uda.core.spec.domain import Dataset, Structure
from napari_uda.core.spec.run import RunFolder


def stripes(shape):
    """Return an image of three equal stripes along x, and their index."""
    index = np.broadcast_to(np.arange(shape[-1]) * 3 // shape[-1], shape)
    return (1000 * index + 5).astype(np.uint16), index


def with_classes(data: Dataset, raw: dict[int, str]) -> Dataset:
    classes = {value: Structure(name=name) for value, name in raw.items()}
    source = data.source.model_copy(update={"classes": classes})
    return data.model_copy(update={"source": source})


@pytest.mark.parametrize("shape", [(30, 60), (4, 30, 60)])
def test_labels_have_the_raw_values_of_the_source(
    shape, make_dataset, make_experiment, make_model
):
    data = with_classes(make_dataset(), {30: "cell", 7: "vessel"})
    model = make_model(make_experiment(data=data))
    image, index = stripes(shape)
    labels = model.segment(image)
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, np.array([0, 30, 7])[index])


def test_large_raw_values_need_a_larger_type(make_dataset, make_experiment, make_model):
    data = with_classes(make_dataset(), {1: "cell", 1000: "vessel"})
    model = make_model(make_experiment(data=data))
    labels = model.segment(stripes((30, 60))[0])
    assert labels.dtype == np.uint16
    assert np.unique(labels).tolist() == [0, 1, 1000]


def test_structures_of_one_name_give_one_value(make_dataset, make_experiment):
    data = make_dataset()
    target = data.target.model_copy(update={"classes": {9: Structure(name="cell")}})
    data = data.model_copy(update={"target": target})
    assert raw_values(make_experiment(data=data)) == [1, 2]


def test_overlapping_structures_give_masks(make_dataset, make_experiment, make_model):
    model = make_model(make_experiment(data=make_dataset(overlapping=True)))
    image, index = stripes((30, 60))
    masks = model.segment(image)
    assert masks.dtype == np.uint8
    np.testing.assert_array_equal(masks, [index > 0, index > 1])


def test_membranes_give_one(make_dataset, make_experiment):
    data = make_dataset()
    source = data.source.model_copy(update={"membrane_width": 20.0})
    experiment = make_experiment(data=data.model_copy(update={"source": source}))
    assert raw_values(experiment) == [1]


def test_probabilities_add_up_and_follow_the_domain(make_experiment, make_model):
    model = make_model(make_experiment(dims=3))
    image, index = stripes((6, 40, 60))
    chance = model.probabilities(image)
    assert chance.shape == (3, 6, 40, 60)
    np.testing.assert_allclose(chance.sum(0), 1, rtol=1e-5)
    np.testing.assert_array_equal(chance.argmax(0), index)
    of_source = model.probabilities(image, domain="source")
    np.testing.assert_array_equal(of_source.argmax(0), 2 - index)


def test_intensities_are_normalised_as_the_domain_says(
    make_dataset, make_experiment, make_model
):
    model = make_model(make_experiment())
    image, index = stripes((30, 60))
    for same in (image, image * 0.01 - 7.0, image.astype(">u2")):
        np.testing.assert_array_equal(model.segment(same), index)


@pytest.mark.parametrize("bfloat16", [False, True])
@pytest.mark.parametrize("name", ["source_only"])
def test_low_precision_gives_single_precision_results(
    name, bfloat16, make_experiment, make_model
):
    model = make_model(make_experiment(name), bfloat16)
    model.method.segment = torch.nn.Conv2d(1, 3, 1)
    chance = model.probabilities(stripes((20, 20))[0])
    assert chance.dtype == np.float32


@pytest.mark.parametrize(
    ("shape", "size", "inside"),
    [
        ((30, 61), (8.0, 8.0), (60, 122)),
        ((31, 60), (2.0, 6.0), (16, 90)),
        ((5, 30, 60), (40.0, 8.0, 4.0), (5, 60, 60)),
        ((5, 30, 60), (8.0, 4.0), (5, 60, 60)),
    ],
)
def test_results_return_to_the_grid_of_the_image(
    shape, size, inside, make_dataset, make_experiment, make_model, monkeypatch
):
    data = make_dataset().model_copy(update={"voxel_size": (4.0, 4.0)})
    model = make_model(make_experiment(data=data))
    shapes = []
    segment = model.method.segment

    def spy(image):
        shapes.append(tuple(image.shape[2:]))
        return segment(image)

    monkeypatch.setattr(model.method, "segment", spy)
    image, index = stripes(shape)
    labels = model.segment(image, size)
    assert set(shapes) == {inside[-2:]}
    assert labels.shape == shape
    assert (labels == index).mean() > 0.9


def test_a_model_that_resamples_asks_for_the_voxel_size(
    make_dataset, make_experiment, make_model
):
    data = make_dataset().model_copy(update={"voxel_size": (4.0, 4.0)})
    model = make_model(make_experiment(data=data))
    with pytest.raises(UserError, match="resamples to 4 x 4"):
        model.segment(stripes((30, 60))[0])


@pytest.mark.parametrize(("dims", "shape"), [(2, (9,)), (2, (2, 3, 9, 9)), (3, (9, 9))])
def test_images_with_the_wrong_number_of_axes_are_refused(
    dims, shape, make_experiment, make_model
):
    model = make_model(make_experiment(dims=dims))
    with pytest.raises(UserError, match=f"the image has {len(shape)} axes"):
        model.segment(np.zeros(shape))


def test_progress_counts_slices_or_tiles(make_experiment, make_model):
    told = []
    model = make_model(make_experiment())
    model.segment(stripes((3, 20, 20))[0], progress=lambda *n: told.append(n))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_tiles_are_large_in_2d_and_as_trained_in_3d(make_config):
    assert tile_shape(make_config("source_only", patch_size=64)) == (512, 512)
    assert tile_shape(make_config("source_only", patch_size=1024)) == (1024, 1024)
    small = make_config("source_only", 3, patch_size=96, patch_depth=16)
    assert tile_shape(small) == small.patch_shape


def test_tiles_are_wider_than_patches_where_nothing_is_normalised(make_config):
    size = {"patch_depth": 16, "patch_size": 48}
    plain = make_config("cycle_shape", 3, norm="none", **size)
    assert tile_shape(plain) == (32, 96, 96)
    for other in (
        make_config("cycle_shape", 3, norm="instance", **size),
        make_config("unet_gan", 3, norm="none", **size),
        make_config("cycle_shape", 3, norm="none", patch_depth=86, patch_size=112),
    ):
        assert tile_shape(other) == other.patch_shape


def test_resampling_to_a_shape_is_linear():
    line = np.linspace(0, 1, 8, dtype=np.float32)
    image = np.tile(line, (4, 1))
    grown = resample_to(image, (8, 16))
    assert grown.shape == (8, 16)
    assert (np.diff(grown[0]) >= 0).all()
    np.testing.assert_allclose(grown.mean(), image.mean(), atol=1e-5)
    assert resample_to(np.ones((3, 4, 5), np.float32), (6, 4, 2)).shape == (6, 4, 2)


def test_a_run_under_way_says_when_its_first_best_checkpoint_comes(
    tmp_path, make_experiment
):
    run = RunFolder(tmp_path / "a_01")
    run.create(make_experiment())
    run.checkpoints.mkdir(exist_ok=True)
    (run.checkpoints / "last.pt").touch()
    training, method = run.experiment().training, run.experiment().method
    first = min(training.validate_every, method.steps)
    with run.lock(), pytest.raises(UserError) as error:
        load(run.path)
    assert str(error.value) == (
        "a_01 is still training: its first 'best' checkpoint comes at step "
        f"{first} (choose 'last' meanwhile)."
    )
    # Nobody trains it now: waiting would not help.
    with pytest.raises(UserError, match="choose 'last', or let it train further"):
        load(run.path)
