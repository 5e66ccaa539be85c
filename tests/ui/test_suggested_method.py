"""Which method the Train tab proposes."""

from __future__ import annotations

import pytest

from napari_uda.core.spec import events as ev
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui.session import Session
from napari_uda.ui.train_widget import TrainWidget
from train_window import settle

pytestmark = pytest.mark.usefixtures("own_settings")


def add_run(folder, method, ends):
    """Make a run that has begun, and perhaps ended."""
    run = RunFolder(folder / f"{method}_01")
    run.path.mkdir(parents=True)
    run.experiment_file.write_text("")
    run.append(
        ev.Started(
            run=run.id, step=0, method=method, steps=9, device="d", precision="p",
            loss_groups={},
        )
    )  # fmt: skip
    if ends:
        run.append(ev.Stopped(run=run.id, step=5))


@pytest.fixture
def make_train(make_napari_viewer, qtbot):
    """Return a function that opens a Train tab, and the folder of its runs."""
    viewer = make_napari_viewer()

    def make():
        widget = TrainWidget(viewer)
        qtbot.addWidget(widget)
        settle(qtbot, widget)
        return widget

    return make, Session.of(viewer).runs_folder


def test_the_baseline_is_proposed_until_there_is_one(make_train, qtbot):
    make, folder = make_train
    add_run(folder, "grl", ends=True)
    add_run(folder, "source_only", ends=False)  # was interrupted
    train = make()
    assert train.experiment.method.currentData() == "source_only"
    RunFolder(folder / "source_only_01").append(
        ev.Finished(run="source_only_01", step=9, seconds=1.0)
    )
    train.session.runs_changed.emit()
    settle(qtbot, train)
    assert train.experiment.method.currentData() == "grl"
    assert "_grl_" in train.experiment.name.title


@pytest.mark.parametrize("name", ["source_only", "cyclegan"])
def test_what_was_chosen_stays(make_train, qtbot, name):
    make, folder = make_train
    train = make()
    train.experiment.choose_method(name)
    add_run(folder, "source_only", ends=True)
    train.session.runs_changed.emit()
    settle(qtbot, train)
    assert train.experiment.method.currentData() == name


def test_changed_settings_stay(make_train, qtbot):
    make, folder = make_train
    train = make()
    train.experiment.form.change({"steps": 7})
    add_run(folder, "source_only", ends=True)
    train.session.runs_changed.emit()
    settle(qtbot, train)
    assert train.experiment.method.currentData() == "source_only"
    assert train.experiment.form.changed() == {"steps": 7}
