from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QColor, QDropEvent
from qtpy.QtWidgets import QColorDialog, QWidget

from napari_uda.core.spec.domain import Structure
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui import data_widget as module
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.data_widget import DataWidget
from napari_uda.ui.session import METADATA_KEY, Session
from napari_uda.ui.steady_label import SteadyLabel


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(module, "WAIT", 1)
    monkeypatch.setattr(module, "WAIT_PAINTING", 1)


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def widget(viewer, qtbot):
    widget = DataWidget(viewer)
    qtbot.addWidget(widget)
    return widget


def noise(seed, shape=(3, 64, 64)):
    return np.random.default_rng(seed).integers(0, 255, shape, np.uint8)


def stripes(shape=(3, 64, 64), value=1):
    labels = np.zeros(shape, np.uint8)
    labels[..., 10:20] = value
    return labels


def add_pair(viewer, role, seed, unit="nm", side=5.0, **metadata):
    place = {"scale": (side,) * 3, "units": (unit,) * 3, "axis_labels": ("z", "y", "x")}
    labelled = {METADATA_KEY: {"role": role, "kind": "labels", **metadata}}
    image = viewer.add_image(
        noise(seed),
        name=f"{role} image",
        metadata={METADATA_KEY: {"role": role}},
        **place,
    )
    labels = viewer.add_labels(
        stripes(), name=f"{role} mask", metadata=labelled, **place
    )
    return image, labels


def looked(widget):
    return widget.inspection is not None and not widget._timer.isActive()


def test_says_what_is_missing_at_first(widget):
    assert "source and target" in widget.verdict.text()
    assert "source and target" in widget.session.problem
    assert not widget.table.isVisibleTo(widget)


def test_layers_that_say_what_they_are_need_no_click(viewer, widget, qtbot):
    source, mask = add_pair(viewer, "source", 1)
    target, truth = add_pair(viewer, "target", 2)
    qtbot.waitUntil(lambda: looked(widget) and widget.session.problem == "")
    choices = widget.session.choices
    assert choices["source"].layers[0].layers == (source, mask)
    assert choices["target"].layers[0].layers == (target, truth)
    assert choices["target"].labels_role == "evaluate"
    assert list(choices["source"].classes) == [1]
    assert "Ready to train" in widget.verdict.text()
    model = widget.table.samples
    assert model.rowCount() == 2
    cells = [model.data(model.index(0, column), 0) for column in range(5)]
    assert cells == ["source image", "3x64x64", "u8", "5x5x5 nm", "1/1"]
    assert widget.session.dataset is not None


def test_chosen_layers_and_those_removed_or_renamed(viewer, widget, qtbot):
    image, other = viewer.add_image(noise(1)), viewer.add_image(noise(2), name="other")
    labels = viewer.add_labels(stripes())
    picker = widget.pickers["source"]
    row = picker._rows[0]
    row.image.setLayer(image)
    row.labels.activated.emit(row.labels.findText(labels.name))
    assert widget.session.choices["source"].layers[0].layers == (image, labels)
    other.name = "renamed"
    assert "renamed" in [row.image.itemText(i) for i in range(row.image.count())]
    assert row.image.layer() is image
    viewer.layers.remove(image)
    assert widget.session.choices["source"].empty
    assert picker.value().empty
    qtbot.waitUntil(lambda: "Choose source" in widget.session.problem)


def test_several_pairs(viewer, widget):
    images = [viewer.add_image(noise(i)) for i in range(2)]
    picker = widget.pickers["source"]
    assert not picker.add.isEnabled()
    picker._rows[0].image.setLayer(images[0])
    assert picker.add.isEnabled()
    picker.add.click()
    assert [p.image for p in widget.session.choices["source"].layers] == images
    assert "Every image layer" in picker.add.toolTip()
    picker._rows[0].remove.click()
    assert [p.image for p in widget.session.choices["source"].layers] == images[1:]


def test_axes_can_be_corrected(viewer, widget, qtbot):
    image = viewer.add_image(noise(3, (64, 64, 3)), rgb=False)
    row = widget.pickers["target"]._rows[0]
    row.image.setLayer(image)
    assert row.details.isVisibleTo(widget)
    row.details.setCurrentText("yxz")
    assert widget.session.choices["target"].layers[0].axes == "yxz"
    qtbot.waitUntil(lambda: looked(widget))
    assert widget.inspection.samples[0].shape == (3, 64, 64)


