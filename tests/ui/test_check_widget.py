from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QFileDialog

from check_window import (
    HEIGHT,
    PLACE,
    SLICES,
    WIDTH,
    add_image,
    damaged,
    measured,
    runs,
    viewer,
    volume,
    widget,
)
from napari_uda.core.metrics.structure import structure_scores, worst_first
from napari_uda.core.spec.domain import Dataset
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.methods import METHODS
from napari_uda.ui.check_widget import CheckWidget
from napari_uda.ui.session import DomainChoice, LayerPair, role_of

__all__ = ["runs", "viewer", "widget"]  # fixtures


def compare(widget, qtbot, translated=None):
    """Compare an image of the viewer with a damaged copy of it."""
    viewer = widget.session.viewer
    original = add_image(viewer)
    other = viewer.add_image(
        damaged(original.data) if translated is None else translated, name="fake"
    )
    widget.inputs.origin.setCurrentIndex(1)
    widget.inputs.image.setLayer(original)
    widget.inputs.translated.setLayer(other)
    assert widget.translate.text() == "Compare"
    widget.translate.click()
    measured(widget, qtbot)
    return original, other


def ours(viewer):
    return {
        layer.name.removeprefix("check: "): layer
        for layer in viewer.layers
        if role_of(layer) == "check"
    }


def shown(viewer):
    return {name for name, layer in ours(viewer).items() if layer.visible}


def state(layer):
    return (
        layer.name, layer.visible, layer.opacity, tuple(layer.translate),
        tuple(layer.contrast_limits), tuple(layer.scale),
    )  # fmt: skip


def seen(layer):
    """Return the pixels that napari shows of a layer."""
    layer.set_view_slice()
    return np.asarray(layer._slice.image.raw)


def slice_now(viewer):
    return round((viewer.dims.point[0] - PLACE["translate"][0]) / PLACE["scale"][0])


def press(viewer, key):
    viewer.keymap[next(one for one in viewer.keymap if str(one) == key)](viewer)


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
    before = state(image)
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

    result = viewer.layers["MR · look of the source (cyclegan_01)"]
    assert role_of(result) == "translation"
    np.testing.assert_allclose(result.data, damaged(volume()), atol=1e-6)
    assert tuple(result.translate) == PLACE["translate"]
    assert state(image) == before
    assert not preview.visible
    assert slice_now(viewer) == 2
    panel = widget.panel
    assert (panel.item.text(), panel.rank.text()) == ("MR, slice 3 of 5", "· the worst")
    assert "Structure is lost in 1 of 5 slices" in panel.findings.text()
    assert "Contrast is inverted in" in panel.findings.text()

    widget.translate.click()
    measured(widget, qtbot)
    assert sum(role_of(layer) == "translation" for layer in viewer.layers) == 1
    assert len(ours(viewer)) == 2


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


def test_every_mode_by_key_leaves_the_users_layers_alone(viewer, widget, qtbot):
    widget.show()
    original, fake = compare(widget, qtbot)
    users = {layer: state(layer) for layer in (original, fake)}
    pair, panel = widget.panel.review.pairs[0], widget.panel
    panel.go_to(panel.review.items[0])
    black, white = (seen(ours(viewer)[name]) for name in ("original", "translated"))
    np.testing.assert_array_equal(black, original.data[0])
    np.testing.assert_array_equal(white, fake.data[0])
    assert shown(viewer) == {"original", "translated"}
    left, right = ours(viewer)["original"].extent, ours(viewer)["translated"].extent
    assert left.world[1, 2] < right.world[0, 2] < left.world[1, 2] + 0.1 * WIDTH * 2
    np.testing.assert_allclose(left.world[:, 1], right.world[:, 1])

    press(viewer, "V")
    assert panel.mode_button("blend").isChecked()
    translated = ours(viewer)["translated"]
    np.testing.assert_allclose(translated.translate, PLACE["translate"])
    panel.slider.setValue(30)
    assert translated.opacity == pytest.approx(0.3)
    assert panel.amount.text() == "30 %"

    press(viewer, "V")
    assert shown(viewer) == {"checkerboard"}
    checker = ours(viewer)["checkerboard"]
    panel.slider.setValue(8)
    one, other = pair.scaled(0)
    squares = seen(checker)
    np.testing.assert_allclose(squares[:8, :8], one[:8, :8], atol=1e-6)
    np.testing.assert_allclose(squares[:8, 8:16], other[:8, 8:16], atol=1e-6)
    np.testing.assert_allclose(squares[8:16, 8:16], one[8:16, 8:16], atol=1e-6)
    assert tuple(checker.translate) == PLACE["translate"]

    press(viewer, "V")
    assert shown(viewer) == {"difference"}
    difference = seen(ours(viewer)["difference"])
    where = np.unravel_index(original.data[0].argmax(), difference.shape)
    assert difference[where] < -0.4
    where = np.unravel_index(original.data[0].argmin(), difference.shape)
    assert difference[where] > 0.4

    press(viewer, "V")
    assert shown(viewer) == {"original", "changes"}
    changes = ours(viewer)["changes"]
    assert (changes.colormap.name, changes.blending) == ("magma", "additive")
    panel.go_to(panel.review.items[1])
    here = seen(changes)
    assert here[:18].max() > 100 > here[30:].max()
    names = [layer.name for layer in viewer.layers]
    assert names.index("check: changes") > names.index("check: original")
    assert ours(viewer)["original"].contrast_limits[1] > original.contrast_limits[1]

    press(viewer, "V")
    assert shown(viewer) == {"original", "translated"}
    assert ours(viewer)["original"].contrast_limits == list(pair.limits[0])
    panel.mode_button("off").click()
    assert shown(viewer) == set()
    assert len(ours(viewer)) == 5
    assert {layer: state(layer) for layer in (original, fake)} == users


