"""Segmenters learn from all patches of a step, translators from the first of them."""

from __future__ import annotations

import importlib

import pytest
import torch

from napari_uda.core.spec.methods import METHODS, GeneratorConfig

NAMES = [name for name, kind in METHODS.items() if issubclass(kind, GeneratorConfig)]
ALL, FEW = 4, 2


def method_class(name):
    return importlib.import_module(f"napari_uda.core.methods.{name}").METHOD


@pytest.mark.parametrize("name", NAMES)
def test_few_patches_teach_translators_and_all_the_segmenter(
    name, smallest, make_task, make_batch, recording_engine
):
    settings = smallest(name) | {"batch_size": ALL, "translation_batch_size": FEW}
    method = method_class(name)(METHODS[name](**settings), make_task())
    batch = make_batch(method.config, method.task)
    taught, segmented = set(), set()

    def watch(network, seen, *, learning):
        def note(module, inputs):
            if not learning or torch.is_grad_enabled():
                seen.add(len(inputs[0]))

        network.register_forward_pre_hook(note)

    watch(method.to_target, taught, learning=True)
    watch(method.segmenter, segmented, learning=False)
    for progress in (0.0, 0.5, 0.99):
        method.step(batch, recording_engine(method, progress))
    assert max(taught) == FEW
    assert max(segmented) == ALL


@pytest.mark.parametrize("name", ["cyclegan", "synseg", "accseg"])
def test_a_larger_number_than_the_batch_means_all(
    name, smallest, make_task, make_batch, recording_engine
):
    settings = smallest(name) | {"batch_size": 2, "translation_batch_size": 5}
    method = method_class(name)(METHODS[name](**settings), make_task())
    batch = make_batch(method.config, method.task)
    seen = []
    method.segmenter.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    method.step(batch, recording_engine(method))
    assert [len(images) for images in seen] == [2]


class Idle:
    progress = 0.99

    def update(self, optimizer, loss, progress=None):
        pass


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("cyclegan", {"route": "segment_on_fakes"}), ("synseg", {}), ("accseg", {}),
        ("ada", {}), ("cycle_shape", {}),
    ],
)  # fmt: skip
def test_the_segmenter_meets_translations_of_this_step_in_the_order_of_labels(
    name, changes, smallest, make_task, make_batch
):
    settings = smallest(name) | {"batch_size": 3, "translation_batch_size": 2}
    method = method_class(name)(METHODS[name](**settings, **changes), make_task())
    seen = []
    method.segmenter.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    for seed in (0, 1):
        batch = make_batch(method.config, method.task, seed)
        with torch.no_grad():
            expected = method.to_target(batch.source.image)
        seen.clear()
        method.step(batch, Idle())
        of_all = [images for images in seen if len(images) == 3]
        assert any(torch.allclose(images, expected, atol=1e-5) for images in of_all)