def test_what_is_wrong_with_a_layer_is_said_in_its_row(viewer, widget, qtbot):
    add_pair(viewer, "target", 2)
    image = viewer.add_image(noise(1))
    wrong = viewer.add_labels(stripes((3, 64, 32)))
    movie = viewer.add_image(noise(4, (2, 3, 16, 16)), name="movie")
    pairs = (LayerPair(image, wrong), LayerPair(movie, None))
    widget.session.choose("source", DomainChoice(layers=pairs))
    qtbot.waitUntil(lambda: looked(widget))
    rows = widget.inspection.samples
    assert [row.severity for row in rows[:2]] == ["error", "error"]
    assert rows[2].domain == "target"
    assert rows[2].shape == (3, 64, 64)
    widget.table.selectRow(0)
    assert "(3, 64, 32)" in widget.note.text()
    widget.table.selectRow(1)
    assert "2 x 3 x 16 x 16" in widget.note.text()
    assert widget.session.problem != ""


def test_source_without_labels_cannot_train(viewer, widget, qtbot):
    add_pair(viewer, "target", 2)
    image = viewer.add_image(noise(1))
    widget.session.choose("source", DomainChoice(layers=(LayerPair(image),)))
    qtbot.waitUntil(lambda: looked(widget))
    assert "the source has no labels" in widget.session.problem
    widget.session.choose("target", DomainChoice())
    qtbot.waitUntil(lambda: looked(widget))
    assert "The source has no labels" in widget.verdict.text()


def test_a_wrong_source_is_said_before_there_is_a_target(widget, qtbot, pair):
    widget.session.choose("source", DomainChoice(folder=pair))
    qtbot.waitUntil(lambda: looked(widget))
    assert f"give {pair / 'source'} as source" in widget.verdict.text()
    widget.session.choose("source", DomainChoice(folder=pair / "source"))
    qtbot.waitUntil(lambda: looked(widget))
    assert "Choose target images first" in widget.verdict.text()
    assert widget.pickers["target"].kind.text() == "unlabelled"
    widget.session.choose("target", DomainChoice(folder=pair / "target"))
    qtbot.waitUntil(lambda: looked(widget))
    assert widget.pickers["target"].kind.text() == "with truth"


def test_different_voxel_sizes_are_mended_and_unmended(viewer, widget, qtbot):
    add_pair(viewer, "source", 1, side=5.0)
    add_pair(viewer, "target", 2, side=8.0)
    qtbot.waitUntil(lambda: looked(widget))
    assert "5 x 5 nm in the source, 8 x 8 nm in the target" in widget.verdict.text()
    assert widget.session.problem == ""
    assert "8 nm" in widget.fix.text()
    widget.fix.click()
    assert widget.session.voxel_size == (8.0, 8.0)
    qtbot.waitUntil(lambda: looked(widget) and widget.fix.text() == "Undo resampling")
    assert "Ready to train." in widget.verdict.text()
    widget.fix.click()
    assert widget.session.voxel_size is None
    qtbot.waitUntil(lambda: looked(widget))


def test_classes_can_be_named_and_come_from_metadata(viewer, widget, qtbot):
    add_pair(viewer, "source", 1, classes={1: "mitochondrion"})
    add_pair(viewer, "target", 2)
    qtbot.waitUntil(lambda: looked(widget) and widget.classes.isVisibleTo(widget))
    assert widget.classes._names[1].text() == "mitochondrion"
    widget.classes._names[1].setText("nucleus")
    widget.classes._names[1].editingFinished.emit()
    assert widget.session.choices["source"].classes[1].name == "nucleus"
    qtbot.waitUntil(lambda: looked(widget))
    assert list(widget.inspection.source.prevalence) == ["nucleus"]


