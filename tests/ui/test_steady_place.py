"""Texts that get longer or shorter move no button that somebody aims at."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, QRect
from qtpy.QtWidgets import QScrollArea, QWidget

from data_window import folder_of
from napari_uda.core.spec import events as ev
from napari_uda.ui import data_widget
from napari_uda.ui.choice import DomainChoice
from napari_uda.ui.data_widget import DataWidget
from napari_uda.ui.steady_label import Part, SteadyLabel, marked
from napari_uda.ui.train_widget import TrainWidget
from train_window import begin, open_train, settle, wait_for_the_end

pytestmark = pytest.mark.usefixtures("own_settings")

LONG = "a sentence that takes more than one line where a dock is narrow " * 3
NARROW, HIGH = 350, 908


@pytest.fixture
def label(qtbot):
    widget = SteadyLabel(2)
    qtbot.addWidget(widget)
    widget.resize(200, widget.sizeHint().height())
    widget.show()
    return widget


def drawn(label):
    return label.label.text()


def places(window, *widgets):
    return [QRect(one.mapTo(window, QPoint()), one.size()) for one in widgets]


@pytest.mark.parametrize("text", ["", "short", LONG, LONG.replace(" ", "")])
def test_the_height_is_that_of_its_lines_whatever_it_says(label, text):
    before = label.sizeHint()
    label.setText(text)
    assert label.sizeHint() == label.minimumSizeHint() == before
    assert label.text() == text
    assert drawn(label).count("<br>") <= 1
    for line in drawn(label).split("<br>"):
        assert label.label.fontMetrics().horizontalAdvance(line) <= label.width()


@pytest.mark.parametrize("style", ["", "QLabel { border: 1px solid red; }"])
def test_no_line_is_cut_at_the_bottom(label, style):
    label.setStyleSheet(style)
    label.setMarked("warning", LONG)
    label.resize(200, label.sizeHint().height())
    assert drawn(label).count("<br>") == 1
    assert label.label.sizeHint().height() <= label.height()


def test_what_is_cut_ends_in_an_ellipsis_and_is_whole_in_the_tooltip(label):
    label.setToolTip("and a tip")
    assert QWidget.toolTip(label) == "and a tip"
    label.setText(LONG)
    assert drawn(label).endswith("\N{HORIZONTAL ELLIPSIS}")
    assert LONG in QWidget.toolTip(label)
    assert "and a tip" in QWidget.toolTip(label)
    label.resize(2000, label.height())
    assert drawn(label) == LONG.strip()
    assert QWidget.toolTip(label) == "and a tip"


def test_words_are_as_they_were_where_a_line_was_broken(label):
    text = "names like em-pair-with-hyphens-and-more-of-them-than-fit, " * 2
    label.setText(text)
    seen = drawn(label).replace("<br>", "").replace(" ", "")
    cut = seen.removesuffix("\N{HORIZONTAL ELLIPSIS}")
    assert cut != seen
    assert text.replace(" ", "").startswith(cut)
    assert "- " not in drawn(label)


def test_a_part_that_has_no_line_left_is_hinted_at(label):
    label.setParts(marked("warning", "one"), Part("two"), Part("three"))
    assert drawn(label).endswith("two \N{HORIZONTAL ELLIPSIS}")
    assert "three" in QWidget.toolTip(label)
    assert label.text() == "\N{BLACK UP-POINTING TRIANGLE} One\ntwo\nthree"


def test_names_are_no_markup(label):
    label.setMarked("error", "no <b>labels</b>")
    assert "&lt;b&gt;labels" in drawn(label)
    assert label.text().endswith("No <b>labels</b>")


def step(number, speed):
    return ev.Step(
        run="r", step=number, losses={"seg": 1.0}, speed=speed, remaining=360_000,
        memory=11.2,
    )  # fmt: skip


def test_buttons_of_train_stay_where_they_are_during_a_run(
    make_napari_viewer, qtbot, pair, fake
):
    fake("wait")
    train = open_train(make_napari_viewer(show=True), qtbot, pair)
    train.setParent(None)  # no narrower than it may be
    qtbot.addWidget(train)
    train.resize(NARROW, HIGH)
    train.show()
    begin(qtbot, train, step=5)
    settle(qtbot, train)
    row = train.experiment.estimate
    lists = train.run_list
    watched = (
        train.start_button, train.pause_button, train.stop_button, train.status.bar,
        train.previews.slider, lists.tree, lists.open_button, lists.delete_button,
    )  # fmt: skip
    assert train.width() == NARROW
    before = places(train, *watched)
    lights = train.lights.lights()
    assert lights
    changes = (
        lambda: train.status.say(""),
        lambda: train.status.say(LONG),
        lambda: train.status.add([step(6, 0.001)]),
        lambda: train.footer.pause.setText("Continue"),
        lambda: train.footer.start.setText("Add to queue and more"),
        lambda: row.words.setText(LONG),
        lambda: row.words.setText(""),
        lambda: [one.setText(LONG) for one in train.lights.findChildren(SteadyLabel)],
        lambda: [one.setText("") for one in train.lights.findChildren(SteadyLabel)],
    )
    for number, change in enumerate(changes):
        change()
        qtbot.wait(30)
        assert places(train, *watched) == before, number
    train.stop_button.click()
    wait_for_the_end(qtbot, train)


def test_the_line_about_memory_and_time_moves_nothing(make_napari_viewer, qtbot, pair):
    train = TrainWidget(make_napari_viewer())
    qtbot.addWidget(train)
    train.resize(NARROW, HIGH)
    train.show()
    settle(qtbot, train)
    assert train.setup.is_open
    watched = train.start_button, train.experiment.run_name, train.run_list.tree
    before = places(train, *watched)
    for text in ("short", LONG, ""):
        train.experiment.estimate.words.setText(text)
        qtbot.wait(30)
        assert places(train, *watched) == before


def test_buttons_of_data_stay_where_they_are(
    make_napari_viewer, qtbot, tmp_path, monkeypatch
):
    monkeypatch.setattr(data_widget, "WAIT", 1)
    tab = DataWidget(make_napari_viewer())
    qtbot.addWidget(tab)
    tab.resize(NARROW, HIGH)
    tab.show()
    session = tab.session

    def looked():
        return tab.inspection is not None and not tab._timer.isActive()

    folders = {
        name: folder_of(tmp_path / name, seed, config="voxel_size: [8, 8]\nunit: nm")
        for name, seed in (("source", 1), ("target", 7))
    }
    session.choose("source", DomainChoice(folder=folders["source"]))
    qtbot.wait(30)
    (place,) = places(tab, tab.pickers["target"].origin)
    qtbot.waitUntil(looked)
    qtbot.wait(30)
    assert places(tab, tab.pickers["target"].origin) == [place]
    session.choose("target", DomainChoice(folder=folders["target"]))
    qtbot.waitUntil(looked)
    qtbot.wait(30)
    watched = (
        tab.samples.again, tab.table, tab.pickers["target"].folder.button, tab.gap,
        tab.findChild(QScrollArea), tab.verdict,
    )  # fmt: skip
    before = places(tab, *watched)

    def seen():
        qtbot.wait(30)
        assert places(tab, *watched) == before

    tab.table.selectRow(0)
    seen()
    tab.samples.note.setParts(*(marked("warning", LONG) for _ in range(3)))
    seen()
    for text in ("", LONG):
        tab.verdict.setMarked("note", text)
        seen()
    tab.fix.show()
    seen()
    tab._look()  # rows come one by one
    seen()
    qtbot.waitUntil(looked)
    seen()
    session.choose("source", session.choices["source"])  # the same, looked at again
    tab.pickers["source"].setSummary("")
    tab.pickers["source"].setSummary("")
    seen()
    qtbot.waitUntil(looked)
    seen()
