"""Which run the progress, Pause and Stop at the foot of the Train tab are for."""

from __future__ import annotations

import pytest

from train_window import (
    begin,
    open_train,
    prepared_run,
    settle,
    wait_for,
    wait_for_the_end,
)

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


def test_a_new_run_is_called_by_its_title_everywhere(train, qtbot, fake):
    fake("wait")
    train.experiment.run_name.setText("EM: my run")
    train.start_button.click()
    assert train.status.title.text() == "EM: my run"
    wait_for(qtbot, lambda: train.session.job is not None)
    run = train.session.job.run
    assert (run.id, run.title) == ("EM-my-run", "EM: my run")
    wait_for(qtbot, lambda: train.session.job.step >= 5)
    settle(qtbot, train)
    other = prepared_run(train)
    other.rename("Another")
    train.queue(other)
    train.run_list.refresh()
    settle(qtbot, train)
    assert train.footer.queue.text().endswith("Another")
    train.session.selected_run = other
    settle(qtbot, train)
    assert train.stop_button.toolTip().startswith("EM: my run: ")
    train.stop_button.click()
    wait_for_the_end(qtbot, train)


def test_the_buttons_are_equally_wide_whatever_they_say(train, qtbot):
    foot = train.footer
    buttons = foot.start, foot.pause, foot.stop
    for text in ("Start", "Add to queue and more"):
        foot.start.setText(text)
        qtbot.wait(30)
        widths = [one.width() for one in buttons]
        assert max(widths) - min(widths) <= 1


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
