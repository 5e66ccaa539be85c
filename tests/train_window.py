"""What the tests of the Train tab share."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QMessageBox

from napari_uda.core.spec.domain import Dataset
from napari_uda.core.spec.experiment import Experiment
from napari_uda.core.spec.run import RunFolder
from napari_uda.ui.choice import DomainChoice
from napari_uda.ui.train_widget import TrainWidget

FAKE = str(Path(__file__).parent / "ui" / "fake_trainer.py")
TINY = {
    "steps": 150, "batch_size": 2, "patch_size": 32, "width": 4, "levels": 2,
    "domain_width": 4, "domain_depth": 2,
}  # fmt: skip


def answer(words, seen):
    """Click the button with these words as soon as the question is there."""

    def click():
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(50, click)
            return
        seen.append(box.text())
        next(b for b in box.buttons() if words in b.text()).click()

    QTimer.singleShot(50, click)


def settle(qtbot, widget):
    """Wait until nothing reads or shows anything any more."""

    def quiet():
        workers = (
            widget._opener, widget.run_list._reader, widget.previews._worker,
            widget.experiment._fitter, widget.rival.reader,
        )  # fmt: skip
        return not any(workers) and not widget.outcome.busy

    qtbot.waitUntil(quiet, timeout=15_000)
    qtbot.wait(50)


def wait_for(qtbot, condition, timeout=60_000):
    qtbot.waitUntil(condition, timeout=timeout)


def begin(qtbot, widget, step=1):
    """Press Start and wait until the run has made some steps."""
    widget.start_button.click()
    wait_for(qtbot, lambda: widget.session.job is not None)
    job = widget.session.job
    wait_for(qtbot, lambda: job.step >= step)
    return job


def wait_for_the_end(qtbot, widget):
    wait_for(qtbot, lambda: widget.session.job is None)
    settle(qtbot, widget)


def prepared_run(widget, name="earlier", **changes):
    """Make a run folder without the window."""
    sources = [widget.session.choices[d].folder for d in ("source", "target")]
    data = Dataset.from_folders(*sources)
    run = RunFolder(widget.session.runs_folder / name)
    run.create(Experiment.preset("grl", "quick", data, name=name, **changes))
    return run


def select(qtbot, widget, name):
    widget.run_list.refresh()
    settle(qtbot, widget)
    found = widget.run_list.tree.findItems(name, Qt.MatchFlag.MatchExactly)
    widget.run_list.tree.setCurrentItem(found[0])


def row(widget):
    """Return state, step and Dice that the list shows of its only run."""
    item = widget.run_list.tree.topLevelItem(0)
    return tuple(item.text(column) for column in (1, 2, 3))


def open_train(viewer, qtbot, pair):
    """Open a Train tab with both domains chosen."""
    widget = TrainWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Train", area="right")
    for name in ("source", "target"):
        widget.session.choose(name, DomainChoice(folder=pair / name))
    widget.session.set_problem("")
    widget.experiment.choose_method("grl")
    settle(qtbot, widget)
    return widget


def train_here(widget, method="grl", **changes):
    """Let the next run train for real, as small as can be, inside this process."""
    panel = widget.experiment
    panel.choose_method(method)
    panel.inside.setCurrentIndex(panel.inside.findData("thread"))
    panel.form.change(TINY | changes)
    panel.training.change(
        {"threads": 1, "device": "cpu", "precision": "float32", "log_every": 1,
         "validate_every": 1000, "preview_every": 1000, "checkpoint_every": 5}
    )  # fmt: skip