def test_the_colour_of_a_class_can_be_chosen(viewer, widget, qtbot, monkeypatch):
    add_pair(viewer, "source", 1)
    add_pair(viewer, "target", 2)
    qtbot.waitUntil(lambda: looked(widget))
    before = widget.session.choices["source"].classes[1]
    answers = [QColor(), QColor("#12ab34")]
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: answers.pop(0))
    button = widget.classes._colors[1]
    button.click()
    assert widget.session.choices["source"].classes[1] == before
    button.click()
    now = widget.session.choices["source"].classes[1]
    assert (now.name, now.color) == (before.name, "#12ab34")
    assert button.icon().pixmap(14).toImage().pixelColor(7, 7).name() == "#12ab34"
    qtbot.waitUntil(lambda: looked(widget))
    assert widget.session.snapshot().source.typed.classes[1].color == "#12ab34"


def test_truth_trains_only_where_the_user_says_so(viewer, widget, qtbot, tmp_path):
    add_pair(viewer, "source", 1)
    add_pair(viewer, "target", 2)
    qtbot.waitUntil(lambda: looked(widget))
    role = widget.pickers["target"].truth_role
    assert role.isVisibleTo(widget)
    assert not widget.pickers["source"].truth_role.isVisibleTo(widget)

    def trains(run):
        data = widget.session.snapshot().dataset(RunFolder(tmp_path / run))
        return [sample.labels_role for sample in data.target.samples]

    assert trains("one") == ["evaluate"]
    role.setCurrentText("truth: also trains")
    qtbot.waitUntil(lambda: looked(widget))
    assert trains("two") == ["train"]
    assert widget.table.samples.report(1).role == "train"


def test_painting_labels_looks_again(viewer, widget, qtbot):
    _, labels = add_pair(viewer, "source", 1)
    add_pair(viewer, "target", 2)
    qtbot.waitUntil(lambda: looked(widget))
    before = widget.inspection.source.prevalence["foreground"]
    labels.paint((1, 32, 40), 1)
    qtbot.waitUntil(
        lambda: (
            looked(widget)
            and widget.inspection.source.prevalence["foreground"] > before
        )
    )


def test_what_is_painted_is_a_class_and_what_is_erased_is_none(viewer, widget, qtbot):
    _, labels = add_pair(viewer, "source", 1)
    add_pair(viewer, "target", 2)
    qtbot.waitUntil(lambda: looked(widget))
    widget.classes._names[1].setText("nucleus")
    widget.classes._names[1].editingFinished.emit()

    def names():
        classes = widget.session.snapshot().source.typed.classes
        assert classes == widget.classes.value()
        return {value: item.name for value, item in classes.items()}

    def paint(value, erased=0):
        labels.data[labels.data == erased if erased else np.s_[:, 40:50]] = value
        labels.events.paint(value=[])
        qtbot.waitUntil(lambda: widget._timer.isActive())
        qtbot.waitUntil(lambda: looked(widget))

    assert names() == {1: "nucleus"}
    paint(2)
    assert names() == {1: "nucleus", 2: "class 2"}
    colors = {item.color for item in widget.classes.value().values()}
    assert len(colors) == 2
    assert not any(item.code == "unlisted" for item in widget.inspection.problems)
    paint(0, erased=2)
    assert names() == {1: "nucleus"}
    paint(0, erased=1)
    assert names() == {1: "nucleus"}
    assert "no source label holds any structure (nucleus)" in widget.session.problem


def make_folder(folder, seed, values=(1,)):
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    for number, stem in enumerate(("a", "b")):
        labels = np.zeros((64, 64), np.uint8)
        for value in values:
            labels[:, 10 * value : 10 * value + 5] = value
        image = noise(seed + number, (64, 64))
        tifffile.imwrite(folder / "images" / f"{stem}.tif", image)
        tifffile.imwrite(folder / "labels" / f"{stem}.tif", labels)
    (folder / "dataset.yaml").write_text("split: {train: [a], test: [b]}\n")
    return folder


