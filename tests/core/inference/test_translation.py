"""Whole images in the look of the other domain."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_uda.core.engine.build import build_method
from napari_uda.core.errors import UserError
from napari_uda.core.inference import model as model_module
from napari_uda.core.inference.images import Progress
from napari_uda.core.inference.model import BORDER, Model
from napari_uda.core.inference.statistics import shared_statistics
from napari_uda.core.inference.translations import Translation, translate_files
from napari_uda.core.io import Geometry, read, write_image
from napari_uda.core.spec.folders import fingerprint

CPU = torch.device("cpu")
ABOUT = {"run": "run-7", "checkpoint": "best"}
both_ways = pytest.mark.parametrize("to", ["source", "target"])


@pytest.fixture
def make_translator(make_experiment, make_dataset):
    """Return a function that makes a model whose generators are untrained."""

    def make(dims=2, size=None, bfloat16=False, name="cyclegan", **settings):
        data = make_dataset(dims=dims)
        if size is not None:
            source = data.source.model_copy(update={"unit": "nm"})
            data = data.model_copy(update={"voxel_size": size, "source": source})
        experiment = make_experiment(name, data, dims=dims, **settings)
        torch.manual_seed(0)
        method = build_method(experiment).eval().requires_grad_(False)
        return Model(method, experiment, CPU, bfloat16)

    return make


def scene(shape, seed=0):
    """Return an image whose brightness and contrast change from place to place."""
    noise = np.random.default_rng(seed).normal(size=shape)
    slope = np.linspace(0, 1, shape[-1])
    smooth = ndimage.gaussian_filter(noise, 1.5) * (0.3 + 3 * slope)
    return (1000 + 400 * slope + 500 * smooth).astype(np.float32)


def seam_energy(image, starts):
    """Return the mean step across borders of tiles, beside that elsewhere."""
    steps = np.abs(np.diff(image, axis=-1)).mean(tuple(range(image.ndim - 1)))
    at = np.zeros(len(steps), bool)
    at[[start - 1 for start in starts]] = True
    return float(steps[at].mean() / steps[~at].mean())


@both_ways
@pytest.mark.parametrize(
    ("dims", "shape"),
    [(2, (37, 51)), (2, (3, 21, 30)), (2, (1, 9)), (3, (5, 17, 23)), (3, (1, 16, 16))],
)
def test_translations_keep_the_shape_and_the_range(dims, shape, to, make_translator):
    fake = make_translator(dims).translate(scene(shape), to=to)
    assert fake.shape == shape
    assert fake.dtype == np.float32
    assert np.abs(fake).max() <= 1


@both_ways
@pytest.mark.parametrize("bfloat16", [False, True])
def test_a_small_image_goes_through_the_generator_as_a_whole(
    to, bfloat16, make_translator
):
    model = make_translator(bfloat16=bfloat16)
    image = np.random.default_rng(0).uniform(-1, 1, (45, 70)).astype(np.float32)
    low, high = np.percentile(image, (0.5, 99.9))
    normal = np.clip((image - low) / (high - low) * 2 - 1, -1, 1).astype(np.float32)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, bfloat16):
        batch = torch.from_numpy(np.pad(normal, BORDER, mode="reflect"))[None, None]
        wide = model.method.translate(batch, to)[0, 0].float().numpy()
    expected = wide[BORDER:-BORDER, BORDER:-BORDER]
    np.testing.assert_allclose(model.translate(image, to=to), expected, atol=1e-2)


@pytest.mark.parametrize("shape", [(48, 40), (4, 48, 40)])
def test_the_border_is_translated_as_what_is_inside(
    shape, make_translator, monkeypatch
):
    model = make_translator(dims=len(shape))
    layer = (
        torch.nn.functional.conv2d if len(shape) == 2 else torch.nn.functional.conv3d
    )
    kernel = torch.full((1, 1, *(1, 3, 3)[3 - len(shape) :]), 1 / 9)
    padding = (0, 1, 1)[3 - len(shape) :]

    def smooth(image, to):  # beyond the border it sees zeros, as generators do
        for _ in range(4):
            image = layer(image, kernel, padding=padding)
        return image

    monkeypatch.setattr(model.method, "translate", smooth)
    monkeypatch.setattr(
        model, "_normal", lambda image, *_: np.full(image.shape, 0.5, np.float32)
    )
    fake = model.translate(scene(shape), to="target")
    np.testing.assert_allclose(fake, 0.5, atol=1e-5)


def test_slices_are_translated_one_by_one(make_translator):
    model = make_translator()
    stack, told = scene((3, 20, 24)), []
    fake = model.translate(stack, to="source", progress=lambda *n: told.append(n))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert fake.shape == stack.shape
    assert not np.allclose(fake[0], fake[1])


def test_another_voxel_size_is_resampled_there_and_back(make_translator, monkeypatch):
    model = make_translator(size=(4.0, 4.0))
    seen = []
    translate = model.method.translate

    def spy(image, to):
        seen.append(tuple(image.shape[2:]))
        return translate(image, to)

    monkeypatch.setattr(model.method, "translate", spy)
    assert model.translate(scene((30, 21)), (8.0, 8.0), to="target").shape == (30, 21)
    assert seen == [(60 + 2 * BORDER, 42 + 2 * BORDER)]
    with pytest.raises(UserError, match="give the voxel size"):
        model.translate(scene((30, 21)), to="target")


@pytest.mark.parametrize(
    ("dims", "shape", "tile"),
    [(2, (128, 700), (128, 128)), (3, (8, 64, 300), (8, 64, 64))],
)
def test_large_images_have_no_seams(dims, shape, tile, make_translator, monkeypatch):
    model = make_translator(dims)
    image = scene(shape)
    monkeypatch.setattr(model_module, "WHOLE", image.size - 1)
    monkeypatch.setitem(model_module.TRANSLATED_TILE, dims, tile)
    told = []
    tiled = model.translate(image, to="source", progress=lambda *n: told.append(n))
    assert told[-1][0] == told[-1][1] > 4
    starts = [
        edge
        for start in np.linspace(0, shape[-1] - tile[-1], told[-1][1]).round()[1:]
        for edge in (int(start), int(start) + tile[-1])
        if edge < shape[-1]
    ]
    assert seam_energy(tiled, starts) == pytest.approx(1, abs=0.2)
    np.testing.assert_array_equal(model.translate(image, to="source"), tiled)


def test_what_is_alike_looks_alike_in_every_tile(make_translator, monkeypatch):
    model = make_translator()
    # Mirrored beyond its borders, 608 x 128 pixels.
    wave = np.sin(np.arange(608 - 2 * BORDER) * np.pi / 4)
    image = np.add.outer(np.sin(np.arange(128 - 2 * BORDER) * np.pi / 4), wave)
    image[:, 192 - BORDER : 200 - BORDER] *= (
        20  # in the second and third of six tiles, 96 pixels apart
    )
    monkeypatch.setattr(model_module, "WHOLE", 128 * 200)
    monkeypatch.setitem(model_module.TRANSLATED_TILE, 2, (128, 128))

    def difference():
        fake = model.translate(image, to="source")
        # 56 pixels from the strip: farther than a generator sees.
        begins = (128 - BORDER, 416 - BORDER)
        with_strip, without = (fake[24:88, x : x + 8] for x in begins)
        return np.abs(with_strip - without).max()

    together = difference()
    monkeypatch.setattr(
        model_module, "shared_statistics", lambda *_: contextlib.nullcontext()
    )
    apart = difference()
    assert together < 1e-3
    assert apart > 0.01


def test_shared_statistics_are_those_of_all_tiles_and_leave_no_trace():
    norm = torch.nn.InstanceNorm2d(2).eval()
    tiles = torch.randn(5, 2, 8, 8) * torch.arange(1.0, 6).view(5, 1, 1, 1) + 3
    with shared_statistics(norm, norm, tiles):
        shared = torch.cat([norm(one) for one in tiles.split(1)])
    axes = (0, 2, 3)
    mean = tiles.mean(axes, keepdim=True)
    variance = tiles.var(axes, correction=0, keepdim=True)
    torch.testing.assert_close(shared, (tiles - mean) / (variance + 1e-5).sqrt())
    torch.testing.assert_close(norm(tiles), torch.nn.functional.instance_norm(tiles))
    assert not norm.state_dict()


def test_flat_images_stay_finite(make_translator, monkeypatch):
    model = make_translator()
    monkeypatch.setattr(model_module, "WHOLE", 1000)
    monkeypatch.setitem(model_module.TRANSLATED_TILE, 2, (32, 32))
    assert np.isfinite(model.translate(np.full((40, 90), 7), to="source")).all()


def test_a_method_without_translation_says_so(make_model, make_experiment, tmp_path):
    model = make_model(make_experiment("source_only"))
    with pytest.raises(UserError, match="Source only does not translate images"):
        model.translate(scene((20, 20)), to="source")
    np.save(tmp_path / "a.npy", scene((20, 20)))
    with pytest.raises(UserError, match="does not translate"):
        translate_files(
            model, [tmp_path / "a.npy"], tmp_path / "out", ABOUT, to="source"
        )
    assert not (tmp_path / "out").exists()


def test_a_method_with_one_way_says_which(make_translator):
    model = make_translator(name="accseg")
    words = "AccSeg-Net does not translate .* of the source, only of the target: choose"
    with pytest.raises(UserError, match=words):
        model.translate(scene((20, 20)), to="source")
    assert model.translate(scene((20, 20)), to="target").shape == (20, 20)


def test_files_keep_their_name_format_and_geometry(tmp_path, make_translator):
    model, told = make_translator(), []
    model.step = 40
    write_image(tmp_path / "a.tif", scene((20, 30)), Geometry((6.0, 8.0), "nm"))
    np.save(tmp_path / "b.npy", scene((4, 20, 30)))
    out = tmp_path / "out"
    results = translate_files(
        model, [tmp_path / "a.tif", tmp_path / "b.npy"], out, ABOUT, told.append,
        to="source",
    )  # fmt: skip
    assert sorted(p.name for p in out.iterdir()) == [
        "a.tif", "b.npy", "translations.json",
    ]  # fmt: skip
    volume = read(out / "a.tif")
    assert volume.data.dtype == np.float32
    assert volume.header.geometry.voxel_size == pytest.approx((6.0, 8.0))
    expected = model.translate(scene((20, 30)), to="source")
    np.testing.assert_array_equal(volume.data, expected)
    assert np.load(out / "b.npy").shape == (4, 20, 30)
    content = json.loads((out / "translations.json").read_text())
    assert content["run"] == "run-7"
    assert content["method"] == "cyclegan"
    assert content["step"] == 40
    assert content["to"] == "source"
    assert content["range"] == [-1, 1]
    files = [entry["translation"] for entry in content["translations"]]
    assert files == [str(out / "a.tif"), str(out / "b.npy")]
    assert isinstance(told[0], Progress)
    assert [item for item in told if isinstance(item, Translation)] == results


def test_images_that_have_the_look_are_refused(tmp_path, make_translator):
    model, copy = make_translator(), tmp_path / "copy.npy"
    np.save(copy, scene((20, 30)))
    data = model.experiment.data
    (first, *others) = data.target.samples
    known = first.model_copy(update={"fingerprint": fingerprint(copy)})
    target = data.target.model_copy(update={"samples": (known, *others)})
    model.experiment = model.experiment.model_copy(
        update={"data": data.model_copy(update={"target": target})}
    )
    with pytest.raises(UserError, match=r"copy.npy is an image of the target itself"):
        translate_files(model, [copy], tmp_path / "out", ABOUT, to="target")
    assert not (tmp_path / "out").exists()
    assert translate_files(model, [copy], tmp_path / "out", ABOUT, to="source")


def test_nothing_is_overwritten_unasked(tmp_path, make_translator):
    model = make_translator()
    np.save(tmp_path / "a.npy", scene((20, 30)))
    images, out = [tmp_path / "a.npy"], tmp_path / "out"
    translate_files(model, images, out, ABOUT, to="target")
    with pytest.raises(UserError, match="exists"):
        translate_files(model, images, out, ABOUT, to="target")
    translate_files(model, images, out, ABOUT, to="target", overwrite=True)
    with pytest.raises(UserError, match="replace the image itself"):
        translate_files(model, images, tmp_path, ABOUT, to="target", overwrite=True)
