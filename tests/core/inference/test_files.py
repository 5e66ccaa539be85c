from __future__ import annotations

import json

import nibabel
import numpy as np
import pytest

from napari_uda.core.errors import UserError
from napari_uda.core.inference.files import (
    Prediction,
    predict_files,
    uncertainty_map,
)
from napari_uda.core.inference.images import find_images
from napari_uda.core.io import Geometry, read, write_image
from napari_uda.core.spec.domain import Dataset
from napari_uda.core.spec.folders import fingerprint

ABOUT = {"run": "run-7", "checkpoint": "best"}


def stripes(shape=(30, 60)):
    index = np.broadcast_to(np.arange(shape[-1]) * 3 // shape[-1], shape)
    return (100 * index + 5).astype(np.uint8), index


@pytest.fixture
def model(make_experiment, make_model):
    return make_model(make_experiment())


def relative(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("suffix", "written"),
    [
        (".tif", ".tif"),
        (".tiff", ".tiff"),
        (".ome.tif", ".ome.tif"),
        (".nii", ".nii"),
        (".nii.gz", ".nii.gz"),
        (".npy", ".npy"),
        (".npz", ".npz"),
        (".png", ".tif"),
    ],
)
def test_labels_have_the_stem_and_format_of_their_image(
    suffix, written, tmp_path, model
):
    image, index = stripes()
    write_image(tmp_path / f"a.b{suffix}", image)
    out = tmp_path / "out"
    (result,) = predict_files(model, [tmp_path / f"a.b{suffix}"], out, ABOUT)
    assert relative(out) == {f"a.b{written}", "predictions.json"}
    assert result.labels == str(out / f"a.b{written}")
    np.testing.assert_array_equal(read(result.labels).data, index)
    assert read(result.labels).data.dtype == np.uint8


@pytest.mark.parametrize("code", [1, 3])
def test_the_place_of_a_nifti_image_is_kept(code, tmp_path, model):
    affine = np.array(
        [[0, 0.4, 0, 7], [-0.3, 0, 0, -8], [0, 0, 2.5, 9], [0, 0, 0, 1.0]]
    )
    image, index = stripes((3, 30, 60))
    nifti = nibabel.Nifti1Image(image.T, None)
    nifti.set_sform(affine, code)
    nifti.header.set_xyzt_units("mm")
    nibabel.save(nifti, tmp_path / "a.nii.gz")
    predict_files(
        model, [tmp_path / "a.nii.gz"], tmp_path / "out", ABOUT, uncertainty=True
    )
    for file in ("a.nii.gz", "uncertainty/a.nii.gz"):
        result = nibabel.load(tmp_path / "out" / file)
        np.testing.assert_allclose(result.affine, affine, atol=1e-6)
        assert result.header["sform_code"] == code
        assert result.header.get_xyzt_units()[0] == "mm"
    labels = nibabel.load(tmp_path / "out" / "a.nii.gz")
    np.testing.assert_array_equal(np.asarray(labels.dataobj).T, index)


@pytest.mark.parametrize("suffix", [".tif", ".ome.tif", ".nii.gz"])
def test_the_voxel_size_is_kept(suffix, tmp_path, model):
    image = stripes((3, 30, 60))[0]
    geometry = Geometry((0.03, 0.005, 0.004), "um")
    write_image(tmp_path / f"a{suffix}", image, geometry)
    predict_files(model, [tmp_path / f"a{suffix}"], tmp_path / "out", ABOUT)
    found = read(tmp_path / "out" / f"a{suffix}").header.geometry
    assert found.voxel_size == pytest.approx(geometry.voxel_size, rel=1e-4)
    assert found.unit == "um"


@pytest.mark.parametrize("suffix", [".tif", ".nii.gz"])
@pytest.mark.parametrize("given", ["yaml", "call"])
def test_a_size_along_y_and_x_is_none_of_a_volume(
    suffix, given, tmp_path, make_dataset, make_experiment, make_model
):
    data = make_dataset()
    options = {"size": (4.0, 4.0), "unit": "nm"}
    if given == "yaml":
        known = {"voxel_size": options.pop("size"), "unit": options.pop("unit")}
        target = data.target.model_copy(update=known)
        data = data.model_copy(update={"target": target})
    model = make_model(make_experiment(data=data))
    write_image(tmp_path / f"a{suffix}", stripes((3, 30, 60))[0])
    predict_files(model, [tmp_path / f"a{suffix}"], tmp_path / "out", ABOUT, **options)
    result = read(tmp_path / "out" / f"a{suffix}")
    assert result.data.shape == (3, 30, 60)
    write_image(tmp_path / f"flat{suffix}", stripes()[0])
    predict_files(
        model, [tmp_path / f"flat{suffix}"], tmp_path / "out2", ABOUT, **options
    )
    flat = read(tmp_path / "out2" / f"flat{suffix}").header.geometry
    scale = 1 if flat.unit == "nm" else 1000
    assert [s * scale for s in flat.voxel_size] == pytest.approx([4, 4])


def test_the_voxel_size_of_the_data_folder_is_kept(tmp_path, model):
    (tmp_path / "images").mkdir()
    (tmp_path / "dataset.yaml").write_text("voxel_size: [8, 6, 5]\nunit: nm\n")
    file = tmp_path / "images" / "a.tif"
    write_image(file, stripes()[0])
    predict_files(model, [file], tmp_path / "out", ABOUT)
    found = read(tmp_path / "out" / "a.tif").header.geometry
    assert found.voxel_size == pytest.approx((6, 5))
    assert found.unit == "nm"
    (tmp_path / "dataset.yaml").write_text("voxel_size: [6, 5]\n")
    with pytest.raises(UserError, match="no unit"):
        predict_files(model, [file], tmp_path / "out2", ABOUT)


@pytest.mark.parametrize("suffix", [".tif", ".nii.gz"])
@pytest.mark.parametrize("typed", ["call", "run"])
def test_a_typed_voxel_size_goes_before_the_header_of_the_file(
    suffix, typed, tmp_path, make_dataset, make_experiment, make_model
):
    file = tmp_path / f"a{suffix}"
    write_image(file, stripes()[0], Geometry((6.0, 5.0), "um"))
    data, options = make_dataset(), {"size": (3.0, 2.0), "unit": "um"}
    if typed == "run":
        known = {"voxel_size": options.pop("size"), "unit": options.pop("unit")}
        sample = data.target.samples[0].model_copy(
            update={"fingerprint": fingerprint(file)}
        )
        target = data.target.model_copy(
            update={**known, "voxel_size_first": True, "samples": (sample,)}
        )
        data = data.model_copy(update={"target": target})
    model = make_model(make_experiment(data=data))
    predict_files(model, [file], tmp_path / "out", ABOUT, **options)
    found = read(tmp_path / "out" / f"a{suffix}").header.geometry
    assert found.voxel_size == pytest.approx((3, 2))


@pytest.mark.parametrize("said", ["call", "yaml"])
def test_axes_are_as_the_data_folder_or_the_user_says(said, tmp_path, model):
    (tmp_path / "images").mkdir()
    image, index = stripes((3, 30, 60))
    file = tmp_path / "images" / "a.npy"
    np.save(file, image.transpose(2, 1, 0))
    options = {"axes": "xyz"}
    if said == "yaml":
        (tmp_path / "dataset.yaml").write_text(f"axes: {options.pop('axes')}\n")
    predict_files(model, [file], tmp_path / "out", ABOUT, **options)
    np.testing.assert_array_equal(read(tmp_path / "out" / "a.npy").data, index)


def test_nothing_is_overwritten_unless_allowed(tmp_path, model):
    out = tmp_path / "out"
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", stripes()[0])
    images = [tmp_path / "a.npy", tmp_path / "b.npy"]
    out.mkdir()
    np.save(out / "b.npy", np.zeros(3))
    with pytest.raises(UserError, match=r"b\.npy exists"):
        predict_files(model, images, out, ABOUT)
    assert relative(out) == {"b.npy"}
    predict_files(model, images, out, ABOUT, overwrite=True)
    assert np.load(out / "b.npy").shape == (30, 60)


def test_an_image_is_never_replaced_by_its_labels(tmp_path, model):
    np.save(tmp_path / "a.npy", stripes()[0])
    with pytest.raises(UserError, match="would replace the image itself"):
        predict_files(model, [tmp_path / "a.npy"], tmp_path, ABOUT, overwrite=True)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), stripes()[0])


