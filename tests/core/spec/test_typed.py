"""Axes and classes that `dataset.yaml` or the user gives go before the files."""

from __future__ import annotations

import numpy as np
import pytest

from napari_uda.core.data.load import load_samples
from napari_uda.core.errors import UserError
from napari_uda.core.io import read, read_header
from napari_uda.core.spec.domain import Dataset, Domain, Sample, Structure
from napari_uda.core.spec.folders import dataset_from_folders, domain_from_folder
from napari_uda.core.spec.geometry import TypedSize
from napari_uda.core.spec.typed import Typed, file_axes, typed_domain

DEPTH, HEIGHT, WIDTH = 6, 20, 24


@pytest.fixture
def volume():
    """A volume (z, y, x) that is brighter in each slice."""
    ramp = np.arange(DEPTH, dtype=np.uint8)[:, None, None] * 40
    return np.broadcast_to(ramp, (DEPTH, HEIGHT, WIDTH))


@pytest.fixture
def folder(tmp_path, volume):
    """A data folder whose volumes are stored (y, x, z), and do not say so."""
    for kind, values in (("images", volume), ("labels", volume // 100)):
        (tmp_path / kind).mkdir()
        np.save(tmp_path / kind / "a.npy", values.transpose(1, 2, 0))
    return tmp_path


def say(folder, text):
    (folder / "dataset.yaml").write_text(text)


def shape(domain):
    sample = domain.samples[0]
    return read_header(sample.image, sample.axes).shape


def test_dataset_yaml_says_which_axis_is_which(folder, volume):
    assert shape(domain_from_folder(folder, "source")) == (HEIGHT, WIDTH, DEPTH)
    say(folder, "axes: yxz")
    data = dataset_from_folders(folder, folder)
    (sample,) = load_samples(
        data, "source", data.source.samples, may_see=lambda _: True
    )
    assert sample.image.shape == volume.shape
    np.testing.assert_array_equal(sample.labels, volume // 100)
    # As the run keeps it for others.
    again = Dataset.model_validate(data.model_dump(mode="json"))
    assert shape(again.source) == volume.shape


@pytest.mark.parametrize("given", ["zzyx", "zx", "tzyx", "[z, y, x]", "ZYX", "zyxcc"])
def test_axes_that_are_none_are_said_in_a_sentence(folder, given):
    say(folder, f"axes: {given}")
    with pytest.raises(UserError, match="axes") as caught:
        domain_from_folder(folder, "source")
    text = str(caught.value)
    assert text.count("\n") == 0
    assert "dataset.yaml" in text
    assert "one letter for each axis of the files" in text
    assert "such as zyx or yxc" in text


def test_axes_that_the_files_do_not_have_are_said_in_a_sentence(folder):
    say(folder, "axes: yx")
    with pytest.raises(UserError, match=r"The axes 'yx' do not fit .*a\.npy"):
        domain_from_folder(folder, "source")


def test_classes_are_found_in_labels_that_cannot_be_read_without_axes(folder, volume):
    # Four axes without names are no volume.
    for kind in ("images", "labels"):
        path = folder / kind / "a.npy"
        np.save(path, np.load(path)[:, None, :, None])
    with pytest.raises(UserError, match="has the axes"):
        domain_from_folder(folder, "source")
    say(folder, "axes: yxz")
    domain = domain_from_folder(folder, "source")
    assert list(domain.classes) == [1, 2]
    assert shape(domain) == volume.shape


def test_labels_of_colour_images_have_no_colour(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    np.save(tmp_path / "images" / "a.npy", np.zeros((3, 30, 40), np.uint8))
    labels = np.zeros((30, 40), np.uint8)
    labels[:9] = 1
    np.save(tmp_path / "labels" / "a.npy", labels)
    say(tmp_path, "axes: cyx")
    data = dataset_from_folders(tmp_path, tmp_path)
    (sample,) = load_samples(
        data, "source", data.source.samples, may_see=lambda _: True
    )
    assert sample.image.shape == (30, 40)
    np.testing.assert_array_equal(sample.labels, labels)


def test_what_is_typed_goes_before_dataset_yaml(folder, volume):
    say(folder, "axes: xyz\nclasses:\n  1: soft\n  2: {name: hard, color: '#112233'}")
    nucleus = Structure(name="nucleus", color="#abcdef")
    size = TypedSize((3.0, 2.0, 2.0), "um")
    typed = Typed(size, "yxz", {1: nucleus, 9: nucleus})
    domain = typed_domain(folder, "source", typed)
    assert shape(domain) == volume.shape
    hard = Structure(name="hard", color="#112233")
    assert domain.classes == {1: nucleus, 2: hard}
    assert (domain.voxel_size, domain.voxel_size_first) == ((3.0, 2.0, 2.0), True)
    assert typed_domain(folder, "source", Typed()) == domain_from_folder(
        folder, "source"
    )


def test_masks_are_named_by_their_folders(tmp_path, volume):
    (tmp_path / "images").mkdir()
    np.save(tmp_path / "images" / "a.npy", volume)
    (tmp_path / "labels" / "liver").mkdir(parents=True)
    np.save(tmp_path / "labels" / "liver" / "a.npy", volume // 200)
    other = Structure(name="kidney", color="#abcdef")
    domain = typed_domain(tmp_path, "source", Typed(classes={1: other}))
    assert domain.classes == {1: Structure(name="liver", color="#abcdef")}


def test_axes_of_a_file_are_those_of_the_run_before_those_of_its_folder(folder):
    image, stranger = folder / "images" / "a.npy", folder / "images" / "b.npy"
    np.save(stranger, np.ones((4, 5, 6)))
    nothing = Domain(samples=())
    assert file_axes(image, nothing) is None
    say(folder, "axes: xyz")
    assert file_axes(image, nothing) == "xyz"
    run = typed_domain(folder, "target", Typed(axes="yxz"))
    (sample, _) = run.samples
    moved = Sample(
        name="a", image="gone.npy", axes="yxz", fingerprint=sample.fingerprint
    )
    run = Domain(samples=(moved,))
    assert file_axes(image, run) == "yxz"
    assert file_axes(stranger, run) == "xyz"
    assert read(image, file_axes(image, run)).data.shape == (DEPTH, HEIGHT, WIDTH)