def test_the_key_is_taken_only_while_there_is_something_to_compare(
    viewer, widget, qtbot
):
    def taken():
        return any(str(key) == "V" for key in viewer.keymap)

    widget.show()
    assert not taken()
    compare(widget, qtbot)
    assert taken()
    widget.hide()
    assert not taken()
    widget.show()
    assert taken()


def test_squares_and_differences_need_2d(viewer, widget, qtbot):
    compare(widget, qtbot)
    widget.panel.set_mode("checker")
    viewer.dims.ndisplay = 3
    assert shown(viewer) == set()
    assert "2D only" in widget.message.text()
    viewer.dims.ndisplay = 2
    assert shown(viewer) == {"checkerboard"}


def test_next_and_previous_go_by_rank(viewer, widget, qtbot):
    original, fake = compare(widget, qtbot)
    panel = widget.panel
    order = worst_first(structure_scores(original.data, fake.data))
    assert panel.current.slice == order[0] == 2
    assert not panel.previous.isEnabled()
    assert "No slice is worse" in panel.previous.toolTip()
    visited = [slice_now(viewer)]
    while panel.next.isEnabled():
        assert "Alt+Right" in panel.next.toolTip()
        panel.next.click()
        visited.append(slice_now(viewer))
    assert visited == list(order)
    assert panel.rank.text() == "· 5th worst"
    panel.previous.click()
    assert (slice_now(viewer), panel.rank.text()) == (order[-2], "· 4th worst")
    viewer.dims.set_point(0, PLACE["translate"][0] + 2 * PLACE["scale"][0])
    assert panel.rank.text() == "· the worst"
    assert panel.item.text() == "MR, slice 3 of 5"


def test_keys_of_the_window_step_and_judge(viewer, widget, qtbot):
    widget.show()
    compare(widget, qtbot)
    panel = widget.panel
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    alt = Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(widget, Qt.Key.Key_Right, alt)
    assert panel.rank.text() == "· 2nd worst"
    qtbot.keyClick(widget, Qt.Key.Key_R, alt)
    assert panel.review.verdict(panel.current).decision == "rejected"
    qtbot.keyClick(widget, Qt.Key.Key_Left, alt)
    assert panel.rank.text() == "· the worst"


def test_a_click_on_the_curves_goes_there(viewer, widget, qtbot):
    widget.resize(400, 900)
    widget.show()
    compare(widget, qtbot)
    canvas = widget.panel.plot._canvas
    qtbot.waitUntil(lambda: canvas.view.width() > 50)
    spot = canvas.view.mapViewToScene(QPointF(4.2, 0.5))
    qtbot.mouseClick(
        canvas.viewport(), Qt.MouseButton.LeftButton, pos=canvas.mapFromScene(spot)
    )
    assert widget.panel.item.text() == "MR, slice 4 of 5"
    assert slice_now(viewer) == 3
    assert "structure" in widget.panel.plot.legend.text()


def test_layers_with_other_axes_are_compared_as_they_lie(viewer, widget, qtbot):
    turned = viewer.add_image(volume().transpose(2, 1, 0), name="turned")
    fake = viewer.add_image(damaged(volume()).transpose(2, 1, 0), name="fake")
    pair = LayerPair(turned, axes="xyz")
    widget.session.choose("target", DomainChoice(layers=(pair,)))
    widget.inputs.origin.setCurrentIndex(1)
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
    widget.inputs.origin.setCurrentIndex(1)
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


