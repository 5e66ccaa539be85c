"""Which run the progress, Pause and Stop at the foot of the Train tab are for."""

from __future__ import annotations

import pytest

from train_window import begin, open_train, prepared_run, settle, wait_for_the_end

pytestmark = pytest.mark.usefixtures("own_settings")


@pytest.fixture
def train(make_napari_viewer, qtbot, pair):
    widget = open_train(make_napari_viewer(show=True), qtbot, pair)
    yield widget
    settle(qtbot, widget)


def test_the_foot_names_the_run_that_trains_while_another_is_shown(train, qtbot, fake):
    fake("wait")
    other = prepared_run(train)
    job = begin(qtbot, train, step=5)
    settle(qtbot, train)
    line = train.footer.elsewhere
    assert line.isHidden()
    assert "_grl_01" not in train.stop_button.toolTip()
    assert train.footer.isAncestorOf(train.stop_button)
    assert not train.status.isAncestorOf(train.status.progress)

    train.session.selected_run = other
    settle(qtbot, train)
    assert not line.isHidden()
    train.footer.setFixedWidth(600)
    qtbot.waitUntil(lambda: train.footer.width() == 600)
    assert line.text() == f"training: {job.run.id}, step 5 / 20"
    assert train.pause_button.toolTip().startswith(f"{job.run.id}: ")
    assert train.stop_button.toolTip().startswith(f"{job.run.id}: ")
    # The progress is that of the run on display, and stands below its name.
    assert train.status.isAncestorOf(train.status.progress)

    train.footer.setFixedWidth(260)
    qtbot.waitUntil(lambda: train.footer.width() == 260)
    assert "\N{HORIZONTAL ELLIPSIS}" in line.text()
    assert line.text().endswith("step 5 / 20")

    line.click()
    settle(qtbot, train)
    assert train.session.selected_run.path == job.run.path
    assert line.isHidden()
    assert not train.status.isAncestorOf(train.status.progress)
    train.stop_button.click()
    wait_for_the_end(qtbot, train)


def test_the_foot_lets_go_of_a_run_that_has_ended(train, qtbot, fake):
    fake("wait")
    other = prepared_run(train)
    begin(qtbot, train, step=5)
    train.session.selected_run = other
    settle(qtbot, train)
    train.stop_button.click()
    wait_for_the_end(qtbot, train)
    assert train.footer.elsewhere.isHidden()
    assert train.stop_button.toolTip() == "No run is under way."
    assert not train.status.isAncestorOf(train.status.progress)


def test_the_line_of_the_queue_keeps_its_place_once_it_was_there(train, qtbot):
    foot = train.footer
    foot.enable(False, "", [])
    before = foot.sizeHint().height()
    foot.enable(False, "", ["a", "b"])
    waiting = foot.sizeHint().height()
    foot.enable(False, "", [])
    assert foot.queue.isHidden()
    assert before < waiting == foot.sizeHint().height()
