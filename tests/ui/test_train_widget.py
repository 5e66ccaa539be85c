from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from qtpy.QtWidgets import (
    QDialog,
    QPlainTextEdit,
    QScrollArea,
)

from napari_uda.core.spec import events as ev
from napari_uda.ui.choice import DomainChoice, LayerPair
from napari_uda.ui.session import Session
from napari_uda.ui.train_widget import TrainWidget
from train_window import (
    FAKE,
    TINY,
    begin,
    open_train,
    prepared_run,
    row,
    select,
    settle,
    wait_for,
    wait_for_the_end,
)

pytestmark = pytest.mark.usefixtures("own_settings")


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def train(viewer, qtbot, pair):
    widget = open_train(viewer, qtbot, pair)
    yield widget
    settle(qtbot, widget)


def test_every_main_action_has_a_shortcut_in_its_tooltip(train):
    assert train.start_button.toolTip().endswith("(F6)")
    for button in (train.start_button, train.pause_button, train.stop_button):
        assert not button.shortcut().isEmpty()


def test_a_run_from_start_to_finish(train, qtbot, fake):
    fake("obey")
    train.experiment.form.change({"steps": 20})
    begin(qtbot, train)
    wait_for_the_end(qtbot, train)
    assert "Finished" in train.status.line.text()
    assert train.status.bar.value() == 20
    assert train.curves.plots["segmentation"].series["seg"]
    assert [light.name for light in train.lights.lights()] == [
        "discriminator", "classes", "numbers",
    ]  # fmt: skip
    assert set(train.previews.layers()) == {"source", "source_prediction"}
    assert train.session.selected_run.state() == "finished"
    assert row(train) == ("finished", "20", "0.40")
    tree = train.run_list.tree
    assert "Predict scores whole images" in tree.headerItem().toolTip(3)
    assert "at step 5: 0.40" in tree.topLevelItem(0).toolTip(3)
    experiment = train.session.selected_run.experiment()
    assert experiment.method.steps == 20
    assert experiment.name == train.session.selected_run.id
    assert train.experiment.name.folder.endswith("_02")


def test_layers_are_copied_into_the_run(train, qtbot, fake, viewer):
    fake("obey")
    image = viewer.add_image(np.random.default_rng(0).random((20, 64, 64)))
    labels = viewer.add_labels(np.ones((20, 64, 64), int))
    from napari_uda.core.spec.domain import Structure

    classes = {1: Structure(name="cell")}
    choice = DomainChoice(layers=(LayerPair(image, labels),), classes=classes)
    train.session.choose("source", choice)
    train.session.choose("target", choice)
    settle(qtbot, train)
    begin(qtbot, train)
    wait_for_the_end(qtbot, train)
    data = train.session.selected_run.experiment().data
    assert data.source.samples[0].image.parent == train.session.selected_run.data
    assert data.source.samples[0].image.exists()


def test_data_that_do_not_fit_leave_no_run_behind(train, qtbot, viewer):
    image = viewer.add_image(np.zeros((64, 64)))
    choice = DomainChoice(layers=(LayerPair(image),))
    train.session.choose("source", choice)
    settle(qtbot, train)
    train.start_button.click()
    wait_for(qtbot, lambda: bool(train.status.messages.text()))
    assert "has no labels" in train.status.messages.text()
    assert train.session.runs() == []
    assert not list(train.session.runs_folder.glob("*"))
    assert train.start_button.isEnabled()


