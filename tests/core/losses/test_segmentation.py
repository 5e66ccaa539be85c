from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from napari_uda.core.losses.segmentation import dice_loss, segmentation_loss
from napari_uda.core.spec.domain import IGNORE

every_dimension = pytest.mark.parametrize("shape", [(13, 9), (4, 7, 6)])


def scene(shape, outputs, overlapping, seed=0):
    random = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(3, outputs, *shape, generator=random)
    masks = (outputs,) if overlapping else ()
    highest = 2 if overlapping else outputs
    labels = torch.randint(highest, (3, *masks, *shape), generator=random)
    labels = labels.to(torch.uint8)
    labels[torch.rand(labels.shape, generator=random) < 0.3] = IGNORE
    return logits.requires_grad_(), labels


def dice_by_hand(chance, truth, valid):
    """One minus the mean over classes of 2 sum(pg) / (sum(pp) + sum(gg))."""
    total = 0.0
    for p, g, m in zip(chance.unbind(1), truth.unbind(1), valid.unbind(1), strict=True):
        p, g = p[m], g[m].float()
        total += 1 - 2 * (p * g).sum() / ((p * p).sum() + (g * g).sum())
    return total / chance.shape[1]


@every_dimension
def test_cross_entropy_equals_that_of_torch(shape):
    logits, labels = scene(shape, 4, overlapping=False)
    loss = segmentation_loss(logits, labels, dice_weight=0.0)
    expected = F.cross_entropy(logits, labels.long(), ignore_index=IGNORE)
    torch.testing.assert_close(loss, expected)
    mine, theirs = (torch.autograd.grad(one, logits)[0] for one in (loss, expected))
    torch.testing.assert_close(mine, theirs)


@every_dimension
def test_structures_can_weigh_more_than_the_background(shape):
    logits, labels = scene(shape, 4, overlapping=False)
    loss = segmentation_loss(logits, labels, 0.0, structure_weight=5.0)
    weights = torch.tensor([1.0, 5.0, 5.0, 5.0])
    expected = F.cross_entropy(
        logits, labels.long(), weights, ignore_index=IGNORE, reduction="mean"
    )
    torch.testing.assert_close(loss, expected)
    logits, labels = scene(shape, 3, overlapping=True)
    loss = segmentation_loss(logits, labels, 0.0, structure_weight=5.0)
    valid = labels != IGNORE
    truth, weight = labels[valid].float(), 1.0 + 4.0 * (labels[valid] == 1)
    terms = F.binary_cross_entropy_with_logits(
        logits[valid], truth, weight, reduction="sum"
    )
    torch.testing.assert_close(loss, terms / weight.sum())


@every_dimension
def test_dice_is_added_over_all_classes_but_the_background(shape):
    logits, labels = scene(shape, 4, overlapping=False)
    loss = segmentation_loss(logits, labels, dice_weight=0.7)
    entropy = F.cross_entropy(logits, labels.long(), ignore_index=IGNORE)
    chance = logits.softmax(1)[:, 1:]
    truth = torch.stack([labels == i for i in (1, 2, 3)], dim=1)
    valid = (labels != IGNORE).unsqueeze(1).expand_as(truth)
    expected = entropy + 0.7 * dice_by_hand(chance, truth, valid)
    torch.testing.assert_close(loss, expected)


@every_dimension
def test_overlapping_structures_are_binary_problems(shape):
    logits, labels = scene(shape, 3, overlapping=True)
    loss = segmentation_loss(logits, labels, dice_weight=2.0)
    valid = labels != IGNORE
    entropy = F.binary_cross_entropy_with_logits(logits[valid], labels[valid].float())
    dice = dice_by_hand(logits.sigmoid(), labels == 1, valid)
    torch.testing.assert_close(loss, entropy + 2.0 * dice)


@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_nothing_labelled_costs_nothing(overlapping, weight):
    logits, labels = scene((8, 8), 3, overlapping=overlapping)
    loss = segmentation_loss(logits, torch.full_like(labels, IGNORE), weight, 0.3)
    assert loss == 0
    loss.backward()
    assert torch.equal(logits.grad, torch.zeros_like(logits))


@pytest.mark.parametrize("overlapping", [False, True])
def test_pixels_that_are_not_labelled_have_no_gradient(overlapping):
    logits, labels = scene((8, 8), 3, overlapping=overlapping)
    segmentation_loss(logits, labels, 1.0).backward()
    out = labels == IGNORE
    left_out = out if overlapping else out.unsqueeze(1).expand_as(logits)
    assert not logits.grad[left_out].any()
    assert logits.grad[~left_out].abs().min() > 0


def test_the_right_answer_costs_nothing_and_extremes_are_finite():
    labels = torch.tensor([[[0, 1], [2, IGNORE]]], dtype=torch.uint8)
    logits = torch.full((1, 3, 2, 2), -1e4)
    for y, x, index in ((0, 0, 0), (0, 1, 1), (1, 0, 2)):
        logits[0, index, y, x] = 1e4
    assert segmentation_loss(logits, labels, 1.0) == pytest.approx(0, abs=1e-6)
    wrong = segmentation_loss(-logits, labels, 1.0)
    assert torch.isfinite(wrong)
    assert wrong > 1


def test_half_precision_logits_give_a_single_precision_loss():
    logits, labels = scene((16, 16), 3, overlapping=False)
    coarse = logits.bfloat16()
    half = segmentation_loss(coarse, labels, 1.0)
    assert half.dtype == torch.float32
    assert torch.equal(half, segmentation_loss(coarse.float(), labels, 1.0))


def test_dice_of_a_perfect_a_wrong_and_an_absent_structure():
    truth = torch.zeros(1, 1, 4, 4)
    truth[..., :2] = 1
    mask = torch.ones_like(truth)
    assert dice_loss(truth, truth, mask) == pytest.approx(0, abs=1e-6)
    assert dice_loss(1 - truth, truth, mask) == pytest.approx(1, abs=1e-5)
    nothing = torch.zeros_like(truth)
    assert dice_loss(nothing, nothing, mask) == pytest.approx(0, abs=1e-6)


def test_cross_entropy_can_be_left_out():
    torch.manual_seed(0)
    logits, labels = torch.randn(2, 3, 8, 8), torch.randint(3, (2, 8, 8))
    alone = segmentation_loss(logits, labels, 1.0, entropy_weight=0.0)
    both = segmentation_loss(logits, labels, 1.0)
    entropy = segmentation_loss(logits, labels, 0.0)
    torch.testing.assert_close(alone, both - entropy)
    half = segmentation_loss(logits, labels, 0.0, entropy_weight=0.5)
    torch.testing.assert_close(half, 0.5 * entropy)