def test_probabilities_and_uncertainty_are_written_where_asked_for(tmp_path, model):
    np.save(tmp_path / "a.npy", stripes()[0])
    out = tmp_path / "out"
    (result,) = predict_files(
        model, [tmp_path / "a.npy"], out, ABOUT, probability=True, uncertainty=True
    )
    assert relative(out) == {
        "a.npy", "predictions.json", "probability/cell/a.npy",
        "probability/vessel/a.npy", "uncertainty/a.npy",
    }  # fmt: skip
    index = stripes()[1]
    for i, name in enumerate(("cell", "vessel"), start=1):
        chance = np.load(result.probability[name])
        assert chance.dtype == np.float32
        np.testing.assert_allclose(chance, index == i, atol=1e-3)
    assert np.load(result.uncertainty).max() < 0.01


def test_overlapping_structures_get_a_folder_each(
    tmp_path, make_dataset, make_experiment, make_model
):
    model = make_model(make_experiment(data=make_dataset(overlapping=True)))
    np.save(tmp_path / "a.npy", stripes()[0])
    out = tmp_path / "out"
    (result,) = predict_files(model, [tmp_path / "a.npy"], out, ABOUT, probability=True)
    assert relative(out) == {
        "cell/a.npy", "vessel/a.npy", "predictions.json", "probability/cell/a.npy",
        "probability/vessel/a.npy",
    }  # fmt: skip
    for i, name in enumerate(("cell", "vessel")):
        np.testing.assert_array_equal(np.load(result.labels[name]), stripes()[1] > i)
    with pytest.raises(UserError, match="exists"):
        predict_files(model, [tmp_path / "a.npy"], out, ABOUT)