def test_verdicts_are_kept_with_the_run_and_come_back(viewer, widget, qtbot, runs):
    widget.show()
    image = add_image(viewer)
    widget.translate.click()
    measured(widget, qtbot)
    verdict, panel = widget.panel.verdict, widget.panel
    verdict.reject.click()
    panel.next.click()
    assert not verdict.reject.isChecked()
    verdict.accept.click()
    qtbot.keyClicks(verdict.note, "fine")
    panel.previous.click()
    assert (verdict.note.text(), verdict.reject.isChecked()) == ("", True)
    qtbot.keyClicks(verdict.note, "lost")
    assert verdict.tally.text() == "1 accepted, 1 rejected of 5"
    file = runs["cyclegan"].report / "verdicts.csv"
    widget.close()  # before the note's timer

    with file.open(newline="") as opened:
        rows = {row["slice"]: row for row in csv.DictReader(opened)}
    assert (rows["3"]["verdict"], rows["3"]["note"]) == ("rejected", "lost")
    assert rows["3"]["translation"] == "cyclegan_01, best, step 7"
    assert "fine" in [row["note"] for row in rows.values()]

    again = CheckWidget(viewer)
    again.command = widget.command
    qtbot.addWidget(again)
    qtbot.waitUntil(lambda: again.inputs.run.count() == 2)
    again.inputs.run.setCurrentText("cyclegan_01")
    again.inputs.image.setLayer(image)
    again.translate.click()
    measured(again, qtbot)
    assert again.panel.verdict.reject.isChecked()
    assert again.panel.verdict.note.text() == "lost"
    again.panel.verdict.reject.click()
    assert again.panel.verdict.tally.text() == "1 accepted, 0 rejected of 5"

    again.command = [*widget.command[:-1], "later"]  # its best checkpoint is another
    again.translate.click()
    measured(again, qtbot)
    assert again.panel.verdict.tally.text() == "0 accepted, 0 rejected of 5"

    again.command = widget.command
    image.data = volume()[:, ::-1]
    again.translate.click()
    measured(again, qtbot)
    assert again.panel.verdict.tally.text() == "0 accepted, 0 rejected of 5"


def test_a_damaged_file_of_verdicts_is_not_overwritten(
    viewer, widget, qtbot, runs_folder
):
    (runs_folder / "verdicts.csv").write_text("mine\n")
    compare(widget, qtbot)
    assert "move it away" in widget.message.text()
    assert not widget.panel.verdict.accept.isEnabled()
    assert "move it away" in widget.panel.verdict.accept.toolTip()
    assert (runs_folder / "verdicts.csv").read_text() == "mine\n"


def test_page_and_table_hold_what_was_found(
    viewer, widget, qtbot, tmp_path, monkeypatch
):
    compare(widget, qtbot)
    widget.panel.verdict.reject.click()
    answers = [str(tmp_path / "page"), str(tmp_path / "table.csv")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (answers.pop(0), ""))
    widget.panel.report.click()
    assert not widget.panel.report.isEnabled()
    qtbot.waitUntil(lambda: "saved to" in widget.message.text())
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("data:image/png") == 3 * SLICES
    assert page.index("MR, slice 3 of 5") < page.index("MR, slice 1 of 5")
    assert "fake" in page
    assert "Research use only" in page
    qtbot.waitUntil(widget.panel.report.isEnabled)
    widget.panel.csv.click()
    with (tmp_path / "table.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["verdict"] for row in rows] == ["", "", "rejected", "", ""]
    assert float(rows[4]["structure"]) == pytest.approx(1)


def test_a_file_that_cannot_be_written_is_a_sentence(
    viewer, widget, qtbot, tmp_path, monkeypatch
):
    compare(widget, qtbot)
    (tmp_path / "folder").write_text("a file")
    name = str(tmp_path / "folder" / "page.html")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (name, ""))
    widget.panel.report.click()
    qtbot.waitUntil(lambda: "cannot be written" in widget.message.text())
    widget.panel.csv.click()
    assert "cannot be written" in widget.message.text()


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
    assert widget.panel.about["Checkpoint"] == "best, step 2"
    result = viewer.layers["section · look of the target (tiny)"]
    assert result.data.shape == image.data.shape
    assert np.abs(result.data).max() <= 1
    assert widget.panel.review.measured.all()
