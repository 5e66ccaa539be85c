"""Masks of images before and after their translation, as files."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from napari_uda.core.engine.build import build_method
from napari_uda.core.errors import UserError
from napari_uda.core.inference.masks import segments_by_translating
from napari_uda.core.inference.model import Model
from napari_uda.core.inference.translations import translate_files
from napari_uda.core.io import read, write_image
from napari_uda.core.spec.methods import METHODS

CPU = torch.device("cpu")


@pytest.fixture
def make(make_experiment, make_dataset):
    """Return a function that makes untrained models of one data set."""
    data = make_dataset(dims=2)

    def make(name, **settings):
        experiment = make_experiment(name, data, dims=2, **settings)
        torch.manual_seed(0)
        method = build_method(experiment).eval().requires_grad_(False)
        return Model(method, experiment, CPU, bfloat16=False)

    return make


def thresholds(model, source, target):
    """Make a model's segmenters find what is brighter than that, of each look."""

    def above(level):
        def segment(image):
            found = (image > level).float()
            rest = torch.zeros_like(found).repeat(
                1, model.method.task.outputs - 2, 1, 1
            )
            return 20 * torch.cat([1 - found, found, rest], 1)

        return segment

    model.method.segment, model.method.segment_source = above(target), above(source)
    return model


@pytest.fixture
def image(tmp_path):
    ramp = np.tile(np.linspace(0, 200, 48, dtype=np.float32), (40, 1))
    write_image(tmp_path / "a.npy", ramp)
    return tmp_path / "a.npy"


def translated(model, judge, image, **options):
    told = []
    [result] = translate_files(
        model, [image], image.parent / "out", {}, told.append, judge=judge, **options
    )
    shares = [one.done / one.total for one in told if hasattr(one, "total")]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    return result


def share(file):
    return float(np.mean(read(file).data > 0))


def test_both_masks_are_written_beside_what_their_values_mean(make, image):
    model = thresholds(make("cyclegan"), source=0.0, target=0.5)
    model.method.translate = lambda image, to: image
    masks = translated(model, model, image, to="source").masks
    # The original is a target image, its translation looks like a source image.
    assert share(masks.before) == pytest.approx(0.25, abs=0.05)
    assert share(masks.after) == pytest.approx(0.5, abs=0.05)
    assert masks.why == ""
    sidecar = json.loads((image.parent / "out" / "translations.json").read_text())
    names = [item["name"] for item in sidecar["classes"].values()]
    assert names == [item.name for item in model.experiment.data.structures]
    assert translated(model, None, image, to="source", overwrite=True).masks is None


def test_a_judge_of_one_look_says_nothing_of_the_original(make, image):
    judge = thresholds(make("supervised"), 0.0, 0.0)
    masks = translated(make("cyclegan"), judge, image, to="target").masks
    assert masks.before is None
    assert "knows the look of the target alone" in masks.why
    with pytest.raises(UserError, match="never saw the source"):
        translated(make("cyclegan"), judge, image, to="source", overwrite=True)


def test_a_mask_is_not_compared_with_itself(make, image):
    masks = translated(make("td_gan"), None, image, to="source")
    assert masks.masks is None
    model = make("td_gan")
    masks = translated(model, model, image, to="source", overwrite=True).masks
    assert masks.before is None
    assert "segments images of the target by translating them" in masks.why


DETOURS = {
    ("accseg", "source"), ("synseg", "source"), ("td_gan", "target"),
    ("unet_gan", "target"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        (name, "source" if to == "target" else "target")
        for name, config in METHODS.items()
        for to in config.translates
        if name != "cyclegan"
    ],
)
def test_detours_of_methods_are_found(make, name, domain):
    to = "source" if domain == "target" else "target"
    found = segments_by_translating(make(name), domain, to)
    assert found == ((name, domain) in DETOURS)


@pytest.mark.parametrize("route", ["translate_then_segment", "segment_on_fakes"])
def test_the_detour_of_cyclegan_is_its_route(make, route):
    model = make("cyclegan", route=route)
    straight = route == "segment_on_fakes"
    assert segments_by_translating(model, "source", "target") == straight
    assert segments_by_translating(model, "target", "source") == (not straight)