def test_pause_continue_stop_and_resume(train, qtbot, fake):
    fake("wait")
    job = begin(qtbot, train, step=5)
    assert train.start_button.text() == "Add to queue"
    train.pause_button.click()
    assert not train.pause_button.isEnabled()
    wait_for(qtbot, lambda: job.state == "paused")
    assert train.pause_button.text() == "Continue"
    assert train.pause_button.isEnabled()
    assert "Paused" in train.status.line.text()
    train.stop_button.click()
    wait_for_the_end(qtbot, train)
    assert "Stopped" in train.status.line.text()
    fake("obey")
    select(qtbot, train, train.session.selected_run.id)
    assert train.run_list.resume_button.text() == "Resume"
    train.run_list.resume_button.click()
    wait_for_the_end(qtbot, train)
    assert "Finished" in train.status.line.text()
    steps = train.curves.plots["segmentation"].series["seg"].arrays()[0]
    assert steps.tolist() == list(range(1, 21))


def test_a_killed_run_says_so_and_can_be_resumed(train, qtbot, fake):
    fake("die")
    begin(qtbot, train)
    wait_for_the_end(qtbot, train)
    status = train.status
    assert "Stopped unexpectedly (signal 9, killed) at step 5" in status.messages.text()
    assert status.resume.isVisibleTo(train)
    assert status.log_button.isVisibleTo(train)
    status.log_button.click()
    dialog = train.findChild(QDialog)
    assert "last words" in dialog.findChild(QPlainTextEdit).toPlainText()
    dialog.close()
    fake("obey")
    status.resume.click()
    assert not status.resume.isVisibleTo(train)
    wait_for_the_end(qtbot, train)
    assert "Finished" in status.line.text()
    assert not status.messages.text()


def test_settings_that_mend_a_failure_are_tried_with_one_click(train, qtbot, fake):
    fake("die")
    begin(qtbot, train)
    wait_for_the_end(qtbot, train)
    run, status = train.session.selected_run, train.status
    needs = "Needs 9 GB, 5 GB free."
    status.add([ev.Failed(run=run.id, step=5, message=needs, fix={"batch_size": 4})])
    assert status.fix.isVisibleTo(train)
    assert status.fix.text() == "Resume with batch_size = 4"
    fake("obey")
    status.fix.click()
    wait_for_the_end(qtbot, train)
    assert "Finished" in status.line.text()
    assert "batch_size = 4 instead of 8" in status.messages.text()
    assert run.experiment().method.batch_size == 4
    assert train.experiment.form.value().batch_size == 4


def test_warnings_are_shown_in_words(train):
    warned = ev.Warned(run="r", step=3, code="nan", message="Rolled <back>.")
    train.status.add([warned])
    assert "Rolled &lt;back>." in train.status.messages.text()


def test_an_opened_run_shows_its_curves_and_previews(train, qtbot, fake):
    fake("obey")
    begin(qtbot, train)
    wait_for_the_end(qtbot, train)
    run = train.session.selected_run
    train.session.selected_run = None
    assert "segmentation" not in train.curves.plots
    select(qtbot, train, run.id)
    train.run_list.open_button.click()
    settle(qtbot, train)
    assert train.session.selected_run.path == run.path
    assert train.status.title.text() == run.id
    assert "segmentation" in train.curves.plots
    assert train.previews.slider.maximum() == 3


def test_an_interrupted_run_is_explained_when_opened(train, qtbot):
    run = prepared_run(train)
    about = {"method": "grl", "steps": 20, "device": "d", "precision": "p"}
    run.append(ev.Started(run=run.id, step=0, loss_groups={}, **about))
    run.append(ev.Step(run=run.id, step=9, losses={}, speed=1, remaining=1, memory=1))
    train.session.selected_run = run
    settle(qtbot, train)
    assert "Interrupted at step 9" in train.status.messages.text()
    assert train.status.resume.isVisibleTo(train)


def test_a_run_in_the_background_can_be_attached(train, qtbot, pair):
    run = prepared_run(train)
    child = subprocess.Popen([sys.executable, FAKE, "wait", str(run.path)])
    wait_for(qtbot, lambda: any(event.step == 5 for event in run.events()))
    select(qtbot, train, "earlier")
    assert train.run_list.resume_button.text() == "Attach"
    assert not train.run_list.delete_button.isEnabled()
    train.run_list.resume_button.click()
    wait_for(qtbot, lambda: train.session.job.state == "running")
    settle(qtbot, train)
    assert len(train.curves.plots["segmentation"].series["seg"]) == 5
    train.stop_button.click()
    wait_for_the_end(qtbot, train)
    assert child.wait(10) == 0


