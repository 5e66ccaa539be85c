from __future__ import annotations

import pytest
import torch

from napari_uda.core.engine.averaging import (
    averaged_copy,
    update_average,
    warm_decay,
)
from napari_uda.core.methods.grl import Grl


@pytest.fixture
def method(make_config):
    from napari_uda.core.method import Task

    return Grl(make_config("grl"), Task(2, 1, ("cell",), False))


def test_averaged_networks_are_copies_and_others_are_shared(method):
    shadow = averaged_copy(method)
    assert shadow.segmenter is not method.segmenter
    assert shadow.domain_classifier is method.domain_classifier
    assert not any(p.requires_grad for p in shadow.segmenter.parameters())
    assert all(p.requires_grad for p in method.parameters())
    assert method.training
    assert not shadow.segmenter.training
    image = torch.rand(1, 1, 32, 32)
    torch.testing.assert_close(shadow.segment(image), method.segment(image))
    with torch.no_grad():
        method.segmenter.head.bias += 1
    assert not torch.equal(shadow.segment(image), method.segment(image))


def test_an_average_moves_by_one_minus_its_decay():
    average, network = torch.nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2)
    with torch.no_grad():
        average.weight.fill_(1.0)
        network.weight.fill_(3.0)
        network.running_mean.fill_(7.0)
    update_average(average, network, 0.75)
    assert average.weight.tolist() == [1.5, 1.5]
    assert average.running_mean.tolist() == [7, 7]
    assert network.weight.tolist() == [3, 3]
    update_average(average, network, 0.0)
    assert average.weight.tolist() == [3, 3]


def test_the_decay_starts_small():
    assert warm_decay(0.99, 0) == 0.1
    assert warm_decay(0.99, 8) == 0.5
    assert warm_decay(0.99, 100_000) == 0.99
    decays = [warm_decay(0.98, step) for step in range(1000)]
    assert decays == sorted(decays)