def test_the_sidecar_tells_what_the_files_are(tmp_path, model):
    np.save(tmp_path / "a.npy", stripes()[0])
    told = []
    results = predict_files(
        model, [tmp_path / "a.npy"], tmp_path / "out", ABOUT, told.append
    )
    content = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert content["run"] == "run-7"
    assert content["checkpoint"] == "best"
    assert content["method"] == "source_only"
    assert content["step"] == model.step
    assert content["overlapping"] is False
    assert {k: v["name"] for k, v in content["classes"].items()} == {
        "1": "cell",
        "2": "vessel",
    }
    (entry,) = content["predictions"]
    assert entry["image"] == str(tmp_path / "a.npy")
    assert entry["labels"] == str(tmp_path / "out" / "a.npy")
    assert entry["seconds"] >= 0
    assert told[-1] == results[0]
    assert isinstance(told[-1], Prediction)
    assert (told[0].done, told[0].total) == (1, 1)


def test_units_of_the_file_are_those_of_the_experiment(
    tmp_path, make_dataset, make_experiment, make_model
):
    data = make_dataset()
    source = data.source.model_copy(update={"unit": "nm"})
    data = Dataset(source=source, target=data.target, voxel_size=(4.0, 4.0))
    model = make_model(make_experiment(data=data))
    write_image(tmp_path / "a.tif", stripes()[0], Geometry((0.008, 0.008), "um"))
    (result,) = predict_files(model, [tmp_path / "a.tif"], tmp_path / "out", ABOUT)
    labels = read(result.labels).data
    assert labels.shape == (30, 60)
    assert (labels == stripes()[1]).mean() > 0.9


def test_images_are_found_in_folders_of_all_kinds(tmp_path):
    data = tmp_path / "data"
    (data / "images").mkdir(parents=True)
    for name in "ab":
        np.save(data / "images" / f"{name}.npy", stripes()[0])
    (data / "dataset.yaml").write_text("split: {train: [a], test: [b]}")
    loose = data / "images"
    (loose / "notes.txt").write_text("no image")
    found = [loose / "a.npy", loose / "b.npy"]
    assert find_images([loose]) == found
    assert find_images([data]) == found
    assert find_images([data], split="test") == found[1:]
    assert find_images([loose / "b.npy", loose / "a.npy"]) == found[::-1]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["empty"], "holds no images"),
        (["one", "two"], "several images have the stem a"),
    ],
)
def test_what_cannot_be_predicted_is_said(given, words, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder, suffix in (("one", ".npy"), ("two", ".tif")):
        write_image(tmp_path / folder / f"a{suffix}", stripes()[0])
    with pytest.raises(UserError, match=words):
        find_images([tmp_path / name for name in given])


def test_uncertainty_is_one_at_chance_and_zero_at_certainty():
    chance = np.array([[1 / 3, 1.0, 0.5], [1 / 3, 0.0, 0.5], [1 / 3, 0.0, 0.0]])
    exclusive = uncertainty_map(chance.astype(np.float32), overlapping=False)
    np.testing.assert_allclose(exclusive, [1, 0, np.log(2) / np.log(3)], atol=1e-4)
    overlapping = uncertainty_map(
        np.array([[0.5, 1.0, 0.0], [0.0, 0.0, 0.1]], np.float32), overlapping=True
    )
    binary = -(0.1 * np.log2(0.1) + 0.9 * np.log2(0.9))
    np.testing.assert_allclose(overlapping, [1, 0, binary], atol=1e-4)
