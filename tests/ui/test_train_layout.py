"""What is seen of the Train tab, where, and what it says while there is nothing."""

from __future__ import annotations

import csv
from operator import attrgetter

import pytest
from qtpy.QtCore import QRect, Qt
from qtpy.QtGui import QImage
from qtpy.QtWidgets import QFileDialog, QScrollArea

from napari_uda.core.spec import events as ev
from napari_uda.ui.choice import DomainChoice
from napari_uda.ui.curves import NO_LOSSES, NO_RUN, NO_SCORES, Curves
from napari_uda.ui.train_widget import TrainWidget
from train_window import settle

pytestmark = pytest.mark.usefixtures("own_settings")

ABOUT = {"method": "m", "steps": 100, "device": "cpu", "precision": "float32"}
BEGUN = ev.Started(run="r", step=0, loss_groups={"segmentation": ("seg",)}, **ABOUT)
PLACE = 908
"""Pixels that napari leaves for the tab in a window of 1600 x 1000."""


def losses(step, **values):
    return ev.Step(run="r", step=step, losses=values, speed=1, remaining=1, memory=1)


def scores(step, **values):
    return ev.Validation(run="r", step=step, scores=values, truth={"mean": 0.5})


@pytest.fixture
def train(make_napari_viewer, qtbot, pair):
    widget = TrainWidget(make_napari_viewer())
    qtbot.addWidget(widget)
    for name in ("source", "target"):
        widget.session.choose(name, DomainChoice(folder=pair / name))
    widget.session.set_problem("")
    widget.resize(400, PLACE)
    widget.show()
    settle(qtbot, widget)
    yield widget
    settle(qtbot, widget)


@pytest.fixture
def curves(qtbot):
    widget = Curves()
    qtbot.addWidget(widget)
    widget.show()
    yield widget
    widget.clear()


def seen(train):
    """Return a function that tells whether all of a widget is in sight."""
    port = train.findChild(QScrollArea).viewport()

    def check(widget):
        place = port if port.isAncestorOf(widget) else train
        corner = widget.mapTo(place, widget.rect().topLeft())
        inside = place.rect().contains(QRect(corner, widget.size()))
        return widget.isVisible() and inside

    return check


@pytest.mark.parametrize("width", [350, 400])
def test_all_that_matters_is_seen_without_scrolling(train, qtbot, width):
    train.resize(width, PLACE)
    train.status.clear("a run")
    train.status.add([BEGUN, losses(3, seg=1.0)])
    train.lights.add([BEGUN, losses(3, seg=1.0)])
    train.curves.add(
        [BEGUN, losses(3, seg=1.0), scores(3, a=1, b=2, information=3, more_of_it=4)]
    )
    qtbot.wait(50)
    in_sight = seen(train)
    panel = train.experiment
    for widget in (
        panel.method, *panel._preset_buttons.values(), panel.device, panel.run_name,
        train.start_button, train.pause_button, train.stop_button, train.status.bar,
        train.curves.shown._canvas, train.curves.log, train.previews.slider,
        train.lights, train.run_list.tree, train.run_list.delete_button,
    ):  # fmt: skip
        assert in_sight(widget), widget
    assert train.curves.shown._canvas.height() >= 100


@pytest.mark.parametrize("width", [350, 400])
def test_a_run_can_be_started_and_stopped_whatever_is_unfolded(train, qtbot, width):
    train.resize(width, 500)
    train.status.clear("a run")
    train.status.add([BEGUN, losses(3, seg=1.0)])
    train.experiment.settings.unfold()
    train.experiment.advanced.unfold()
    in_sight = seen(train)
    qtbot.waitUntil(lambda: not in_sight(train.run_list.tree))
    scroll = train.findChild(QScrollArea).verticalScrollBar()
    for place in (scroll.minimum(), scroll.maximum()):
        scroll.setValue(place)
        for widget in (
            train.start_button, train.pause_button, train.stop_button,
            train.status.bar, train.status.line,
        ):  # fmt: skip
            assert in_sight(widget), widget


def test_a_failure_and_a_long_name_fit_a_narrow_place(train, qtbot):
    train.resize(350, PLACE)
    name = "a run with a title that is much longer than such a place is wide, and more"
    train.status.clear(name)
    failed = ev.Failed(run="r", step=3, message="No.", detail="log", fix={"width": 8})
    train.status.add([BEGUN, failed])
    qtbot.wait(50)
    port = train.findChild(QScrollArea).viewport()
    status = train.status
    for button in (status.resume, status.fix, status.log_button):
        assert seen(train)(button), button.text()
    assert train.findChild(QScrollArea).widget().width() == port.width()
    assert status.title.toolTip() == name


def test_the_form_gives_its_place_to_the_run(train, qtbot):
    assert train.setup.is_open
    before = train.curves.shown._canvas.height()
    train.setup.fold()
    qtbot.waitUntil(lambda: train.curves.shown._canvas.height() > before)
    assert train.setup.note == "Source only, quick"
    train.experiment.form.change({"steps": 7})
    assert train.setup.note == "Source only, quick, 1 changed"
    train.setup.unfold()
    assert train.setup.note == ""


def test_the_form_comes_back_when_nothing_is_shown(train):
    train.setup.fold()
    train.show_run(None)
    assert train.setup.is_open


