from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from napari_uda.core.losses.patch_nce import draw_places, patch_nce


def vectors(*shape, seed=0):
    random = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(*shape, generator=random), dim=-1)


def test_it_is_the_cross_entropy_of_four_patches():
    # Queries and keys in a plane: the products are cosines of the angles between them.
    angles = torch.tensor([0.0, 90.0, 180.0, 270.0]).deg2rad()
    turned = angles + math.radians(30)
    keys = torch.stack([angles.cos(), angles.sin()], -1)[None]
    queries = torch.stack([turned.cos(), turned.sin()], -1)[None]
    cosines = [math.cos(math.radians(a)) for a in (30, -60, -150, 120)]
    likely = [math.exp(c / 0.5) for c in cosines]
    expected = -math.log(likely[0] / sum(likely))
    loss = patch_nce({"one": queries}, {"one": keys}, 0.5)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_it_equals_a_positive_beside_negatives_without_their_diagonal():
    queries, keys = vectors(3, 16, 8), vectors(3, 16, 8, seed=1)
    positive = (queries * keys).sum(-1, keepdim=True)
    negative = torch.einsum("npc,nqc->npq", queries, keys)
    negative.diagonal(dim1=1, dim2=2).fill_(-10)
    logits = torch.cat([positive, negative], -1).flatten(0, 1) / 0.07
    expected = F.cross_entropy(logits, torch.zeros(48, dtype=torch.long))
    torch.testing.assert_close(patch_nce({"a": queries}, {"a": keys}, 0.07), expected)


def test_layers_count_alike_whatever_their_places():
    queries = {"a": vectors(2, 16, 8), "b": vectors(2, 4, 8)}
    keys = {"a": vectors(2, 16, 8, seed=1), "b": vectors(2, 4, 8, seed=1)}
    alone = [patch_nce({n: queries[n]}, {n: keys[n]}, 0.07) for n in "ab"]
    both = patch_nce(queries, keys, 0.07)
    torch.testing.assert_close(both, torch.stack(alone).mean())


def test_images_are_never_mixed():
    queries = vectors(2, 16, 8).requires_grad_()
    keys = vectors(2, 16, 8, seed=1)
    other = torch.cat([keys[:1], vectors(1, 16, 8, seed=2)])
    gradients = []
    for these in (keys, other):
        loss = patch_nce({"a": queries}, {"a": these}, 0.07)
        gradients.append(torch.autograd.grad(loss, queries)[0])
    assert torch.equal(gradients[0][0], gradients[1][0])
    assert not torch.equal(gradients[0][1], gradients[1][1])
    each = [
        patch_nce({"a": queries[i, None]}, {"a": keys[i, None]}, 0.07) for i in (0, 1)
    ]
    both = patch_nce({"a": queries}, {"a": keys}, 0.07)
    torch.testing.assert_close(both, torch.stack(each).mean())


def test_keys_have_no_gradient():
    queries = vectors(1, 4, 8).requires_grad_()
    keys = vectors(1, 4, 8, seed=1).requires_grad_()
    patch_nce({"a": queries}, {"a": keys}, 0.07).backward()
    assert queries.grad.abs().sum() > 0
    assert keys.grad is None


def test_places_are_different_ones_within_each_layer():
    torch.manual_seed(0)
    layers = {"large": torch.zeros(2, 3, 20, 30), "small": torch.zeros(2, 3, 2, 2, 3)}
    places = draw_places(layers, 64)
    assert len(set(places["large"].tolist())) == 64
    assert places["large"].max() >= 500
    assert sorted(places["small"].tolist()) == list(range(12))
    assert not torch.equal(draw_places(layers, 64)["large"], places["large"])