def test_a_reopened_widget_takes_up_the_job(train, qtbot, fake, viewer):
    fake("wait")
    job = begin(qtbot, train, step=5)
    again = TrainWidget(viewer)
    qtbot.addWidget(again)
    settle(qtbot, again)
    assert again.stop_button.isEnabled()
    assert len(again.curves.plots["segmentation"].series["seg"]) == 5
    again.stop_button.click()
    wait_for(qtbot, lambda: job.state == "ended")
    settle(qtbot, again)
    settle(qtbot, train)
    assert "Stopped" in again.status.line.text()


def test_closing_the_window_neither_hangs_nor_ends_the_run(train, qtbot, fake, viewer):
    fake("wait")
    begin(qtbot, train, step=5)
    run = train.session.selected_run
    settle(qtbot, train)
    viewer.close()
    qtbot.wait(500)
    pid = int(run.owner()["pid"])
    assert run.state() == "running"
    os.kill(pid, signal.SIGKILL)
    wait_for(qtbot, lambda: run.owner() is None)


def test_it_fits_350_pixels(train, viewer):
    viewer.window.resize(1200, 900)
    scroll = train.findChild(QScrollArea)
    page = scroll.widget()
    train.experiment.settings.unfold()
    train.experiment.advanced.unfold()
    assert page.minimumSizeHint().width() <= 330


def test_a_new_theme_reaches_the_plots(train, viewer):
    train.curves.add([ev.Validation(run="r", step=1, scores={"a": 1.0})])
    viewer.theme = "light"
    ground = train.curves.plots["scores"]._canvas.backgroundBrush().color()
    assert ground.lightness() > 128


def test_one_session_serves_the_widget(train, viewer):
    assert train.session is Session.of(viewer)


SAME = """
import sys, torch
one, two = (torch.load(p, map_location="cpu", weights_only=True) for p in sys.argv[1:])
assert one["step"] == two["step"]
for part in ("networks", "average"):
    assert one[part].keys() == two[part].keys()
    for net in one[part]:
        for name, tensor in one[part][net].items():
            assert torch.equal(tensor, two[part][net][name]), (part, net, name)
print("equal")
"""


def test_interrupted_and_uninterrupted_training_are_bit_identical(train, qtbot):
    train.experiment.form.change(TINY | {"steps": 300})
    train.experiment.training.change(
        {"threads": 1, "log_every": 5, "validate_every": 50, "preview_every": 50}
    )
    straight = prepared_run(train, "straight")
    method, training = train.experiment.value()
    experiment = straight.experiment()
    changes = {"method": method, "training": training}
    experiment.model_copy(update=changes).save(straight.experiment_file)

    job = begin(qtbot, train, step=10)
    run = train.session.selected_run
    train.pause_button.click()
    wait_for(qtbot, lambda: job.state == "paused")
    train.pause_button.click()
    wait_for(qtbot, lambda: job.state == "running")
    train.stop_button.click()
    wait_for_the_end(qtbot, train)
    assert run.state() == "stopped", train.status.messages.text()
    stopped_at = run.history()[-1].step
    assert 10 <= stopped_at < 300
    train.resume(run)
    wait_for_the_end(qtbot, train)
    assert run.state() == "finished", run.log_tail()

    command = [sys.executable, "-m", "napari_uda", "train", "--resume"]
    subprocess.run([*command, str(straight.path)], check=True, capture_output=True)
    files = [str(one.checkpoints / "last.pt") for one in (run, straight)]
    answer = subprocess.run(
        [sys.executable, "-c", SAME, *files], capture_output=True, text=True
    )
    assert answer.stdout.strip() == "equal", answer.stderr
