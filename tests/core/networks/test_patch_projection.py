from __future__ import annotations

import torch

from napari_uda.core.networks.patch_projection import PatchProjection
from napari_uda.core.networks.resnet_generator import ResnetGenerator

HALVES = [(2, 2), (2, 2)]


def test_parameters_are_those_of_cut():
    with torch.device("meta"):
        generator = ResnetGenerator(2, 1, 1, 64, 9, HALVES, "blur", downsampling="blur")
        network = PatchProjection(generator.tap_widths(), 256)
    assert list(generator.tap_widths().values()) == [1, 128, 256, 256, 256]
    assert sum(p.numel() for p in network.parameters()) == 559_872


def test_vectors_are_those_of_the_given_places():
    torch.manual_seed(0)
    network = PatchProjection({"a": 3, "b": 5}, 8)
    features = {"a": torch.randn(2, 3, 4, 6), "b": torch.randn(2, 5, 2, 3)}
    places = {"a": torch.tensor([7, 0, 23]), "b": torch.tensor([5, 1])}
    vectors = network(features, places)
    assert {name: v.shape for name, v in vectors.items()} == {
        "a": (2, 3, 8), "b": (2, 2, 8),
    }  # fmt: skip
    for vector in vectors.values():
        torch.testing.assert_close(vector.norm(dim=-1), torch.ones(vector.shape[:2]))
    # Place 7 of 4 x 6 is row 1, column 1.
    alone = {"a": features["a"][:, :, 1:2, 1:2], "b": features["b"][:, :, 1:2, 2:]}
    first = network(alone, dict.fromkeys("ab", torch.tensor([0])))
    for name in "ab":
        torch.testing.assert_close(first[name][:, 0], vectors[name][:, 0])
