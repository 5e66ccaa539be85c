"""The Check tab: what is translated or compared, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtGui import QKeySequence

from check_window import (
    HEIGHT,
    PLACE,
    SLICES,
    WIDTH,
    add_image,
    compare,
    damaged,
    measured,
    ours,
    runs,
    seen,
    shown,
    slice_now,
    state,
    viewer,
    volume,
    widget,
)
from napari_uda.core.metrics.structure import structure_scores
from napari_uda.core.spec.domain import Dataset, Window
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.methods import METHODS
from napari_uda.ui.check_widget import CheckWidget
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.session import role_of

__all__ = ["runs", "viewer", "widget"]  # fixtures


@pytest.mark.parametrize("name", METHODS)
def test_settings_say_which_looks_a_method_gives(name):
    from importlib import import_module

    method = import_module(f"napari_uda.core.methods.{name}").METHOD
    assert METHODS[name].translates == method.translates


def test_without_a_run_that_translates_it_says_so(viewer, qtbot, runs):
    for name in ("accseg", "cyclegan"):
        (runs[name].checkpoints / "best.pt").unlink()
    widget = CheckWidget(viewer)
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: not widget._search.busy)
    add_image(viewer)
    assert not widget.translate.isEnabled()
    assert "such as CycleGAN" in widget.translate.toolTip()
    assert "such as CycleGAN" in widget.message.text()
    (runs["accseg"].checkpoints / "best.pt").touch()
    widget.session.runs_changed.emit()
    qtbot.waitUntil(lambda: widget.inputs.run.count() == 1)
    assert "AccSeg" in widget.inputs.looks().method


def test_translates_a_layer_and_opens_the_worst_slice(viewer, widget, qtbot, runs):
    preview = add_image(viewer, "preview", "preview")
    image = add_image(viewer)
    mine = add_image(viewer, None, "MR · look of the source (cyclegan_01)")
    before = state(image), state(mine)
    assert widget.inputs.image.layer() is image
    assert "of the source" in widget.inputs.look.currentText()
    widget.translate.click()
    assert not widget.translate.isEnabled()
    assert "under way" in widget.translate.toolTip()
    assert widget.cancel.shortcut() == QKeySequence("Escape")
    assert "(Escape)" in widget.cancel.toolTip()
    measured(widget, qtbot)

    words = json.loads((runs["cyclegan"].path / "asked.jsonl").read_text())
    assert words[words.index("--to") + 1] == "source"
    assert words[words.index("--voxel-size") + 1] == "4.0,2.0,2.0"
    assert words[words.index("--checkpoint") + 1] == "best"
    assert not Path(words[words.index("--out") + 1]).exists()

    [result] = [one for one in viewer.layers if role_of(one) == "translation"]
    assert result.name == f"{mine.name} [1]"
    np.testing.assert_array_equal(mine.data, volume())
    assert viewer.layers.selection.active is mine
    np.testing.assert_allclose(result.data, damaged(volume()), atol=1e-6)
    assert tuple(result.translate) == PLACE["translate"]
    assert (state(image), state(mine)) == before
    assert not preview.visible
    assert slice_now(viewer) == 2
    panel = widget.panel
    assert (panel.item.text(), panel.rank.text()) == ("MR, slice 3 of 5", "· the worst")
    assert "Structure is lost in 1 of 5 slices" in panel.findings.text()
    assert "Contrast is inverted in" in panel.findings.text()

    image.scale = (8.0, 2.0, 2.0)
    widget.translate.click()
    measured(widget, qtbot)
    assert [one for one in viewer.layers if role_of(one) == "translation"] == [result]
    assert tuple(result.scale) == tuple(image.scale)
    assert len(ours(viewer)) == 2
    result.name = "to keep"
    widget.translate.click()
    measured(widget, qtbot)
    assert sum(role_of(layer) == "translation" for layer in viewer.layers) == 2


def test_source_images_get_the_look_of_the_target_unless_corrected(
    viewer, widget, qtbot, runs
):
    source, unknown = add_image(viewer, "source", "CT"), add_image(viewer, None, "odd")
    widget.inputs.image.setLayer(source)
    assert "of the target" in widget.inputs.look.currentText()
    widget.inputs.image.setLayer(unknown)
    assert not widget.translate.isEnabled()
    assert "look that 'odd' shall have" in widget.translate.toolTip()
    widget.inputs.look.setCurrentText("of the source")
    assert widget.translate.isEnabled()
    widget.inputs.run.setCurrentText("accseg_01")
    assert "the look of the target only" in widget.translate.toolTip()
    widget.inputs.look.setCurrentText("of the target")
    widget.translate.click()
    measured(widget, qtbot)
    assert widget.panel.review.pairs[0].to == "target"


def test_all_source_and_target_layers_at_once(viewer, widget, qtbot, runs):
    source = add_image(viewer, "source", "CT", volume((HEIGHT, WIDTH)))
    target = add_image(viewer)
    for domain, layer in (("source", source), ("target", target)):
        choice = DomainChoice(layers=(LayerPair(layer),))
        widget.session.choose(domain, choice)
    widget.inputs.image.setCurrentIndex(0)
    assert "2 source or target layers" in widget.inputs.image.currentText()
    widget.translate.click()
    measured(widget, qtbot)
    asked = (runs["cyclegan"].path / "asked.jsonl").read_text().splitlines()
    looks = [json.loads(words) for words in asked]
    assert [words[words.index("--to") + 1] for words in looks] == ["target", "source"]
    review = widget.panel.review
    assert [pair.name for pair in review.pairs] == ["CT", "MR"]
    assert len(review.order) == 1 + SLICES
    assert widget.panel.item.text() == "MR, slice 3 of 5"
    last = review.items[review.order[-1]]
    widget.panel.go_to(last)
    assert widget.panel.comparison.pair is review.pairs[last.pair]
    original = ours(viewer)["original"]
    assert original.data.shape == review.pairs[last.pair].shape
    first = next(item for item in review.items if item.pair == 0)
    widget.panel.go_to(next(item for item in review.items if item.pair == 1))
    widget.panel.set_mode("changes")
    widget.panel.go_to(first)
    assert review.pairs[0].limits[0] == review.pairs[1].limits[0]
    assert ours(viewer)["original"].contrast_limits[1] > source.contrast_limits[1]
    assert widget.panel.item.text() == "CT"
    assert ours(viewer)["original"].ndim == 2


def test_layers_with_other_axes_are_compared_as_they_lie(viewer, widget, qtbot):
    turned = viewer.add_image(volume().transpose(2, 1, 0), name="turned")
    fake = viewer.add_image(damaged(volume()).transpose(2, 1, 0), name="fake")
    pair = LayerPair(turned, axes="xyz")
    widget.session.choose("target", DomainChoice(layers=(pair,)))
    widget.inputs.origin.setCurrentText("compare two layers")
    widget.inputs.image.setLayer(turned)
    widget.inputs.translated.setLayer(fake)
    viewer.dims.order = (2, 1, 0)
    widget.translate.click()
    measured(widget, qtbot)
    assert viewer.dims.point[2] == 2
    np.testing.assert_array_equal(ours(viewer)["original"].data, turned.data)
    widget.panel.set_mode("checker")
    assert ours(viewer)["checkerboard"].data.shape == turned.data.shape
    squares = seen(ours(viewer)["checkerboard"])
    one, other = widget.panel.review.pairs[0].scaled(2)
    np.testing.assert_allclose(squares[:32, :32], one[:32, :32], atol=1e-6)
    np.testing.assert_allclose(squares[:32, 32:], other[:32, 32:], atol=1e-6)


def test_a_single_image_and_colours_work_alike(viewer, widget, qtbot):
    grey = volume((HEIGHT, WIDTH))
    colours = viewer.add_image(np.stack([grey] * 3, axis=-1), rgb=True, name="HE")
    fake = viewer.add_image(255.0 - grey, name="fake")
    widget.inputs.origin.setCurrentText("compare two layers")
    widget.inputs.image.setLayer(colours)
    widget.inputs.translated.setLayer(fake)
    widget.translate.click()
    measured(widget, qtbot)
    panel = widget.panel
    assert (panel.item.text(), panel.rank.text()) == ("HE", "· the only one")
    assert not panel.plot._canvas.isVisibleTo(panel)
    assert "structure&nbsp;1.00" in panel.plot.legend.text()
    assert "Contrast is inverted in the image" in panel.findings.text()
    for mode in ("blend", "checker", "difference", "changes"):
        panel.set_mode(mode)
    assert seen(ours(viewer)["difference"]).min() == pytest.approx(-1, abs=0.05)


def test_shapes_that_do_not_match_are_a_sentence(viewer, widget, qtbot):
    compare(widget, qtbot, np.zeros((SLICES, 10, 12), np.float32))
    assert "5 x 40 x 48" in widget.message.text()
    assert "5 x 10 x 12" in widget.message.text()
    assert widget.panel.review is None
    widget.inputs.translated.setLayer(viewer.layers["MR"])
    widget.translate.click()
    assert "chosen twice" in widget.message.text()
    flat = viewer.add_image(np.zeros((40, 48)), name="flat")
    widget.inputs.translated.setLayer(flat)
    widget.translate.click()
    assert "40 x 48: choose two images of equal shape" in widget.message.text()


def test_a_stack_of_stacks_is_a_sentence(viewer, widget, qtbot):
    add_image(viewer, None, "film", np.zeros((2, 3, 8, 8), np.uint8))
    widget.inputs.look.setCurrentText("of the source")
    widget.translate.click()
    assert "split its channels or time points" in widget.message.text()
    assert widget.translate.isEnabled()


def test_a_constant_translation_is_said(viewer, widget, qtbot):
    compare(widget, qtbot, np.zeros((SLICES, HEIGHT, WIDTH), np.float32))
    assert "nothing to compare in 5 of 5 slices" in widget.panel.findings.text()
    for mode in ("blend", "checker", "difference", "changes"):
        widget.panel.set_mode(mode)


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [("refuse", "choose a larger one"), ("die", "out of luck")],
)
def test_a_failure_is_a_sentence(viewer, widget, qtbot, behaviour, words):
    add_image(viewer)
    widget.command[-1] = behaviour
    widget.translate.click()
    measured(widget, qtbot)
    assert words in widget.message.text()
    assert ours(viewer) == {}
    assert widget.translate.isEnabled()


def test_cancel_ends_the_child_process(viewer, widget, qtbot):
    add_image(viewer)
    widget.command[-1] = "hang"
    widget.translate.click()
    qtbot.waitUntil(lambda: "%p" in widget.bar.format(), timeout=20_000)
    widget.cancel.click()
    assert "Cancelled" in widget.message.text()
    assert widget.translate.isEnabled()
    assert ours(viewer) == {}


def test_layers_deleted_at_work_are_not_missed(viewer, widget, qtbot):
    original, fake = compare(widget, qtbot)
    viewer.layers.remove(original)
    viewer.layers.remove(fake)
    viewer.layers.remove(ours(viewer)["original"])
    widget.panel.next.click()
    for mode in ("changes", "blend", "side"):
        widget.panel.set_mode(mode)
    assert shown(viewer) == {"original", "translated"}
    names = [layer.name for layer in viewer.layers]
    assert names.index("check: translated") > names.index("check: original")
    viewer.layers.clear()
    widget.panel.next.click()
    widget.panel.verdict.accept.click()
    widget.panel.set_mode("difference")
    assert shown(viewer) == {"difference"}


def test_a_real_run_translates_end_to_end(
    viewer, qtbot, runs_folder, tmp_path, smallest
):
    from napari_uda.core.api import train

    for domain, invert in (("source", False), ("target", True)):
        folder = tmp_path / domain
        for kind in ("images", "labels"):
            (folder / kind).mkdir(parents=True)
        image = volume((1, 48, 48))[0]
        np.save(folder / "images" / "a.npy", 180 - image if invert else image)
        np.save(folder / "labels" / "a.npy", (image > 100).astype(np.uint8))
        (folder / "dataset.yaml").write_text("classes: {1: mito}\n")
    data = Dataset.from_folders(tmp_path / "source", tmp_path / "target")
    settings = smallest("cyclegan") | {"steps": 2, "batch_size": 1}
    words = [f"method.{key}={value}" for key, value in settings.items()]
    words += ["training.device=cpu", "training.threads=1"]
    experiment = Experiment.preset("cyclegan", "quick", data).override(words)
    *_, last = train(experiment, runs_folder / "tiny")
    assert last.kind == "finished"

    widget = CheckWidget(viewer)
    qtbot.addWidget(widget)
    image = add_image(viewer, "source", "section", volume((48, 48)))
    qtbot.waitUntil(widget.translate.isEnabled)
    widget.translate.click()
    measured(widget, qtbot)
    assert widget.message.text() == "1 image translated (best, step 2)."
    assert widget.panel.saving.about["Checkpoint"] == "best, step 2"
    result = viewer.layers["section · look of the target (tiny)"]
    assert result.data.shape == image.data.shape
    assert np.abs(result.data).max() <= 1
    assert widget.panel.review.measured.all()


def test_a_look_is_forgotten_with_the_image_it_was_chosen_for(viewer, widget):
    add_image(viewer, None, "odd")
    other = add_image(viewer, "source", "CT")
    widget.inputs.image.setLayer(viewer.layers["odd"])
    widget.inputs.look.setCurrentText("of the source")
    widget.inputs.image.setLayer(other)
    assert "of the target" in widget.inputs.look.currentText()
    assert widget.inputs.look.currentIndex() == 0


def test_layers_of_different_size_are_each_translated_at_their_own(
    viewer, widget, qtbot, runs
):
    near, far = add_image(viewer), add_image(viewer, name="far")
    far.scale = (8.0, 4.0, 4.0)
    choice = DomainChoice(layers=(LayerPair(near), LayerPair(far)))
    widget.session.choose("target", choice)
    widget.inputs.image.setCurrentIndex(0)
    widget.translate.click()
    measured(widget, qtbot)
    lines = (runs["cyclegan"].path / "asked.jsonl").read_text().splitlines()
    asked = [json.loads(line) for line in lines]
    sizes = [words[words.index("--voxel-size") + 1] for words in asked]
    assert sizes == ["4.0,2.0,2.0", "8.0,4.0,4.0"]


def test_black_and_white_are_those_of_the_images_own_domain(
    viewer, widget, qtbot, runs
):
    experiment = runs["cyclegan"].experiment()
    window = Window(window=(10.0, 90.0))
    target = experiment.data.target.model_copy(update={"normalise": window})
    data = experiment.data.model_copy(update={"target": target})
    file = runs["cyclegan"].path / "experiment.yaml"
    experiment.model_copy(update={"data": data}).save(file)
    add_image(viewer)
    widget.translate.click()
    measured(widget, qtbot)
    pair = widget.panel.review.pairs[0]
    assert pair.limits[0] == pair.window == (10.0, 90.0)
    scores = structure_scores(np.clip(volume(), 10, 90), pair.translated)
    np.testing.assert_allclose(
        widget.panel.review.scores["structure"], scores["structure"]
    )


def test_who_looks_around_while_slices_are_measured_is_left_there(
    viewer, widget, qtbot
):
    compare(widget, qtbot)
    panel = widget.panel
    widget.translate.click()
    panel.go_to(panel.review.items[4])
    measured(widget, qtbot)
    assert panel.rank.text() != "\N{MIDDLE DOT} measuring"
    assert (panel.current.slice, slice_now(viewer)) == (4, 4)
