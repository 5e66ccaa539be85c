"""What is particular to Javanmardi & Tasdizen (2018)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_uda.core.api import train
from napari_uda.core.engine.build import Materials
from napari_uda.core.losses.adversarial import (
    domain_accuracy,
    domain_loss,
    ramp,
    reverse_gradient,
)
from napari_uda.core.method import Batch
from napari_uda.core.methods.grl import Grl
from napari_uda.core.spec.domain import IGNORE
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.methods import method_config
from napari_uda.core.spec.run import RunFolder


class CapturingEngine:
    """Keeps the loss instead of minimising it."""

    def __init__(self, progress: float) -> None:
        self.progress = progress
        self.loss = torch.tensor(0.0)

    def update(self, optimizer: str, loss: torch.Tensor) -> None:
        self.loss = loss


def unlabelled(batch: Batch) -> Batch:
    return Batch(
        *(
            replace(patch, label=torch.full_like(patch.label, IGNORE))
            for patch in (batch.source, batch.target)
        )
    )


@pytest.fixture(params=["global", "fcn"])
def method(request, make_config, make_task):
    torch.manual_seed(0)
    config = make_config(
        "grl", domain_weight=0.5, ramp_speed=4.0, domain_classifier=request.param
    )
    return Grl(config, make_task())


def test_the_paper_preset_is_that_of_the_sheet(make_task):
    config = method_config("grl", "paper")
    assert (config.domain_weight, config.ramp_speed, config.warm_up) == (0.1, 10, 0)
    assert (config.domain_classifier, config.dice_weight) == ("global", 0)
    assert (config.width, config.levels, config.norm) == (64, 5, "group")
    assert (config.batch_size, config.patch_size) == (1, 512)
    assert config.labelled_fraction == 0.5
    with torch.device("meta"):
        method = Grl(config, make_task())
        groups = method.optimizers()["all"].param_groups
    assert [group["lr"] for group in groups] == [1e-4, 1e-4]
    strided = [m for m in method.domain_classifier.modules() if hasattr(m, "stride")]
    assert [conv.out_channels for conv in strided] == [64, 128, 256, 512, 512]
    assert {(conv.kernel_size, conv.stride) for conv in strided} == {((4, 4), (2, 2))}


def gradients(loss, network):
    return torch.autograd.grad(loss, list(network.parameters()), retain_graph=True)


def test_the_reversal_keeps_values_and_turns_gradients():
    values = torch.tensor([1.0, -2.0], requires_grad=True)
    reversed_ = reverse_gradient(values, 0.3)
    assert torch.equal(reversed_, values)
    (reversed_ * torch.tensor([10.0, 1.0])).sum().backward()
    assert torch.allclose(values.grad, torch.tensor([-3.0, -0.3]))


def test_the_ramp_rises_from_zero_to_one():
    assert ramp(0.0) == 0.0
    assert ramp(0.1) == pytest.approx(np.tanh(0.5))
    assert ramp(0.5) == pytest.approx(0.98661, abs=1e-5)
    assert ramp(1.0) == pytest.approx(1.0, abs=1e-4)
    assert ramp(0.5, speed=2.0) == pytest.approx(np.tanh(0.5))


def test_the_classifier_calls_the_source_one_and_the_target_zero():
    right = domain_loss(torch.tensor([20.0, 20.0, -20.0]), sources=2)
    wrong = domain_loss(torch.tensor([-20.0, -20.0, 20.0]), sources=2)
    assert right < 1e-6
    assert wrong == pytest.approx(20.0)
    assert domain_loss(torch.zeros(4), sources=1) == pytest.approx(np.log(2))


def test_the_loss_of_regions_is_their_mean_and_accuracy_counts_what_is_right():
    logits = torch.tensor([[[3.0, -3.0]], [[3.0, 3.0]], [[-3.0, -3.0]]])
    right, wrong = np.log1p(np.exp(-3.0)), np.log1p(np.exp(3.0))
    loss = domain_loss(logits, sources=1)
    assert loss == pytest.approx((3 * right + 3 * wrong) / 6)
    assert domain_accuracy(logits, sources=1) == pytest.approx(3 / 6)
    assert domain_accuracy(logits, sources=2) == pytest.approx(5 / 6)
    assert domain_accuracy(torch.tensor([1.0, -1.0]), sources=1) == 1


@pytest.mark.parametrize(("name", "shape"), [("global", (2,)), ("fcn", (2, 8, 8))])
def test_the_classifier_judges_what_the_settings_say(
    name, shape, make_config, make_task
):
    method = Grl(make_config("grl", domain_classifier=name), make_task())
    assert method.domain_classifier(torch.rand(2, 3, 32, 32)).shape == shape


def test_the_segmenter_gets_the_reversed_weighted_gradient(
    method, make_batch, make_task
):
    batch = unlabelled(make_batch(method.config, make_task()))
    engine = CapturingEngine(progress=0.25)
    losses = method.step(batch, engine)
    assert losses["seg"] == 0
    assert engine.loss == losses["domain"]

    images = torch.cat([batch.source.image, batch.target.image])
    maps = method.segmenter(images).softmax(1)
    plain = domain_loss(method.domain_classifier(maps), sources=len(batch.source.image))
    assert torch.allclose(plain, engine.loss)
    beta = 0.5 * ramp(0.25, 4.0)
    for got, straight in zip(
        gradients(engine.loss, method.segmenter),
        gradients(plain, method.segmenter),
        strict=True,
    ):
        torch.testing.assert_close(got, -beta * straight, rtol=1e-4, atol=1e-7)
    for got, straight in zip(
        gradients(engine.loss, method.domain_classifier),
        gradients(plain, method.domain_classifier),
        strict=True,
    ):
        torch.testing.assert_close(got, straight)


@pytest.mark.parametrize("progress", [0.0, 0.3, 0.8])
def test_the_gradient_is_weighted_from_the_end_of_the_warm_up_on(
    progress, make_config, make_task, make_batch
):
    torch.manual_seed(0)
    config = make_config("grl", warm_up=0.3)
    method = Grl(config, make_task())
    engine = CapturingEngine(progress)
    method.step(unlabelled(make_batch(config, make_task())), engine)
    strength = sum(g.abs().sum() for g in gradients(engine.loss, method.segmenter))
    assert (strength > 0) == (progress > 0.3)


@pytest.mark.parametrize(
    ("part", "grows"), [("segmenter", 1), ("domain_classifier", 0)]
)
def test_the_two_networks_pull_in_opposite_directions(
    part, grows, method, make_batch, make_task
):
    batch = unlabelled(make_batch(method.config, make_task()))
    engine = CapturingEngine(progress=0.9)
    before = method.step(batch, engine)["domain"]
    network = getattr(method, part)
    with torch.no_grad():
        for parameter, gradient in zip(
            network.parameters(), gradients(engine.loss, network), strict=True
        ):
            parameter -= 1e-2 * gradient
    after = method.step(batch, engine)["domain"]
    assert (after > before) == bool(grows)
    assert after != before


def test_labelled_target_patches_join_the_segmentation_loss(
    method, make_batch, make_task
):
    batch = make_batch(method.config, make_task())
    nothing = unlabelled(batch)
    engine = CapturingEngine(0.5)
    of_target = method.step(Batch(nothing.source, batch.target), engine)
    assert of_target["seg"] > 0.5
    swapped = replace(batch.target, label=batch.target.label.flip(0))
    other = method.step(Batch(nothing.source, swapped), engine)
    assert other["seg"] != of_target["seg"]
    # For the classifier they stay "target": it never sees labels.
    assert other["domain"] == of_target["domain"]
    assert of_target["domain"] == method.step(nothing, engine)["domain"]


def test_target_labels_train_where_their_role_says_so(
    tmp_path, make_dataset, make_experiment
):
    ends = []
    for poison in (None, 7):
        data = make_dataset(poison=poison, role="train")
        run = RunFolder(tmp_path / f"run-{poison}")
        list(train(make_experiment("grl", data), run.path))
        content = torch.load(run.checkpoints / "last.pt", weights_only=True)
        ends.append(content["networks"]["segmenter"]["head.weight"])
    assert not torch.equal(*ends)


def test_labelled_target_images_are_drawn_as_often_as_wanted(
    tmp_path, make_dataset, make_config
):
    """The paper's semi-supervised rows: one labelled target image among others."""
    data = make_dataset(samples=4)
    labelled = data.target.samples[0].model_copy(update={"labels_role": "train"})
    target = data.target.model_copy(
        update={"samples": (labelled, *data.target.samples[1:])}
    )
    experiment = Experiment(
        name="half",
        data=data.model_copy(update={"target": target}),
        method=make_config("grl", labelled_fraction=0.5, batch_size=4),
    )
    materials = Materials(experiment, tmp_path, torch.device("cpu"), Grl.domains)
    patches = [materials.samplers["target"].batch(i).label for i in range(50)]
    known = [(label != IGNORE).any().item() for batch in patches for label in batch]
    assert 0.4 < np.mean(known) < 0.6