def test_folders_chosen_and_dropped(widget, qtbot, tmp_path):
    source = make_folder(tmp_path / "source", 1)
    target = make_folder(tmp_path / "target", 5)
    widget.pickers["source"].setFolder(source)
    drop(widget.pickers["target"], target)
    qtbot.waitUntil(lambda: looked(widget) and widget.session.problem == "")
    assert widget.session.choices["target"].folder == target
    assert widget.pickers["source"].summary.text().startswith("2 samples")
    assert [one.name for one in widget.classes.value().values()] == ["foreground"]
    assert widget.classes.isVisibleTo(widget)
    assert widget.gap.isVisibleTo(widget)
    assert widget.gap.overlap.text().startswith("overlap")


def test_a_class_is_named_in_full_or_its_tooltip_has_it(widget, viewer, qtbot):
    widget.resize(350, 800)
    widget.show()
    long = "endoplasmic reticulum of a cell with a long name"
    add_pair(viewer, "source", 1)
    add_pair(viewer, "target", 2)
    qtbot.waitUntil(lambda: looked(widget))
    source = widget.session.choices["source"]
    named = {
        value: Structure(name=name, color="#aa0000")
        for value, name in ((1, "mitochondrion"), (2, long))
    }
    widget.session.choose("source", replace(source, classes=named))
    qtbot.waitUntil(lambda: looked(widget) and len(widget.classes.value()) == 2)
    qtbot.wait(50)
    rows = {label.text(): label for label in widget.gap.findChildren(SteadyLabel)}
    for name in ("mitochondrion", long):
        label = rows[f"\N{BLACK SQUARE} {name}"]
        cut = "\N{HORIZONTAL ELLIPSIS}" in label.label.text()
        assert cut == (name == long)
        assert not cut or long in QWidget.toolTip(label)


def drop(picker, folder):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    event = QDropEvent(
        QPointF(5, 5), action, data, button, Qt.KeyboardModifier.NoModifier
    )
    picker.dropEvent(event)


def test_a_bad_file_or_folder_is_a_sentence_and_the_rest_goes_on(
    widget, qtbot, tmp_path
):
    source = make_folder(tmp_path / "source", 1)
    (source / "images" / "a.tif").write_bytes(b"not a picture")
    widget.pickers["source"].setFolder(source)
    widget.pickers["target"].setFolder(tmp_path / "nowhere")
    qtbot.waitUntil(lambda: looked(widget))
    assert "nowhere" in widget.session.problem
    assert [row.severity for row in widget.inspection.samples] == ["error", "ok"]


def test_a_newer_look_replaces_the_one_under_way(widget, qtbot, tmp_path):
    one, two = (make_folder(tmp_path / name, i) for i, name in enumerate("ab"))
    widget.pickers["target"].setFolder(make_folder(tmp_path / "target", 7))
    widget.pickers["source"].setFolder(one)
    widget._look()
    widget.pickers["source"].setFolder(two)
    qtbot.waitUntil(lambda: looked(widget) and widget.session.problem == "")
    assert widget.table.samples.rowCount() == 4
    assert widget._looked.dataset.source.samples[0].image.is_relative_to(two)


def test_a_widget_opened_later_shows_what_is_chosen(viewer, qtbot, tmp_path):
    session = Session.of(viewer)
    for name, seed in (("source", 1), ("target", 5)):
        folder = make_folder(tmp_path / name, seed)
        session.choose(name, DomainChoice(folder=folder))
    widget = DataWidget(viewer)
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: looked(widget) and session.problem == "")
    assert widget.pickers["source"].value().folder == tmp_path / "source"


def test_what_was_said_of_a_folder_goes_with_it(widget, qtbot, pair):
    for name in ("source", "target"):
        widget.session.choose(name, DomainChoice(folder=pair / name))
    summaries = {name: picker.summary for name, picker in widget.pickers.items()}
    qtbot.waitUntil(lambda: looked(widget) and "sample" in summaries["source"].text())
    origin = widget.pickers["source"].origin
    origin.setCurrentIndex(0)
    origin.activated.emit(0)
    assert widget.session.choices["source"].empty
    assert summaries["source"].text() == ""
    assert summaries["source"].isHidden()
    assert "sample" in summaries["target"].text()
    qtbot.waitUntil(lambda: looked(widget))
    assert summaries["source"].text() == ""
    widget.session.choose("target", DomainChoice())
    assert summaries["target"].text() == ""
    qtbot.waitUntil(lambda: not widget._timer.isActive())
