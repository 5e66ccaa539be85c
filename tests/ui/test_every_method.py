"""Every method is started, paused, stopped, resumed and used from the window."""

from __future__ import annotations

import time
from importlib import import_module

import numpy as np
import pytest
import tifffile

from napari_uda.core.spec.methods import METHODS
from napari_uda.ui.choice import DomainChoice
from napari_uda.ui.predict_widget import PredictWidget
from napari_uda.ui.session import role_of
from napari_uda.ui.train_widget import TrainWidget
from train_window import settle

pytestmark = pytest.mark.usefixtures("own_settings")

STEPS = 40
CASES = [*((name, 2) for name in METHODS), ("ada", 3), ("cycle_shape", 3)]
"""Methods and dimensions; those whose paper is about volumes in 3D as well."""


@pytest.fixture
def slow(monkeypatch):
    """Steps that take long enough to press Pause in between; call it to end that."""
    from napari_uda.core.engine.trainer import Trainer  # not before Qt

    step = Trainer._one_step

    def slow_step(self):
        time.sleep(0.05)
        step(self)

    monkeypatch.setattr(Trainer, "_one_step", slow_step)
    return lambda: monkeypatch.setattr(Trainer, "_one_step", step)


@pytest.mark.parametrize(("name", "dims"), CASES)
def test_train_pause_stop_resume_and_predict(
    name, dims, make_napari_viewer, qtbot, pair, slow, smallest, timeout_ms
):
    def until(condition):
        qtbot.waitUntil(condition, timeout=timeout_ms)

    if dims == 3:
        for file in pair.glob("*/*/a.tif"):
            tifffile.imwrite(file, np.stack([tifffile.imread(file)[:40, :36]] * 9))
    if METHODS[name].target_labels == "required":
        (pair / "target/dataset.yaml").write_text("labels_role: train\n")
    viewer = make_napari_viewer()
    widget = TrainWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Train", area="right")
    for domain in ("source", "target"):
        widget.session.choose(domain, DomainChoice(folder=pair / domain))
    widget.session.set_problem("")
    settle(qtbot, widget)
    panel = widget.experiment
    panel.method.setCurrentIndex(panel.method.findData(name))
    panel.inside.setCurrentIndex(panel.inside.findData("thread"))
    panel.form.change(smallest(name, dims) | {"steps": STEPS})
    panel.training.change(
        {"threads": 1, "device": "cpu", "precision": "float32", "log_every": 1,
         "validate_every": 20, "preview_every": 20}
    )  # fmt: skip

    widget.start_button.click()
    until(lambda: widget.session.job is not None)
    job = widget.session.job
    until(lambda: job.step >= 2 and widget.pause_button.isEnabled())
    widget.pause_button.click()
    until(lambda: job.state == "paused" or widget.session.job is None)
    assert job.state == "paused", (job.step, job.run.history()[-2:])
    assert job.step < STEPS
    widget.pause_button.click()
    until(lambda: job.state == "running")
    widget.stop_button.click()
    until(lambda: widget.session.job is None)
    settle(qtbot, widget)
    run = widget.session.selected_run
    assert run.state() == "stopped", widget.status.messages.text()
    slow()
    widget.resume(run)
    until(lambda: widget.session.job is None)
    settle(qtbot, widget)
    assert run.state() == "finished", run.log_tail()

    kind = import_module(f"napari_uda.core.methods.{name}").METHOD
    expected = {"source", "source_prediction", "target", "target_prediction"}
    expected |= {f"to_{look}" for look in kind.translates}
    assert expected <= set(widget.previews.layers())
    plotted = {key for plot in widget.curves.plots.values() for key in plot.series}
    assert {key for keys in kind.losses.values() for key in keys} <= plotted

    image = viewer.add_image(tifffile.imread(pair / "target/images/a.tif"), name="new")
    predict = PredictWidget(viewer)
    qtbot.addWidget(predict)
    until(lambda: predict.run.count() == 1)
    assert predict.inputs.uses_files()  # those of the target folder
    predict.inputs.origin.setCurrentIndex(0)
    predict.inputs.image.setLayer(image)
    until(predict.predict.isEnabled)
    predict.predict.click()
    until(lambda: not predict._work.busy)
    (mask,) = [one for one in viewer.layers if role_of(one) == "prediction"]
    assert mask.data.shape == image.data.shape, predict.message.text()
    assert run.experiment().method.dims == mask.data.ndim == dims