@pytest.mark.parametrize(
    ("keys", "key", "path"),
    [
        ("F4", Qt.Key.Key_F4, "previews.show_button"),
        ("Alt+G", Qt.Key.Key_G, "status.log_button"),
        ("Alt+O", Qt.Key.Key_O, "run_list.folder_button"),
    ],
)
def test_buttons_have_keys_that_their_tooltips_name(train, qtbot, keys, key, path):
    button = attrgetter(path)(train)
    train.previews.add([ev.Preview(run="run", step=1, file="none")])
    assert f"({keys})" in button.toolTip()
    button.clicked.disconnect()
    pressed = []
    button.clicked.connect(lambda: pressed.append(1))
    button.setEnabled(True)
    button.show()
    train.activateWindow()
    train.run_list.tree.setFocus()
    qtbot.waitUntil(train.run_list.tree.hasFocus)
    modifier = (
        Qt.KeyboardModifier.AltModifier
        if "Alt" in keys
        else Qt.KeyboardModifier.NoModifier
    )
    qtbot.keyClick(train.run_list.tree, key, modifier)
    qtbot.waitUntil(lambda: pressed == [1])


def test_keys_of_the_list_work_in_the_list_only(train, qtbot):
    opened = []
    button = train.run_list.delete_button
    button.clicked.disconnect()
    button.clicked.connect(lambda: opened.append(1))
    button.setEnabled(True)
    train.activateWindow()
    train.experiment.run_name.setFocus()
    qtbot.keyClick(train.experiment.run_name, Qt.Key.Key_Delete)
    assert not opened
    train.run_list.tree.setFocus()
    qtbot.waitUntil(train.run_list.tree.hasFocus)
    qtbot.keyClick(train.run_list.tree, Qt.Key.Key_Delete)
    assert opened


def test_empty_plots_say_what_will_come(curves):
    words = curves.plots["scores"]._canvas.words
    assert words.text() == NO_RUN
    curves.expect("Starting the training process")
    assert words.text() == "Starting the training process"
    curves.add([BEGUN])
    assert words.text() == NO_SCORES
    assert curves.plots["segmentation"]._canvas.words.text() == NO_LOSSES
    curves.add([losses(1, seg=1.0)])
    assert curves.plots["segmentation"]._canvas.words.isHidden()
    assert not words.isHidden()
    curves.add([scores(2, a=0.5)])
    assert words.isHidden()
    curves.clear()
    assert curves.plots["scores"]._canvas.words.text() == NO_RUN


def test_axes_say_what_they_measure(curves):
    curves.add([BEGUN])
    axes = {t: plot._canvas.axes.values() for t, plot in curves.plots.items()}
    named = {t: [axis.labelText for axis in both] for t, both in axes.items()}
    assert named == {"scores": ["score", "step"], "segmentation": ["loss", "step"]}
    assert not any(axis.label.isVisible() for both in axes.values() for axis in both)
    curves.add([losses(1, seg=1.0), scores(2, a=0.5)])
    assert all(axis.label.isVisible() for both in axes.values() for axis in both)


def test_names_of_axes_are_not_cut_and_small_values_stay_as_they_are(curves, qtbot):
    curves.resize(350, 300)
    curves.add([BEGUN, scores(1, a=0.1), scores(2, a=0.5)])
    qtbot.waitUntil(curves.save.isEnabled)
    canvas = curves.shown._canvas
    qtbot.waitUntil(lambda: canvas.view.viewRange()[1][1] < 1)
    for axis in canvas.axes.values():
        margin = axis.label.document().documentMargin()
        name = axis.label.mapRectToScene(axis.label.boundingRect())
        words = name.adjusted(margin, margin, -margin, -margin)
        assert words.bottom() <= canvas.sceneRect().bottom()
        assert words.left() >= -1
        assert axis.labelUnitPrefix == ""
        assert axis.autoSIPrefixScale == 1


@pytest.fixture
def chosen(monkeypatch, tmp_path):
    """Choose this file in the next dialogs."""
    path = tmp_path / "curves"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    return path


def test_curves_are_saved_as_they_were_measured(curves, qtbot, chosen):
    assert not curves.save.isEnabled()
    assert curves.save.toolTip() == "Nothing is drawn yet"
    curves.smoothing.setValue(10)
    curves.add([BEGUN, *(losses(step, seg=1 / step) for step in (1, 2, 4))])
    curves.add([scores(2, a=float("nan")), scores(4, a=0.25)])
    qtbot.waitUntil(curves.save.isEnabled)
    with qtbot.waitSignal(curves.save.saved):
        curves.save._on_csv()
    file = chosen.with_suffix(".csv")
    with file.open(newline="") as text:
        rows = list(csv.reader(text))
    assert rows[0] == ["step", "scores: a", "scores: mean (truth)", "segmentation: seg"]
    assert rows[1:] == [
        ["1", "", "", "1"], ["2", "nan", "0.5", "0.5"], ["4", "0.25", "0.5", "0.25"],
    ]  # fmt: skip


def test_a_plot_is_saved_as_a_fine_picture(curves, qtbot, chosen):
    curves.add([BEGUN, losses(1, seg=1.0), losses(2, seg=2.0), scores(2, a=0.5)])
    with qtbot.waitSignal(curves.save.saved):
        curves.save._on_png()
    picture = QImage(str(chosen.with_suffix(".png")))
    assert picture.width() == 3 * curves.shown.width()
    colors = {picture.pixel(x, picture.height() // 3) for x in range(picture.width())}
    assert len(colors) > 1


def test_a_folder_that_takes_no_file_is_a_sentence(curves, qtbot, chosen):
    chosen.with_suffix(".csv").mkdir()
    curves.add([BEGUN, losses(1, seg=1.0)])
    with qtbot.waitSignal(curves.save.problem) as said:
        curves.save._on_csv()
    assert "was not written" in said.args[0]
